// One exchange with a destination over HTTP: what takes time, which is the answer and the beginning of its body. Rust
// composes the request and decides what the answer means. A future of Rust's costs more here than the exchange itself.

/** How long to wait for a body once the status, which alone decides, is known, in milliseconds. */
const PATIENCE_MS = 1000;

/**
 * Sends a POST that follows no redirect, to a URL or through a service binding. `headers` are lines: a name, its value,
 * and so on. Resolves with the status, `Retry-After`, Cloudflare's own kind of error and the beginning of the body; with
 * `undefined` if the runtime does not take the URL or a header. Rejects if no answer comes.
 */
export async function exchange(env, binding, url, headers, body, timeoutMs, most) {
  const controller = new AbortController();
  const { signal } = controller;
  const init = { method: "POST", headers: recordOf(headers), body, redirect: "manual", signal };
  const late = () => controller.abort(new DOMException("no answer in time", "TimeoutError"));
  // A timer that is not cleared would keep the inbox awake, and billed, for the rest of its time after each answer.
  const timer = setTimeout(late, timeoutMs);
  let response;
  try {
    response = await (binding === undefined ? fetch(url, init) : env[binding].fetch(url, init));
  } catch (error) {
    if (isRefused(url, init)) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
  const { status } = response;
  const retryAfter = response.headers.get("retry-after");
  const errorType = response.headers.get("cf-error-type");
  return [status, retryAfter, errorType, await beginningOf(response, most)];
}

// A failure of the runtime's to make a request looks like one to send it. Made beforehand, each would be copied.
function isRefused(url, init) {
  try {
    return !new Request(url, { ...init, signal: undefined });
  } catch {
    return true;
  }
}

// Of a name that comes twice, the last value counts.
function recordOf(lines) {
  const headers = Object.create(null);
  const parts = lines.split("\n");
  for (let i = 0; i + 1 < parts.length; i += 2) headers[parts[i].toLowerCase()] = parts[i + 1];
  return headers;
}

// The first bytes of a body; what comes after them is not awaited. Most answers have none: a reader for nothing would
// cost as much as the rest of this.
async function beginningOf(response, most) {
  if (response.headers.get("content-length") === "0") {
    // An empty body that claims to be compressed is an error to the runtime.
    await response.arrayBuffer().catch(() => {});
    return undefined;
  }
  if (response.body === null) return undefined;
  const reader = response.body.getReader();
  const giveUp = () => reader.cancel().catch(() => {});
  const timer = setTimeout(giveUp, PATIENCE_MS);
  const chunks = [];
  let length = 0;
  try {
    while (length < most) {
      const { done, value } = await reader.read();
      if (done) return joined(chunks, length);
      chunks.push(value);
      length += value.length;
    }
  } catch {
    // It broke off: what came of it is its beginning.
    return joined(chunks, length);
  } finally {
    clearTimeout(timer);
  }
  giveUp();
  return joined(chunks, length);
}

function joined(chunks, length) {
  if (chunks.length === 1) return chunks[0];
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
