// Runs the Worker on this machine. `wrangler dev` looks at wrangler.toml but not at .dev.vars: here an edit of either
// takes effect, and is checked.
import { connect } from "node:net";
import { utimesSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { VERSION, inspect, readIfThere, readVars } from "./project.mjs";
import { Trouble, printFindings } from "./say.mjs";
import { startDev } from "./wrangler.mjs";

export async function run({ port }) {
  if (await isBusy(Number(port))) {
    const next = Number(port) + 1;
    throw new Trouble(`port ${port} is busy: end what listens there, or take another: npm run dev -- --port ${next}`);
  }
  check();
  const wrangler = startDev(port);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => wrangler.kill());
  createInterface({ input: wrangler.stdout }).on("line", (line) => {
    if (line.includes("Ready on")) welcome(port).catch((error) => console.error(error));
    else console.log(line);
  });
  const isOver = new Promise((resolve) => wrangler.on("exit", (code) => resolve(code ?? 0)));
  watch();
  return isOver;
}

async function isBusy(port) {
  const tries = ["127.0.0.1", "::1"].map(
    (host) =>
      new Promise((resolve) => {
        const socket = connect({ port, host }, () => resolve(socket.destroy() && true));
        socket.on("error", () => resolve(false));
      }),
  );
  return (await Promise.all(tries)).includes(true);
}

// A mistake stops only its part of the Worker, so it stops nothing here.
function check() {
  try {
    printFindings(inspect("dev"));
  } catch (error) {
    console.error(`error: ${error.message}`);
  }
}

async function watch() {
  let [vars, config] = [readIfThere(".dev.vars"), readIfThere("wrangler.toml")];
  for (;;) {
    await delay(1000, undefined, { ref: false });
    const [newVars, newConfig] = [readIfThere(".dev.vars"), readIfThere("wrangler.toml")];
    if (newVars !== vars) {
      console.log(".dev.vars was edited: the Worker starts again");
      check();
      utimesSync("wrangler.toml", new Date(), new Date());
    } else if (newConfig !== config) check();
    [vars, config] = [newVars, newConfig];
  }
}

let isWelcome = false;

async function welcome(port) {
  const url = `http://localhost:${port}`;
  console.log(`Ready on ${url}`);
  if (isWelcome) return;
  isWelcome = true;
  const { sources } = inspect("dev");
  const vars = readVars(".dev.vars");
  const token = vars.CONSOLE_TOKEN?.split(/\s+/)[0];
  const hook = ({ name, secret_param, secret }) =>
    `${url}/hooks/${name}?${secret_param}=${encodeURIComponent(vars[secret]?.split(/\s+/)[0] ?? "")}`;
  console.log(`\nthreescale-edge ${VERSION}\n`);
  for (const source of sources) console.log(`  3scale's URL   ${hook(source)}`);
  const hasConsole = await fetch(`${url}/`, { redirect: "manual" }).then(({ status }) => status < 400, () => false);
  if (hasConsole) console.log(`  console        ${url}/   (token: ${token ?? "set CONSOLE_TOKEN in .dev.vars"})`);
  if (token) console.log(`  API            curl -H 'Authorization: Bearer ${token}' ${url}/api/v1/events`);
  if (sources[0]) {
    const file = new URL("../samples/application_created.xml", import.meta.url);
    console.log(`  send an event  npm run send, or\n                 ${curl(hook(sources[0]), file)}`);
  }
  console.log("  see events     npm run events\n");
}

const curl = (hook, file) => {
  const path = decodeURIComponent(file.pathname).replace(`${process.cwd()}/`, "");
  return `curl '${hook}' -H 'Content-Type: application/xml' --data-binary @${path}`;
};
