// Prints what is wrong with the configuration, for this machine and for a deployment.
import { inspect } from "./project.mjs";
import { printFindings } from "./say.mjs";

export function run() {
  const dev = inspect("dev");
  const deploy = inspect("deploy");
  const isSaid = ({ item, problem }) => dev.mistakes.some((said) => said.item === item && said.problem === problem);
  const count = printFindings(dev) + printFindings({ ...deploy, mistakes: deploy.mistakes.filter((m) => !isSaid(m)), warnings: [] });
  if (count === 0) console.log("The configuration is sound.");
  return count === 0 ? 0 : 1;
}
