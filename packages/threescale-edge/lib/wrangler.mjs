// Runs the project's wrangler.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findWrangler } from "./project.mjs";
import { Trouble, how } from "./say.mjs";

const environment = (more = {}) => ({ ...process.env, WRANGLER_SEND_METRICS: "false", ...more });

// Its output, and whether it succeeded. It asks nothing.
export function ask(...words) {
  const { script } = findWrangler();
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [script, ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: environment({ CI: "1", NO_COLOR: "1", FORCE_COLOR: "0" }),
  });
  if (error) throw error;
  return { succeeded: status === 0, stdout, stderr };
}

// Who is logged in: `{ loggedIn, email, accounts }`.
export function whoAmI() {
  const { stdout, stderr } = ask("whoami", "--json");
  try {
    return JSON.parse(stdout.slice(stdout.indexOf("{")));
  } catch {
    return { loggedIn: false, why: (stderr || stdout).trim() };
  }
}

// The names of the secrets that the Worker has; `undefined` if there is no such Worker yet.
export function secretNames() {
  const { succeeded, stdout, stderr } = ask("secret", "list", "--format", "json");
  if (succeeded) return JSON.parse(stdout.slice(stdout.indexOf("["))).map(({ name }) => name);
  const said = `${stdout}\n${stderr}`;
  if (/Worker ".*" not found|code: 10007/.test(said)) return undefined;
  throw new Trouble(`Cloudflare does not list the Worker's secrets:\n${said.trim()}`);
}

// Uploads the Worker and these secrets at once; those that it has stay. Returns `{ versionId, url }`.
export function deploy(secrets) {
  const folder = mkdtempSync(join(tmpdir(), "threescale-edge-"));
  const [file, output] = [join(folder, "secrets.json"), join(folder, "output")];
  try {
    const words = ["deploy"];
    if (Object.keys(secrets).length > 0) {
      // JSON: in the other format wrangler would replace `$NAME` by what the environment has.
      writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
      words.push("--secrets-file", file);
    }
    const { status } = spawnSync(process.execPath, [findWrangler().script, ...words], {
      stdio: "inherit",
      env: environment({ WRANGLER_OUTPUT_FILE_PATH: output }),
    });
    if (status !== 0) throw new Trouble(`wrangler has not deployed it: see above. \`${how("doctor")}\` may know why`);
    const lines = readFileSync(output, "utf8").trim().split("\n").map((line) => JSON.parse(line));
    const { version_id: versionId, targets = [] } = lines.find(({ type }) => type === "deploy") ?? {};
    const address = targets?.find((target) => !target.includes("*") && !target.startsWith("schedule:"));
    return { versionId, url: address && new URL(/^https?:/.test(address) ? address : `https://${address}`).origin };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// `wrangler dev`, which goes on until it is ended.
export function startDev(port) {
  const words = ["dev", "--port", String(port), "--show-interactive-dev-session=false"];
  return spawn(process.execPath, [findWrangler().script, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
    // Nothing of this needs Cloudflare.
    env: environment({ CI: "1", CLOUDFLARE_CF_FETCH_ENABLED: "false" }),
  });
}
