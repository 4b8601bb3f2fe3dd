// Reads recorded deliveries with the SDKs for JavaScript: JSON in on stdin, JSON out on stdout. tests/e2e/sdks.rs
// compares. Each delivery is {secret, headers, body}, with the body as base64.
import { text } from "node:stream/consumers";

import { HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";

const attempt = (act) => {
  try {
    return act();
  } catch (error) {
    return { error: String(error) };
  }
};

const read = ({ secret, headers, body }) => {
  const bytes = Buffer.from(body, "base64");
  const payload = bytes.toString("utf8");
  return {
    verified: attempt(() => new Webhook(secret).verify(bytes, headers, { jsonParse: false }) ?? true),
    event: attempt(() => HTTP.toEvent({ headers, body: payload }).toJSON()),
  };
};

console.log(JSON.stringify(JSON.parse(await text(process.stdin)).map(read)));
