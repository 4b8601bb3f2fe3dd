// From a sound configuration to a Worker that answers: one upload, with the secrets that it lacks.
import { KEPT, collect, known } from "./secrets.mjs";
import { complaint, presented, waitUntilSound } from "./health.mjs";
import { keepDeployment } from "./deployment.mjs";
import { inspect } from "./project.mjs";
import { register } from "./register.mjs";
import { Trouble, how, howWrangler, isInteractive, printFindings } from "./say.mjs";
import { ask, deploy, secretNames, whoAmI } from "./wrangler.mjs";

export async function run(options) {
  const report = inspect("deploy");
  if (printFindings(report) > 0) throw new Trouble("not deployed: mend the mistakes in wrangler.toml first");
  if (options["dry-run"]) return dryRun(report);

  const account = whoAmI();
  if (!account.loggedIn) {
    throw new Trouble(`not logged in to Cloudflare: run \`${howWrangler("login")}\`, or set CLOUDFLARE_API_TOKEN`);
  }
  const has = secretNames() ?? [];
  const { values, made } = await collect(needed(report), has, options);
  for (const { name, purpose } of made) console.log(`made ${name}: ${purpose}`);
  if (made.length > 0) console.log(`They are in ${KEPT}: move them to where you keep secrets.\n`);

  const { versionId, url: deployed } = deploy(values);
  const url = options.url ?? report.public_url ?? deployed;
  if (!url) throw new Trouble("deployed, but at no address: add workers_dev or a route, or say --url https://…");
  keepDeployment({ url, versionId });

  const token = presented(known()("CONSOLE_TOKEN"));
  console.log(`\nwaiting for ${url}/healthz`);
  const problem = complaint(await waitUntilSound(url, { token, versionId }));
  if (problem) throw new Trouble(`deployed, but ${url} ${problem}`);
  console.log(`It works${versionId ? `: version ${versionId}` : ""}.\n`);
  return connect({ report, url, token, secrets: [...has, ...Object.keys(values)] }, options);
}

// Access tokens are uploaded where the environment has them; nobody is asked for one.
function needed({ secrets, sources }) {
  const value = known();
  const tokens = sources
    .filter(({ access_token }) => value(access_token))
    .map(({ name, access_token }) => ({ name: access_token, made: null, purpose: `3scale's access token of ${name}` }));
  return [...secrets, ...tokens];
}

function dryRun({ secrets }) {
  const { succeeded, stdout, stderr } = ask("deploy", "--dry-run");
  console.log(stdout.trim());
  if (!succeeded) throw new Trouble(stderr.trim());
  console.log(`\nThe configuration is sound. A deployment needs these secrets, and makes those that it can:`);
  for (const { name, purpose } of secrets) console.log(`  ${name}: ${purpose}`);
  return 0;
}

// For each source: 3scale is told through its API where that can be, else a person is.
async function connect({ report, url, token, secrets }, options) {
  for (const source of report.sources) {
    const canRegister = token && source.admin_url && secrets.includes(source.access_token);
    if (canRegister && (options.register || isInteractive(options))) {
      if (await register({ url, source: source.name, token }, options)) continue;
    }
    explain(source, url, canRegister);
  }
  return 0;
}

function explain({ name, admin_url, secret, secret_param }, url, canRegister) {
  const value = known()(secret)?.split(/\s+/)[0];
  // A log that others read must not have it.
  const shown = value && process.stdout.isTTY ? encodeURIComponent(value) : `<${secret}>`;
  const portal = admin_url ?? "the admin portal";
  console.log(`In 3scale (${portal}): Account Settings → Integrate → Webhooks`);
  console.log(`  Webhooks enabled: on. Actions in the admin portal also trigger webhooks: on`);
  console.log(`  URL: ${url}/hooks/${name}?${secret_param}=${shown}`);
  if (value && shown.startsWith("<")) console.log(`  ${secret} is in ${KEPT}`);
  if (!value) console.log(`  Nobody but Cloudflare and 3scale has ${secret}; a new one: ${howWrangler(`secret put ${secret}`)}`);
  console.log("  Tick the events, press Update webhooks settings, then Ping!");
  if (canRegister) console.log(`Or have it done: ${how("deploy", "--register")}`);
}
