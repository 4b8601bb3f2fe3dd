// Writes a source's hook, with its current secret, to 3scale: the Worker does it, which has the access token.
import { call, presented } from "./health.mjs";
import { inspect } from "./project.mjs";
import { readDeployment } from "./deployment.mjs";
import { known } from "./secrets.mjs";
import { Trouble, confirm, isInteractive } from "./say.mjs";

export async function run(options) {
  const { sources, public_url } = inspect("deploy");
  const url = options.url ?? public_url ?? readDeployment().url;
  if (!url) throw new Trouble("where is the Worker? --url https://…");
  const source = options.source ?? sources[0]?.name;
  const token = presented(known()("CONSOLE_TOKEN"));
  if (!token) throw new Trouble("CONSOLE_TOKEN is not set: put it into the environment");
  return (await register({ url, source, token }, options)) ? 0 : 1;
}

// Shows the settings, asks, and writes them. Returns whether 3scale has confirmed them.
export async function register({ url, source, token }, options) {
  const address = `${url}/api/v1/sources/${source}/register`;
  const shown = await call(address, { token, method: "POST", body: { url, dry_run: true } });
  if (shown.status !== 200) throw refusal(url, shown);
  console.log(`These settings will be written to 3scale for ${source}:`);
  console.log(JSON.stringify(shown.body, null, 2));
  if (isInteractive(options) && !options.register && !(await confirm("Set this in 3scale?"))) {
    console.log("nothing was set");
    return false;
  }
  const answer = await call(address, { token, method: "POST", body: { url } });
  if (answer.status !== 200) throw refusal(url, answer);
  const isConfirmed = answer.body.confirmed === true;
  console.log(
    isConfirmed
      ? "3scale has confirmed it. Its button Ping! says whether it can reach this Worker."
      : `3scale has not confirmed all of it: ${JSON.stringify(answer.body.confirmed)}`,
  );
  return isConfirmed;
}

function refusal(url, { status, body, cutOff, problem }) {
  const said = body?.detail ?? body?.title ?? problem ?? (cutOff ? "Cloudflare Access answers" : "");
  return new Trouble(`${url} answers ${status}: ${said}`);
}
