// The Durable Objects as the runtime sees them. It calls methods only of classes that extend its own, which a class in
// WebAssembly cannot, so each of these stands before the one of Rust.

import { DurableObject } from "cloudflare:workers";
import { Inbox as RustInbox, Recovery as RustRecovery } from "./worker.js";

// After so many notifications that came alone, only one commit in as many is watched: to be told of its end costs a
// twentieth of an ingest.
const ALONE = 8;

export class Inbox extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.inbox = new RustInbox(state, env);
    this.isCommitting = false;
    this.waiting = [];
    this.alone = 0;
    this.unwatched = 0;
  }

  // One that comes alone is committed at once. Those that come while a commit is under way share the next one. Each
  // is a statement of its own, so that one that fails takes no other with it; and none is answered before its commit,
  // since the runtime holds back what leaves an object until all that it wrote is stored.
  push(facts, document) {
    if (this.isCommitting) {
      return new Promise((resolve, reject) => this.waiting.push({ facts, document, resolve, reject }));
    }
    const receipt = this.inbox.push(facts, document);
    this.commit();
    return receipt;
  }

  commit() {
    if (this.alone === ALONE && ++this.unwatched < ALONE) return;
    this.unwatched = 0;
    this.isCommitting = true;
    const next = () => this.pushWaiting();
    this.ctx.storage.sync().then(next, next);
  }

  pushWaiting() {
    const group = this.waiting;
    this.isCommitting = false;
    this.alone = group.length === 0 ? Math.min(this.alone + 1, ALONE) : 0;
    if (group.length === 0) return;
    this.waiting = [];
    for (const { facts, document, resolve, reject } of group) {
      try {
        resolve(this.inbox.push(facts, document));
      } catch (error) {
        reject(error);
      }
    }
    this.commit();
  }

  // A listener of the live tail. The runtime keeps the socket, and answers its pings, while this object is out of
  // memory.
  fetch() {
    const refusal = this.inbox.refuseListener();
    if (refusal !== undefined) return refusal;
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    return new Response(null, { status: 101, webSocket: client });
  }

  // A listener has nothing to say, and one that has gone is noticed at the next ring.
  webSocketMessage() {}
  webSocketClose() {}
  webSocketError() {}

  ask(message) {
    return this.inbox.ask(message);
  }

  alarm(info) {
    return this.inbox.wake(info?.isRetry ?? false);
  }
}

export class Recovery extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.recovery = new RustRecovery(state, env);
  }

  ask(message) {
    return this.recovery.ask(message);
  }

  alarm() {
    return this.recovery.wake();
  }
}
