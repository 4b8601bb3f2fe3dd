// An origin service in JavaScript: verifies the deliveries of threescale-edge, drops repeats, stores each event.
//
//   npm install standardwebhooks cloudevents
//   ORIGIN_SECRETS=whsec_… node origin.mjs [PORT] [FILE]
//
// Several secrets, separated by spaces, may be valid at once during a rotation.
import { existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";

import { HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";

const [port = 9000, file = "events.jsonl"] = process.argv.slice(2);
const webhooks = (process.env.ORIGIN_SECRETS ?? "").split(/\s+/).filter(Boolean).map((secret) => new Webhook(secret));
if (webhooks.length === 0) throw new Error("ORIGIN_SECRETS is not set");

// The store: a line for each event. A real origin has a database, and stores the id beside what the event changes.
const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
const seen = new Set(lines.map((line) => JSON.parse(line).id));
const store = openSync(file, "a");

// The signature covers the exact bytes: verify first, parse afterwards.
const verify = (body, headers) =>
  webhooks.some((webhook) => {
    try {
      webhook.verify(body, headers, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  });

const receive = async (request) => {
  const body = await buffer(request);
  if (!verify(body, request.headers)) {
    console.error("refused: no valid signature");
    return 401;
  }
  let event;
  try {
    event = HTTP.toEvent({ headers: request.headers, body: body.toString() });
    event.validate();
  } catch (error) {
    console.error(`refused: ${error.message}`);
    return 400;
  }
  // A repeat is a success too: the sender only needs to know that the event has arrived.
  const id = request.headers["webhook-id"];
  if (seen.has(id)) {
    console.error(`${id} again: dropped`);
    return 204;
  }
  const line = JSON.stringify(event);
  writeSync(store, `${line}\n`);
  fsyncSync(store);
  seen.add(id);
  console.log(line);
  // Stored, so that it may be answered. What takes longer is done afterwards, from the store.
  return 204;
};

const server = createServer(async (request, response) => {
  try {
    response.writeHead(await receive(request)).end();
  } catch (error) {
    // Not stored: threescale-edge tries again.
    console.error(`failed: ${error.message}`);
    response.writeHead(500).end();
  }
});
server.listen(Number(port), "127.0.0.1", () => console.log(`origin listens on http://127.0.0.1:${port}`));
