// A team of Cloudflare Access: makes its key, and assertions that it signs. JSON in on stdin, JSON out on stdout: the
// claims of each assertion, with the id of the key that the assertion names; the list of keys, and the assertions. An
// assertion that is `forged` is signed with a key that the list does not have.
import { createSign, generateKeyPairSync } from "node:crypto";
import { text } from "node:stream/consumers";

const newKey = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

const own = newKey();
const another = newKey();

const assertion = ({ kid, claims, forged }) => {
  const signed = `${base64url({ alg: "RS256", kid, typ: "JWT" })}.${base64url(claims)}`;
  const { privateKey } = forged ? another : own;
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`;
};

const key = { ...own.publicKey.export({ format: "jwk" }), kid: "key-1", alg: "RS256", use: "sig" };
const assertions = JSON.parse(await text(process.stdin)).map(assertion);
console.log(JSON.stringify({ keys: { keys: [key], public_cert: {}, public_certs: [] }, assertions }));
