// Looks at everything between a laptop and 3scale, and says of each thing what to do.
import { existsSync } from "node:fs";
import { readDeployment } from "./deployment.mjs";
import { ACCESS, call, complaint, presented } from "./health.mjs";
import { VERSION, findWrangler, inspect, readIfThere } from "./project.mjs";
import { KEPT, known } from "./secrets.mjs";
import { how, howWrangler } from "./say.mjs";
import { secretNames, whoAmI } from "./wrangler.mjs";

// A check returns what is well; it throws what is not, with what to do, as a `Fault`, or as a `Hint` if it need not be.
class Fault extends Error {}
class Hint extends Error {}

const NODE_NEEDED = [22, 12];
const RECOVERY = "https://github.com/threescale-edge/threescale-edge/blob/main/docs/recovery.md";

export async function run(options) {
  const found = {};
  let faults = 0;
  for (const [name, check] of CHECKS) {
    try {
      const well = await check(found, options);
      if (well !== undefined) console.log(`ok       ${name}: ${well}`);
    } catch (error) {
      const isHint = error instanceof Hint;
      if (!isHint) faults += 1;
      console.log(`${isHint ? "look at " : "PROBLEM "} ${name}: ${error.message}`);
    }
  }
  console.log(faults === 0 ? "\nNothing is wrong." : `\n${faults} of these need you.`);
  return faults === 0 ? 0 : 1;
}

const CHECKS = [
  ["Node.js", node],
  ["wrangler", wrangler],
  ["threescale-edge", worker],
  ["wrangler.toml", configuration],
  [".dev.vars", devVars],
  ["Cloudflare", account],
  ["secrets", secrets],
  ["the Worker", health],
  ["hooks", hooks],
  ["3scale", threescale],
];

function node() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [needed, least] = NODE_NEEDED;
  if (major > needed || (major === needed && minor >= least)) return process.versions.node;
  throw new Fault(`${process.versions.node} is too old: install ${needed}.${least} or later, from https://nodejs.org`);
}

function wrangler() {
  const { version } = findWrangler();
  const pinned = JSON.parse(readIfThere("package.json") || "{}").devDependencies?.wrangler;
  if (pinned && /^\d/.test(pinned) && pinned !== version) {
    throw new Fault(`${version} is installed, package.json says ${pinned}: run npm install`);
  }
  return version;
}

function worker(found) {
  found.report = inspect("deploy");
  const { main } = found.report;
  if (!main || !existsSync(main)) throw new Fault(`main = "${main}" in wrangler.toml does not exist: run npm install`);
  const { commit } = JSON.parse(readIfThere(new URL("../build.json", import.meta.url)) || "{}");
  return `${VERSION}${commit ? `, built from ${commit.slice(0, 12)}` : ""}`;
}

function configuration({ report }) {
  if (!report) throw new Fault("cannot be read: see above");
  return judge(report);
}

function devVars() {
  if (!existsSync(".dev.vars")) throw new Hint("is not there: npm run dev has no secrets. Copy .dev.vars.example");
  const { mistakes, warnings } = inspect("dev");
  const isOfLaptop = ({ item }) => item === "ALLOW_LOCAL_TARGETS";
  return judge({ mistakes, warnings: warnings.filter((warning) => !isOfLaptop(warning)) });
}

function judge({ mistakes, warnings }) {
  const lines = (findings) => findings.map(({ item, problem }) => `\n           ${item} ${problem}`).join("");
  if (mistakes.length > 0) throw new Fault(`has mistakes:${lines(mistakes)}`);
  if (warnings.length > 0) throw new Hint(`works, but:${lines(warnings)}`);
  return "sound";
}

function account(found) {
  const { loggedIn, email, accounts = [], why } = whoAmI();
  if (!loggedIn) {
    throw new Fault(`not logged in: run ${howWrangler("login")}, or set CLOUDFLARE_API_TOKEN${why ? `\n           ${why}` : ""}`);
  }
  found.loggedIn = true;
  const chosen = process.env.CLOUDFLARE_ACCOUNT_ID || /^\s*account_id\s*=/m.test(readIfThere("wrangler.toml"));
  if (accounts.length > 1 && !chosen) {
    const ids = accounts.map(({ name, id }) => `\n           account_id = "${id}"  # ${name}`).join("");
    throw new Fault(`several accounts: add the one that is meant to the top of wrangler.toml${ids}`);
  }
  return [email, accounts[0]?.name].filter(Boolean).join(", ") || "logged in";
}

function secrets(found) {
  if (!found.loggedIn) return undefined;
  found.secretNames = secretNames();
  if (found.secretNames === undefined) throw new Hint(`no Worker of this name is deployed yet: ${how("deploy")}`);
  const missing = found.report?.secrets.filter(({ name }) => !found.secretNames.includes(name)) ?? [];
  if (missing.length > 0) {
    const names = missing.map(({ name, purpose }) => `\n           ${name}: ${purpose}`).join("");
    throw new Fault(`missing; ${how("deploy")} makes those that can be made${names}`);
  }
  if (existsSync(KEPT)) throw new Hint(`all are set. ${KEPT} has some of them: move them to where you keep secrets`);
  return "all are set";
}

async function health(found, { url }) {
  found.url = url ?? found.report?.public_url ?? readDeployment().url;
  if (!found.url) throw new Hint(`its address is not known here: ${how("deploy")}, or ${how("doctor", "--url https://…")}`);
  found.token = presented(known()("CONSOLE_TOKEN"));
  const answer = await call(`${found.url}/healthz`, { token: found.token });
  found.cutOff = answer.cutOff;
  const problem = complaint(answer);
  if (problem) throw new Fault(`${found.url} ${problem}`);
  const { version } = answer.body;
  if (version && version !== VERSION) throw new Hint(`${found.url} is version ${version}, here is ${VERSION}: ${how("deploy")}`);
  return `${found.url}${version ? `, version ${version}` : ""}`;
}

// As 3scale's Ping! does. Without the secret, a right answer is that it is missing.
async function hooks({ url, report }) {
  if (!url || !report) return undefined;
  const value = known();
  for (const { name, secret, secret_param } of report.sources) {
    const own = value(secret)?.split(/\s+/)[0];
    const query = own ? `?${new URLSearchParams({ [secret_param]: own })}` : "";
    const { status, cutOff, problem } = await call(`${url}/hooks/${name}${query}`);
    if (cutOff) throw new Fault(`/hooks/${name}: ${ACCESS}`);
    if (status === 0) throw new Fault(`/hooks/${name} cannot be reached: ${problem}`);
    if (own && status === 401) {
      throw new Fault(`/hooks/${name} refuses the ${secret} of this machine: is it still the one that Cloudflare has?`);
    }
    if (status !== (own ? 200 : 401)) throw new Fault(`/hooks/${name} answers ${status}; with 503, see the Worker above`);
  }
  const names = report.sources.map(({ name }) => name).join(", ");
  return `${names} reachable${report.sources.some(({ secret }) => !value(secret)) ? " (without the secret)" : ""}`;
}

// The Worker has the token, so it is asked. 3scale shows its switches to nobody: what would be set is shown.
async function threescale({ url, token, report, secretNames: names }) {
  if (!report) return undefined;
  for (const { name, admin_url, access_token } of report.sources) {
    if (!admin_url) throw new Hint(`${name} has no admin_url: no recovery after outages, and 3scale is set by hand: ${RECOVERY}`);
    if (names && !names.includes(access_token)) {
      const put = howWrangler(`secret put ${access_token}`);
      throw new Hint(`${access_token} is not set: no recovery. In 3scale: Personal → Tokens, Account Management API; then ${put}`);
    }
  }
  if (!url || !token) throw new Hint("is asked through the Worker: put CONSOLE_TOKEN into the environment");
  const { status, body } = await call(`${url}/api/v1/recoveries`, { token });
  if (status !== 200) throw new Fault(`${url}/api/v1/recoveries answers ${status}: ${body?.detail ?? ""}`);
  const states = [];
  for (const { source, state, detail } of body.recoveries ?? []) {
    if (!["ok", "not_yet", "running"].includes(state)) throw new Fault(`${source}: ${state}: ${detail}`);
    states.push(`${source} ${state}`);
  }
  for (const { name } of report.sources) {
    const register = `${url}/api/v1/sources/${name}/register`;
    const shown = await call(register, { token, method: "POST", body: { url, dry_run: true } });
    if (shown.status !== 200) throw new Fault(`${name}: ${shown.body?.detail ?? shown.status}`);
  }
  return `recovery: ${states.join(", ")}. It shows its webhook's switches to nobody: ${how("register")} writes and confirms them`;
}
