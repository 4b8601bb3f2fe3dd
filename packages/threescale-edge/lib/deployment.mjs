// Where the Worker was deployed last, so that `doctor` and `register` need not ask.
import { mkdirSync, writeFileSync } from "node:fs";
import { readIfThere } from "./project.mjs";

const FILE = ".wrangler/threescale-edge.json";

export const readDeployment = () => JSON.parse(readIfThere(FILE) || "{}");

export function keepDeployment(deployment) {
  mkdirSync(".wrangler", { recursive: true });
  writeFileSync(FILE, `${JSON.stringify(deployment)}\n`);
}
