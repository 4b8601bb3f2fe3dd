#!/usr/bin/env node
// The commands of a project that `npm create threescale-edge` made: `npm run dev` calls `threescale-edge dev`.
import { parseArgs } from "node:util";
import { Trouble } from "../lib/say.mjs";

const USAGE = `threescale-edge COMMAND, in the folder of wrangler.toml

  dev       run the Worker on this machine      --port 8787
  send      send it a notification of 3scale's  --port 8787
  check     print the mistakes in wrangler.toml and .dev.vars
  events    list the events that it has         --port 8787
  deploy    check, make missing secrets, deploy, wait until it works
              --yes        ask nothing          --dry-run   upload nothing
              --url        where it is reached, if not where wrangler says
              --register   write its URL to 3scale, which needs the source's access token
  doctor    look at everything that may be wrong, and say what to do      --url
  register  write its URL to 3scale             --url  --source  --yes
`;

const options = {
  port: { type: "string", default: "8787" },
  url: { type: "string" },
  source: { type: "string" },
  yes: { type: "boolean", short: "y", default: false },
  "dry-run": { type: "boolean", default: false },
  register: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
};
const COMMANDS = ["dev", "send", "check", "events", "deploy", "doctor", "register"];

try {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [name] = positionals;
  if (values.help || !COMMANDS.includes(name)) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 1;
  } else {
    const command = await import(`../lib/${name}.mjs`);
    process.exitCode = await command.run(values);
  }
} catch (error) {
  const isOurs = error instanceof Trouble || error?.code?.startsWith("ERR_PARSE_ARGS");
  console.error(isOurs ? `error: ${error.message}` : error);
  process.exitCode = 1;
}
