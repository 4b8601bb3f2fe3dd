#!/usr/bin/env node
// `npm create threescale-edge FOLDER`: asks three questions, and writes a project that runs and deploys the Worker.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { answers } from "../lib/answers.mjs";
import { write } from "../lib/project.mjs";

const USAGE = `npm create threescale-edge@latest [FOLDER] -- [FLAGS]

  --source default          the source's name: lower-case letters, digits, dashes
  --admin-url https://…     the tenant's admin portal, for recovery and registration
  --destination https://…   where events go first, beside KV
  --yes                     ask nothing: what no flag says has its default
  --no-install              do not run npm install
  --package threescale-edge-….tgz   the Worker's package, where it is not from npm
`;

const options = {
  source: { type: "string" },
  "admin-url": { type: "string" },
  destination: { type: "string" },
  yes: { type: "boolean", short: "y", default: false },
  "no-install": { type: "boolean", default: false },
  package: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
};

// When the registry does not answer for wrangler, npm tries twice more, and then names a conflict with the peer of our
// package instead of the registry. Our package.json names a wrangler that fits, so peers need not be looked at.
const INSTALL = ["install", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=5", "--legacy-peer-deps"];

try {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  process.exitCode = values.help ? help() : await create(values, positionals[0]);
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}

function help() {
  console.log(USAGE);
  return 0;
}

async function create(flags, folder) {
  const project = await answers(flags, folder);
  write(project);
  console.log(`wrote ${project.folder}`);
  if (!flags["no-install"]) {
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    const run = (words) =>
      spawnSync(npm, words, { cwd: project.folder, stdio: "inherit", shell: process.platform === "win32" }).status === 0;
    if (!run(INSTALL)) throw new Error(`npm install fails in ${project.folder}, for the reason above: run there: npm ${INSTALL.join(" ")}`);
    run(["run", "--silent", "check"]);
  }
  const there = /[^\w./-]/.test(project.folder) ? JSON.stringify(project.folder) : project.folder;
  console.log(`\nNow:\n  cd ${there}${flags["no-install"] ? "\n  npm install" : ""}\n  npm run dev`);
  return 0;
}
