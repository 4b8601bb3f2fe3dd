// Sends what 3scale would send about a new application, each time another one.
import { readFileSync } from "node:fs";
import { inspect, readVars } from "./project.mjs";
import { Trouble } from "./say.mjs";

const SAMPLE = new URL("../samples/application_created.xml", import.meta.url);

export async function run({ port, source: wanted }) {
  const { sources } = inspect("dev");
  const source = wanted ? sources.find(({ name }) => name === wanted) : sources[0];
  if (!source) throw new Trouble(`wrangler.toml has no source${wanted ? ` ${wanted}` : ""}`);
  const secret = readVars(".dev.vars")[source.secret]?.split(/\s+/)[0] ?? "";
  const query = new URLSearchParams({ [source.secret_param]: secret });
  const id = Math.floor(Date.now() / 100) % 1_000_000_000;
  // The first id is the application's own.
  const body = readFileSync(SAMPLE, "utf8").replace(/<id>\d+<\/id>/, `<id>${id}</id>`);
  let response;
  try {
    response = await fetch(`http://localhost:${port}/hooks/${source.name}?${query}`, {
      method: "POST",
      headers: { "content-type": "application/xml" },
      body,
    });
  } catch {
    throw new Trouble(`nothing listens at port ${port}: npm run dev starts the Worker`);
  }
  console.log(`application.created ${id}: ${response.status} ${await response.text()}`);
  return response.ok ? 0 : 1;
}
