// The floor of `make bench`: no Worker that keeps what it is sent can do less than this.
// It reads the body, calls a Durable Object, commits one row, and answers.

import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers';

export class Inbox extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, document BLOB NOT NULL)');
  }

  push(document) {
    this.ctx.storage.sql.exec('INSERT INTO events (document) VALUES (?)', document);
  }
}

export default class extends WorkerEntrypoint {
  async fetch(request) {
    const document = await request.arrayBuffer();
    await this.env.INBOX.getByName('acme').push(document);
    return new Response('stored\n');
  }
}
