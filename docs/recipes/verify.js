// Verifies a delivery where there is no library of Standard Webhooks: as a step in Zapier ("Code by Zapier") or n8n
// ("Code"). Its argument has the headers `id`, `timestamp` and `signature`, the raw `body`, and the `secret`, `whsec_…`.
// Returns the event; throws if the signature is not valid, or is older than five minutes.
function verify({ id, timestamp, signature, body, secret }) {
  const { createHmac, timingSafeEqual } = require("crypto");
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) throw new Error("the timestamp is not of now");
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest();
  // During a rotation there are several, separated by spaces.
  const isOurs = signature.split(" ").some((one) => {
    const [version, value = ""] = one.split(",");
    const presented = Buffer.from(value, "base64");
    return version === "v1" && presented.length === expected.length && timingSafeEqual(presented, expected);
  });
  if (!isOurs) throw new Error("no valid signature");
  return JSON.parse(body);
}
