// The secrets of production: made here, uploaded once, and kept in a file that neither git nor wrangler picks up.
import { randomBytes } from "node:crypto";
import { appendFileSync, chmodSync } from "node:fs";
import { readVars } from "./project.mjs";
import { Trouble, ask, isInteractive } from "./say.mjs";

export const KEPT = ".secrets.production";

const REMEDY = "put it into the environment of this command, or into the form of the deploy button";

const make = {
  hex: () => randomBytes(24).toString("hex"),
  signing: () => `whsec_${randomBytes(32).toString("base64")}`,
};

// What we know of production's secrets: from the environment, else from the file.
export function known() {
  const kept = readVars(KEPT);
  return (name) => process.env[name] || kept[name];
}

// The values to upload, by name, of what `needed` has and the Worker (`has`, a list of names) has not.
export async function collect(needed, has, options) {
  const values = {};
  const value = known();
  const made = [];
  for (const { name, made: how, purpose } of needed) {
    // One that is there may hold several values, of which we know one: `wrangler secret put` replaces it.
    if (has.includes(name)) continue;
    values[name] = value(name);
    if (values[name]) continue;
    // What is made on a build machine is lost with it.
    const isLost = process.env.CI && !options.yes;
    if (how !== null && !isLost) {
      values[name] = make[how]();
      made.push({ name, purpose });
    } else if (isInteractive(options)) {
      values[name] = await ask(`${purpose} (${name}): `);
    }
    if (!values[name]) throw new Trouble(`${name} is missing, ${purpose}: ${REMEDY}`);
  }
  keep(made, values);
  return { values, made };
}

// Before the upload: if it fails, the next one has the same.
function keep(made, values) {
  if (made.length === 0) return;
  const lines = made.map(({ name, purpose }) => `# ${purpose}\n${name}="${values[name]}"\n`);
  appendFileSync(KEPT, lines.join(""), { mode: 0o600 });
  chmodSync(KEPT, 0o600);
}
