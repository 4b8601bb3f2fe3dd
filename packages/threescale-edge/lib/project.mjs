// The files of the project in the current folder.
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Trouble } from "./say.mjs";

const require = createRequire(import.meta.url);

// The Worker's own rules as WebAssembly: in the package, or where the checkout's `make` builds it.
const CHECKS = ["../check/check_config.js", "../../../target/package/check/check_config.js"];

function rules() {
  for (const path of CHECKS) {
    if (existsSync(new URL(path, import.meta.url))) return require(path);
  }
  throw new Trouble("the check of the configuration is not built: run `make package`");
}

export const VERSION = require("../package.json").version;

export function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return "";
    throw error;
  }
}

// What the Worker would make of the configuration; `target` is `dev` or `deploy`.
export function inspect(target) {
  const wrangler = readIfThere("wrangler.toml");
  if (wrangler === "") throw new Trouble("there is no wrangler.toml here: go to your project's folder");
  try {
    return JSON.parse(rules().inspect(wrangler, target === "dev" ? readIfThere(".dev.vars") : "", target));
  } catch (error) {
    throw typeof error === "string" ? new Trouble(error) : error;
  }
}

// The values in a file of lines `NAME="value"`, such as `.dev.vars`.
export const readVars = (file) => JSON.parse(rules().variables(readIfThere(file)));

// The wrangler that the project pins: its script, and its version.
export function findWrangler() {
  try {
    const manifest = createRequire(pathToFileURL(resolve("package.json"))).resolve("wrangler/package.json");
    const { version, bin } = JSON.parse(readFileSync(manifest, "utf8"));
    return { script: join(dirname(manifest), bin.wrangler), version };
  } catch {
    throw new Trouble("wrangler is not installed: run `npm install` in this folder");
  }
}
