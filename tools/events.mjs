// The events that `make dev` has stored in KV: `node tools/events.mjs` lists them, the newest last, and with an id, a
// part of one, or `last`, shows a whole event.
import { spawnSync } from "node:child_process";

const [id = ""] = process.argv.slice(2);

const wrangler = (...words) => {
  const [program, ...first] = process.env.WRANGLER.split(" ");
  const where = ["--binding", "EVENTS", "--local", "--preview", "false"];
  const ran = spawnSync(program, [...first, "kv", "key", ...words, ...where], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (ran.status !== 0) fail(ran.stderr || ran.error?.message);
  return ran.stdout;
};

const fail = (why) => {
  console.error(why);
  process.exit(1);
};

const events = JSON.parse(wrangler("list", "--prefix", "events/"))
  .map(({ name, metadata }) => ({ key: name, id: name.split("/").at(-1), ...metadata }))
  .sort((one, other) => (one.received < other.received ? -1 : 1));
if (events.length === 0) fail("There are no events yet. `make send` sends one to `make dev`.");

if (id === "") {
  const columns = events.map(({ id, type, action, object, account, time }) => [
    id,
    `${type}.${action}`,
    `${type}/${object}`,
    account ? `account ${account}` : "",
    time,
  ]);
  const width = (column) => Math.max(...columns.map((row) => row[column].length));
  for (const row of columns) {
    console.log(row.map((text, column) => text.padEnd(width(column))).join("  ").trimEnd());
  }
  console.log(`\nA whole event: make events ID=${events.at(-1).id}, or ID=last`);
} else {
  const found = id === "last" ? events.slice(-1) : events.filter((event) => event.id.includes(id));
  if (found.length === 0) fail(`No event's id has ${id} in it. \`make events\` lists them.`);
  if (found.length > 1) fail(`${found.length} events have ${id} in their id: write more of it.`);
  console.log(JSON.stringify(JSON.parse(wrangler("get", found[0].key)), null, 2));
}
