// What the runtime calls, and where WebAssembly waits: around the Worker that worker-build made of the Rust code.

import Worker from "./worker.js";
import { callHook } from "./hook.js";
import { callTail } from "./tail.js";

export { Inbox, Recovery } from "./objects.js";

// One entry for all requests of an isolate: worker-build makes a new one with proxies of its own for each. Its methods
// read `this.env`.
let entry;
const entryOf = (env, context) => {
  if (entry === undefined) {
    const { fetch, scheduled, beginHookCall, admitTail, tailUnavailable, rethrow } = new Worker(context, env);
    entry = { fetch, scheduled, beginHookCall, admitTail, tailUnavailable, rethrow, env };
  }
  return entry;
};

// A request for a WebSocket. Without `Upgrade`, it is one as any other, and is told what is missing.
const wantsTail = ({ url, headers }) => url.includes("/api/v1/tail") && headers.has("upgrade");

export default {
  fetch(request, env, context) {
    const entry = entryOf(env, context);
    if (request.url.includes("/hooks/")) return callHook(entry, request);
    return wantsTail(request) ? callTail(entry, request) : entry.fetch(request);
  },
  scheduled: (event, env, context) => entryOf(env, context).scheduled(event),
};
