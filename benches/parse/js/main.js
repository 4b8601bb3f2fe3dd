// `make bench-parse`: how fast 3scale's XML becomes a CloudEvent, beside what else one might use.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { build, versions } from './build.js';
import { check, contenders } from './contenders/index.js';
import { documents, samples } from './documents.js';
import { goals } from './goals.js';
import * as mapping from './mapping.js';
import { print, write } from './report.js';
import { run } from './rounds.js';

const HELP = `Measures bytes to CloudEvent JSON, natively and in Node, and writes the figures.
It is run by \`make bench-parse\`, which installs what it needs, in the repository's root.

  --seconds N   how long one document is measured, natively and in Node each (4)
  --output F    where the figures go (benches/results/parse.json)
  --help        this

Environment: WASM_OPT, the program; WASM_FEATURES, its options; CARGO_TARGET_DIR.

It ends with 0 whether the goals hold or not: a benchmark is not a test. It fails if something
cannot be measured, or if the contenders do not make the same event of a document.
`;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    output: { type: 'string', default: 'benches/results/parse.json' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(HELP);
} else {
  try {
    main();
  } catch (error) {
    console.error(`bench-parse: ${error.message}`);
    process.exitCode = 1;
  }
}

function main() {
  const seconds = Number(options.seconds);
  if (!(seconds > 0)) throw new Error(`--seconds ${options.seconds}: expected a number of seconds`);
  const target = process.env.CARGO_TARGET_DIR ?? 'target/bench-parse';
  const say = (text) => console.error(text);

  say('building the native program and the wasm module');
  const wasmFeatures = (process.env.WASM_FEATURES ?? '').split(' ').filter(Boolean);
  const { native, module } = build({ target, wasmOpt: process.env.WASM_OPT ?? 'wasm-opt', wasmFeatures });
  const program = (...args) => execFileSync(native, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

  const measured = documents(`${target}/documents`);
  const files = measured.map(({ file }) => file);
  const all = contenders(module, mapping.read(JSON.parse(program('shapes'))));
  say('comparing what the contenders make of the documents');
  program('check', ...samples(), ...files);
  for (const file of [...samples(), ...files]) check(all, file, readFileSync(file));

  say('measuring');
  const natively = JSON.parse(program('measure', String(seconds), '1', ...files));
  const results = measured.map(({ name, file, bytes }, place) => {
    say(`  in Node: ${file}`);
    const node = run(all, readFileSync(file), { seconds, milliseconds: 10, warmUp: 0.3 });
    const { json_bytes, microseconds } = natively[place];
    return { name, bytes, json_bytes, native: microseconds, node };
  });

  const verdicts = goals(results);
  print(results, verdicts);
  write(options.output, results, verdicts, known());
  console.log(`\nwritten to ${options.output}`);
}

/** The versions of all that takes part. */
function known() {
  const crates = versions();
  const npm = JSON.parse(readFileSync('benches/package.json', 'utf8')).dependencies;
  const [rustc] = execFileSync('rustc', ['--version'], { encoding: 'utf8' }).split('\n');
  return {
    rustc,
    node: process.version,
    v8: process.versions.v8,
    ...Object.fromEntries(['threescale', 'quick-xml', 'serde', 'roxmltree'].map((name) => [name, crates.get(name)])),
    ...npm,
  };
}
