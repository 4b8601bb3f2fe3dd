// What the project is like: from flags, from a person, or by default.
import { existsSync, readdirSync } from "node:fs";
import { basename, resolve } from "node:path";
import { createInterface } from "node:readline/promises";

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

const name = (text) => (NAME.test(text) ? undefined : "1 to 63 lower-case letters, digits and dashes");
const url = (text) => (text === "" || URL.canParse(text) ? undefined : "a URL such as https://acme-admin.3scale.net, or nothing");

// A question is answered by its flag, else by a person, else by its default; `wrong` says what is wrong with a text.
const QUESTIONS = [
  { key: "source", flag: "source", text: "Name of the source, which is your 3scale tenant", or: "default", wrong: name },
  { key: "adminUrl", flag: "admin-url", text: "Its admin portal (https://…), if this Worker may call it", or: "", wrong: url },
  { key: "destination", flag: "destination", text: "URL of a service that gets the events (KV gets them anyway)", or: "", wrong: url },
];

export async function answers(flags, folder) {
  const asks = !flags.yes && process.stdin.isTTY && process.stdout.isTTY;
  const terminal = asks ? createInterface({ input: process.stdin, output: process.stdout }) : undefined;
  try {
    const project = { folder: folder ?? (await ask(terminal, "Folder", "threescale-edge")), edge: flags.package };
    refuseFolder(project.folder);
    for (const { key, flag, text, or, wrong } of QUESTIONS) {
      if (flags[flag] !== undefined && wrong(flags[flag])) throw new Error(`--${flag} must be ${wrong(flags[flag])}`);
      project[key] = flags[flag] ?? (await ask(terminal, text, or, wrong));
    }
    project.adminUrl = project.adminUrl.replace(/\/+$/, "");
    project.name = workerName(project.folder);
    return project;
  } finally {
    terminal?.close();
  }
}

async function ask(terminal, text, or, wrong = () => undefined) {
  if (!terminal) return or;
  for (;;) {
    const answer = (await terminal.question(`${text}${or ? ` (${or})` : ""}: `)).trim() || or;
    const problem = wrong(answer);
    if (!problem) return answer;
    console.log(`  must be ${problem}`);
  }
}

function refuseFolder(folder) {
  if (existsSync(folder) && readdirSync(folder).some((file) => file !== ".git")) {
    throw new Error(`${folder} is there already, and is not empty`);
  }
}

// The Worker is named as its folder is, as far as a name allows.
function workerName(folder) {
  const name = basename(resolve(folder)).toLowerCase().replace(/[^a-z0-9-]+/g, "-").replace(/^-+|-+$/g, "");
  return NAME.test(name) ? name : "threescale-edge";
}
