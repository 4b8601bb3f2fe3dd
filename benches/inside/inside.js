// What only the inside of the runtime knows of our Worker: the rows that its inbox reads and writes, and the size of
// its WebAssembly memory. `make bench` puts this module in front of the built one, which stays as it is.

import { memories } from './memory.js';
import * as product from './index.js';

/** As the platform bills them; an alarm that is set is one of the rows written. */
const counts = { read: 0, written: 0, alarms: 0 };
/** The cursors of the latest statements: their counts grow while rows are read. */
const latest = [];
const LATEST = 50;

export class Inbox extends product.Inbox {
  constructor(ctx, env) {
    watch(ctx.storage);
    super(ctx, env);
  }

  fetch() {
    count();
    return Response.json({ ...counts, wasm_bytes: Math.max(...memories.map((memory) => memory.buffer.byteLength)) });
  }
}

export const Recovery = product.Recovery;

export default {
  async fetch(request, env, context) {
    switch (new URL(request.url).pathname) {
      case '/inside/counts':
        return env.INBOX.getByName('acme').fetch('http://inside/');
      case '/inside/cron':
        await product.default.scheduled({ cron: '*/5 * * * *', scheduledTime: Date.now() }, env, context);
        return new Response('done\n');
      default:
        return product.default.fetch(request, env, context);
    }
  },
};

/** Counts what goes through this storage from now on. There is one inbox, hence one storage. */
function watch(storage) {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  sql.exec = (...statement) => {
    count();
    const cursor = exec(...statement);
    latest.push({ cursor, read: 0, written: 0 });
    if (latest.length > LATEST) latest.shift();
    return cursor;
  };
  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = (...when) => {
    counts.alarms += 1;
    counts.written += 1;
    return setAlarm(...when);
  };
}

/** Adds what the latest statements have read and written since the last time. */
function count() {
  for (const statement of latest) {
    const { rowsRead, rowsWritten } = statement.cursor;
    counts.read += rowsRead - statement.read;
    counts.written += rowsWritten - statement.written;
    Object.assign(statement, { read: rowsRead, written: rowsWritten });
  }
}
