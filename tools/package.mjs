// Puts together the npm packages `threescale-edge` and `create-threescale-edge` from what is built, and packs them into
// target/packages: `make package`. The same bytes for the same sources and tools: npm gives all files one time.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

const OUT = "target/packages";
const read = (file) => readFileSync(file, "utf8");
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

const version = /^\[workspace\.package\]\nversion = "(.*)"$/m.exec(read("Cargo.toml"))[1];
for (const name of ["threescale-edge", "create-threescale-edge"]) {
  const manifest = JSON.parse(read(`packages/${name}/package.json`));
  if (manifest.version !== version) throw new Error(`packages/${name}/package.json must say version ${version}, as Cargo.toml does`);
}
rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
for (const folder of [edge(), create()]) {
  const npm = spawnSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", OUT, `./${folder}`], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (npm.status !== 0) throw new Error(`npm pack fails for ${folder}`);
  const file = join(OUT, npm.stdout.trim());
  console.log(`${file}: ${Math.ceil(readFileSync(file).length / 1024)} KiB`);
}

function edge() {
  const folder = stage("threescale-edge");
  for (const file of ["index.js", "index_bg.wasm"]) cpSync(`build/${file}`, join(folder, "worker", file));
  if (existsSync("build/assets")) cpSync("build/assets", join(folder, "assets"), { recursive: true });
  cpSync("target/package/check", join(folder, "check"), { recursive: true });
  // The package is of modules; wasm-bindgen writes the form before them.
  writeFileSync(join(folder, "check/package.json"), json({ type: "commonjs" }));
  cpSync("schemas", join(folder, "schemas"), { recursive: true });
  const sample = "crates/threescale/tests/samples/application_created_v1.xml";
  cpSync(sample, join(folder, "samples/application_created.xml"));
  cpSync("CHANGELOG.md", join(folder, "CHANGELOG.md"));
  const checksums = Object.fromEntries(files(folder).map((file) => [relative(folder, file), sha256(file)]));
  writeFileSync(join(folder, "build.json"), json({ version, ...provenance(), sha256: checksums }));
  return folder;
}

function create() {
  const folder = stage("create-threescale-edge");
  const wrangler = JSON.parse(read("package.json")).devDependencies.wrangler;
  writeFileSync(join(folder, "template/versions.json"), json({ "threescale-edge": version, wrangler }));
  writeFileSync(join(folder, "template/wrangler.toml"), template(read("wrangler.toml")));
  return folder;
}

function stage(name) {
  const folder = join(OUT, name);
  cpSync(`packages/${name}`, folder, { recursive: true, filter: (file) => !file.includes("node_modules") });
  cpSync("LICENSE", join(folder, "LICENSE"));
  return folder;
}

// The shipped configuration without the build, with the package's Worker, up to its sources and destinations.
function template(shipped) {
  const replace = (text, from, to) => {
    if (!text.replace(from, to) || !from.test(text)) throw new Error(`wrangler.toml has no ${from}: mend tools/package.mjs`);
    return text.replace(from, to);
  };
  let text = replace(shipped, /^# A 3scale tenant that sends to us[\s\S]*/m, "");
  text = replace(text, /^\[build\]\n(?:.+\n)+\n/m, "");
  const main =
    'main = "node_modules/threescale-edge/worker/index.js"\n# It is uploaded as it was released, byte for byte.\nno_bundle = true';
  text = replace(text, /^main = .*$/m, main);
  text = text.replaceAll('"build/assets', '"node_modules/threescale-edge/assets');
  return replace(text, /^# The whole deployment:.*$/m, `# The whole deployment: bindings, variables, cron. Secrets are not here. All settings:\n# https://github.com/threescale-edge/threescale-edge/blob/main/docs/configuration.md`);
}

// What this was built from and with. No time and no machine, so that everybody's is the same.
function provenance() {
  const run = (program, ...words) => {
    try {
      return execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      return undefined;
    }
  };
  const npm = JSON.parse(read("package.json")).devDependencies;
  const bindgen = /name = "wasm-bindgen"\nversion = "(.*)"/.exec(read("Cargo.lock"))[1];
  const workerBuild = /^WORKER_BUILD_VERSION := (.*)$/m.exec(read("tools/setup.mk"))[1];
  return {
    repository: "https://github.com/threescale-edge/threescale-edge",
    commit: run("git", "rev-parse", "HEAD"),
    modified: Boolean(run("git", "status", "--porcelain", "--untracked-files=no")),
    toolchain: {
      rustc: run("rustc", "--version"),
      "worker-build": workerBuild,
      "wasm-bindgen": bindgen,
      binaryen: npm.binaryen,
      esbuild: npm.esbuild,
      wrangler: npm.wrangler,
      node: process.versions.node,
    },
  };
}

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function sha256(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
