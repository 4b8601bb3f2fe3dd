// The newest events of the Worker that `npm run dev` runs.
import { call, presented } from "./health.mjs";
import { readVars } from "./project.mjs";
import { Trouble } from "./say.mjs";

export async function run({ port }) {
  const token = presented(readVars(".dev.vars").CONSOLE_TOKEN);
  const { status, body } = await call(`http://localhost:${port}/api/v1/events`, { token });
  if (status === 0) throw new Trouble(`nothing listens at port ${port}: npm run dev starts the Worker`);
  if (status !== 200) throw new Trouble(`the API answers ${status}: ${body?.detail ?? ""}`);
  if (body.events.length === 0) console.log("There are no events yet: npm run send");
  for (const event of body.events.toReversed()) console.log(line(event));
  return 0;
}

function line({ id, type, object, time, deliveries }) {
  const states = Object.entries(deliveries).map(([destination, state]) => `${destination}: ${state}`);
  return `${id}  ${type.replace("net.3scale.", "")} ${object ?? ""}  ${time}  ${states.join(", ")}`;
}
