// A call of a source's hook: what takes time, which is reading the body and calling the inbox. `HookCall`, in Rust,
// decides everything. A future of Rust's would cost as much here as checking, parsing and hashing do together.

export async function callHook(entry, request) {
  const { url, method, headers } = request;
  const call = entry.beginHookCall(
    entry.env,
    url,
    method,
    headers.get("content-type"),
    headers.get("content-encoding"),
    headers.get("content-length"),
  );
  if (call === undefined) return entry.fetch(request);
  try {
    let body;
    try {
      // At once where its length is announced, which the runtime holds it to: it is handed over as it came.
      if (call.isAnnounced()) body = await request.arrayBuffer();
      else if (call.readsBody()) await readChunks(call, request);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      call.breakOff();
    }
    const inbox = call.parse(body && new Uint8Array(body));
    if (inbox === undefined) return call.answer();
    return call.answer(await handOver(entry.env.INBOX.getByName(inbox), call, body));
  } catch (error) {
    // worker-build's wrapper of `rethrow` sees it, and starts WebAssembly anew for the next call.
    if (error instanceof WebAssembly.RuntimeError) return entry.rethrow(error);
    return call.unavailable(String(error));
  }
}

// Reads a body chunk by chunk, until it is longer than it may be.
async function readChunks(call, request) {
  for await (const chunk of request.body ?? []) {
    if (!call.read(chunk)) break;
  }
}

// Hands over what was parsed, the body that could not be, or that 3scale's Ping! came.
function handOver(inbox, call, body) {
  const facts = call.facts();
  return facts === undefined ? inbox.ask(call.message()) : inbox.push(facts, call.document() ?? body);
}
