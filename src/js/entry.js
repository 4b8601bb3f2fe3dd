// What the runtime calls, and where WebAssembly waits: around the Worker that worker-build made of the Rust code.

import Worker from "./worker.js";
import { callHook } from "./hook.js";

export { Inbox, Recovery } from "./objects.js";

// One entry for all requests of an isolate: worker-build makes a new one with proxies of its own for each. Its methods
// read `this.env`.
let entry;
const entryOf = (env, context) => {
  if (entry === undefined) {
    const { fetch, scheduled, beginHookCall, rethrow } = new Worker(context, env);
    entry = { fetch, scheduled, beginHookCall, rethrow, env };
  }
  return entry;
};

export default {
  fetch(request, env, context) {
    const entry = entryOf(env, context);
    return request.url.includes("/hooks/") ? callHook(entry, request) : entry.fetch(request);
  },
  scheduled: (event, env, context) => entryOf(env, context).scheduled(event),
};
