// The twin's inbox: an event and its deliveries in one commit, and the alarm that sends them.

import { DurableObject } from 'cloudflare:workers';

import { send } from './sender.js';
import { signer } from './secrets.js';

const DEDUP_WINDOW_MS = 1_800_000;
/** The waits after each failed attempt, in seconds: ours too. */
const SCHEDULE = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
const CONNECTIONS = 6;
const PAGE = 60;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, digest BLOB NOT NULL, received_at INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS events_by_digest ON events (digest);
  CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER NOT NULL, destination TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER,
    PRIMARY KEY (seq, destination)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (destination, next_at) WHERE state = 'waiting';
  CREATE TABLE IF NOT EXISTS attempts (
    seq INTEGER NOT NULL, destination TEXT NOT NULL, at INTEGER NOT NULL, ms INTEGER NOT NULL, outcome TEXT NOT NULL,
    status INTEGER);
  CREATE INDEX IF NOT EXISTS attempts_by_event ON attempts (seq);
  CREATE TABLE IF NOT EXISTS paused (destination TEXT PRIMARY KEY);`;

export class Inbox extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec(SCHEMA);
    this.seq = this.sql.exec('SELECT coalesce(max(seq), 0) AS seq FROM events').one().seq;
    this.paused = new Set(this.sql.exec('SELECT destination FROM paused').toArray().map((row) => row.destination));
    this.names = Object.keys(env.DESTINATIONS);
    this.signers = new Map();
  }

  /** Stores a notification, unless it repeats one. The writes have no `await` between them: they are one commit. */
  async push({ type, action, object, digest, base }) {
    const now = Date.now();
    const known = this.sql.exec(
      'SELECT id FROM events WHERE digest = ? AND received_at > ? LIMIT 1',
      digest,
      now - DEDUP_WINDOW_MS,
    );
    const { value: earlier } = known.next();
    if (earlier) return { id: earlier.id, status: 'duplicate' };

    const id = crypto.randomUUID();
    const seq = ++this.seq;
    const body = JSON.stringify({
      specversion: '1.0',
      id,
      source: `/sources/${this.ctx.id.name}`,
      type: `net.3scale.${type}.${action}`,
      subject: `${type}/${object.id}`,
      time: object.updated_at ?? new Date(now).toISOString(),
      sequence: String(seq).padStart(20, '0'),
      dataschema: `${base}/schemas/${type}.json`,
      datacontenttype: 'application/json',
      data: { type, action, object },
    });
    this.sql.exec('INSERT INTO events VALUES (?, ?, ?, ?, ?)', seq, id, digest, now, body);
    for (const name of this.names) {
      this.sql.exec("INSERT INTO deliveries VALUES (?, ?, 'waiting', 0, ?)", seq, name, now);
    }
    await this.wake(now);
    return { id, status: 'accepted' };
  }

  /** Sets the alarm, if there is none and somebody may be sent to. */
  async wake(at) {
    if (this.live().length > 0 && (await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(at);
    }
  }

  live() {
    return this.names.filter((name) => !this.paused.has(name));
  }

  async pause(destination, on) {
    if (on) {
      this.paused.add(destination);
      this.sql.exec('INSERT OR IGNORE INTO paused VALUES (?)', destination);
    } else {
      this.paused.delete(destination);
      this.sql.exec('DELETE FROM paused WHERE destination = ?', destination);
      await this.wake(Date.now());
    }
  }

  destinations() {
    const count = 'SELECT state, count(*) AS count FROM deliveries WHERE destination = ? GROUP BY state';
    return this.names.map((name) => ({
      name,
      paused: this.paused.has(name),
      ...Object.fromEntries(this.sql.exec(count, name).toArray().map((row) => [row.state, row.count])),
    }));
  }

  /** Sends what is due, so many at once, until nothing is; then sleeps until the next attempt. */
  async alarm() {
    for (let due = this.due(); due.length > 0; due = this.due()) {
      const one = async () => {
        for (let delivery = due.pop(); delivery; delivery = due.pop()) await this.attempt(delivery);
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, one));
    }
    const next = this.live()
      .map((name) => this.sql.exec("SELECT min(next_at) AS at FROM deliveries WHERE destination = ? AND state = 'waiting'", name).one().at)
      .filter((at) => at !== null);
    if (next.length > 0) await this.ctx.storage.setAlarm(Math.min(...next));
  }

  /** A page of the deliveries that are due, the last to be sent first. */
  due() {
    const query = `SELECT d.seq, d.destination, d.attempts, e.id, e.body FROM deliveries d JOIN events e USING (seq)
      WHERE d.destination = ? AND d.state = 'waiting' AND d.next_at <= ? ORDER BY d.next_at LIMIT ?`;
    return this.live()
      .flatMap((name) => this.sql.exec(query, name, Date.now(), PAGE).toArray())
      .sort((one, other) => other.seq - one.seq);
  }

  async attempt({ seq, destination, attempts, id, body }) {
    const at = Date.now();
    const { outcome, status } = await send(this.env.DESTINATIONS[destination], await this.signer(destination), id, body);
    const ms = Date.now() - at;
    const wait = SCHEDULE[attempts];
    const [state, next] =
      outcome === 'delivered' ? ['delivered', null] : wait === undefined ? ['dead', null] : ['waiting', Date.now() + wait * 1000];
    this.sql.exec(
      'UPDATE deliveries SET state = ?, attempts = ?, next_at = ? WHERE seq = ? AND destination = ?',
      state,
      attempts + 1,
      next,
      seq,
      destination,
    );
    this.sql.exec('INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?)', seq, destination, at, ms, outcome, status);
    console.log(JSON.stringify({ destination, id, attempt: attempts + 1, outcome, status, ms }));
  }

  async signer(destination) {
    if (!this.signers.has(destination)) {
      this.signers.set(destination, await signer(this.env[`DESTINATION_${destination.toUpperCase()}_SIGNING_SECRET`]));
    }
    return this.signers.get(destination);
  }
}
