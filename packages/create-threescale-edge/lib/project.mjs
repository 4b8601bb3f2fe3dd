// Writes the project.
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const template = (file) => readFileSync(new URL(`../template/${file}`, import.meta.url), "utf8");
// The versions that belong together; `make package` writes them.
const versions = () => JSON.parse(template("versions.json"));

export function write(project) {
  const files = {
    "wrangler.toml": wranglerToml(project),
    "package.json": packageJson(project),
    "README.md": readme(project),
    ".gitignore": "/node_modules\n/.wrangler\n/.dev.vars\n/.secrets.production\n",
    ".dev.vars": devVars(project),
    ".dev.vars.example": devVarsExample(project),
  };
  mkdirSync(project.folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const mode = name === ".dev.vars" ? 0o600 : 0o644;
    writeFileSync(join(project.folder, name), text, { mode });
  }
}

const variable = (name) => name.toUpperCase().replaceAll("-", "_");

// A URL of this machine belongs into .dev.vars: a deployment cannot call it.
function isLocal({ destination }) {
  if (!destination) return false;
  const { protocol, hostname } = new URL(destination);
  return protocol === "http:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}

const quoted = (text) => JSON.stringify(text);

function wranglerToml(project) {
  const { name, source, adminUrl, destination } = project;
  const admin = adminUrl
    ? `admin_url = ${quoted(adminUrl)}`
    : `# The tenant's admin portal, for recovery after outages and for npm run register.\n# admin_url = "https://acme-admin.3scale.net"`;
  const service =
    destination && !isLocal(project)
      ? `[vars.DESTINATIONS.service]\nurl = ${quoted(destination)}\n`
      : `# [vars.DESTINATIONS.service]\n# url = "https://crm.example.com/3scale"\n# events = ["account.*", "user.created"]\n`;
  return template("wrangler.toml")
    .replace('name = "threescale-edge"', `name = ${quoted(name)}`)
    .concat(
      `# A 3scale tenant that sends to us: POST /hooks/${source}. npm run deploy makes its secret.
[vars.SOURCES.${source}]
secret_param = "token"
${admin}

# A destination of events. This one stores each event in KV for 30 days.
[vars.DESTINATIONS.archive]
kv = "EVENTS"
ttl_days = 30

# A service of yours gets signed CloudEvents.
${service}`,
    );
}

function packageJson({ name, edge, source }) {
  const { "threescale-edge": version, wrangler } = versions();
  const scripts = ["dev", "send", "events", "check", "deploy", "doctor", "register"];
  const manifest = {
    name,
    private: true,
    description: "Receives 3scale's webhooks with threescale-edge, a Cloudflare Worker.",
    scripts: Object.fromEntries(scripts.map((script) => [script, `threescale-edge ${script}`])),
    devDependencies: { "threescale-edge": edge ? `file:${resolve(edge)}` : `^${version}`, wrangler },
    engines: { node: ">=22.12" },
    // What a deploy button says of what it asks for.
    cloudflare: {
      bindings: {
        EVENTS: { description: "The KV namespace that the destination `archive` stores events in." },
        [`SOURCE_${variable(source)}_SECRET`]: {
          description: "The secret that 3scale sends with each webhook: make one with `openssl rand -hex 24`.",
        },
        CONSOLE_TOKEN: { description: "The token for the console and the API: make one with `openssl rand -hex 24`." },
      },
    },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function devVars(project) {
  const { source, destination } = project;
  const lines = [
    "# The secrets of this laptop, for `npm run dev`. No deployment reads them, git ignores them, and the Worker takes",
    "# these values on localhost only.",
    "",
    `SOURCE_${variable(source)}_SECRET="local-secret"`,
    'CONSOLE_TOKEN="local-console-token"',
    "# Allows destinations such as http://localhost:… on this laptop.",
    'ALLOW_LOCAL_TARGETS="true"',
  ];
  if (destination) lines.push(`DESTINATION_SERVICE_SIGNING_SECRET="whsec_${randomBytes(32).toString("base64")}"`);
  if (isLocal(project)) {
    const destinations = { service: { url: destination }, archive: { kv: "EVENTS", ttl_days: 30 } };
    lines.push("# Instead of those in wrangler.toml, here.", `DESTINATIONS=${JSON.stringify(destinations)}`);
  }
  return `${lines.join("\n")}\n`;
}

// Names without values: a deploy button offers what is here as production's secrets.
function devVarsExample({ source, destination }) {
  const names = [`SOURCE_${variable(source)}_SECRET`, "CONSOLE_TOKEN"];
  if (destination) names.push("DESTINATION_SERVICE_SIGNING_SECRET");
  return `# The secrets that this Worker needs. Copy this file to .dev.vars for \`npm run dev\`; npm run deploy makes production's.\n${names.map((name) => `${name}=""\n`).join("")}`;
}

function readme({ name, source }) {
  return template("README.md").replaceAll("{{name}}", name).replaceAll("{{source}}", source).replaceAll("{{SOURCE}}", variable(source));
}
