// What is said to people, and asked of them.
import { existsSync } from "node:fs";
import { createInterface } from "node:readline/promises";

// In a checkout of the repository, `make` has the commands.
const isCheckout = existsSync(new URL("../../../Makefile", import.meta.url));

// How a person calls one of our commands, or wrangler's.
export function how(command, flags = "") {
  if (isCheckout) return `make ${command}${flags && ` ARGS='${flags}'`}`;
  return `npm run ${command}${flags && ` -- ${flags}`}`;
}
export const howWrangler = (words) => (isCheckout ? `make wrangler ARGS='${words}'` : `npx wrangler ${words}`);

// Something that the reader can mend: it is printed without a stack.
export class Trouble extends Error {}

export function isInteractive({ yes = false } = {}) {
  return !yes && !process.env.CI && process.stdin.isTTY === true && process.stdout.isTTY === true;
}

export async function ask(question) {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}

export async function confirm(question) {
  return /^y(es)?$/i.test(await ask(`${question} [y/N] `));
}

// Prints a report's findings, and returns how many mistakes there are.
export function printFindings({ mistakes, warnings }) {
  for (const { item, problem } of mistakes) console.error(`mistake: ${item} ${problem}`);
  for (const { item, problem } of warnings) console.error(`warning: ${item} ${problem}`);
  return mistakes.length;
}
