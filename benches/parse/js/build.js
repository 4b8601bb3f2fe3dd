// Builds the native program and the wasm module, as the Makefile builds the Worker.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WORKSPACE = 'benches/parse';

/** Builds both, and says where they are. */
export function build({ target, wasmOpt, wasmFeatures }) {
  mkdirSync(target, { recursive: true });
  checkVersions();
  cargo(target, ['--package', 'native']);

  // Versions and options of the Worker: its profile is read, not repeated.
  const profile = join(target, 'profile.toml');
  writeFileSync(profile, profiles(readFileSync('Cargo.toml', 'utf8')));
  cargo(target, ['--package', 'wasm', '--target', 'wasm32-unknown-unknown', '--config', profile]);
  const module = join(target, 'parse.wasm');
  const built = join(target, 'wasm32-unknown-unknown/release/wasm.wasm');
  const options = [...wasmFeatures, '-Oz', '--strip-debug', '--strip-producers', built, '-o', module];
  execFileSync(wasmOpt, options, { stdio: 'inherit' });

  return { native: join(target, 'release/native'), module: readFileSync(module) };
}

/** The version of each package in the lock file of the bench. */
export function versions() {
  return locked(`${WORKSPACE}/Cargo.lock`);
}

function cargo(target, options) {
  const manifest = ['--manifest-path', `${WORKSPACE}/Cargo.toml`, '--target-dir', target];
  execFileSync('cargo', ['build', '--release', '--locked', '--quiet', ...manifest, ...options], { stdio: 'inherit' });
}

/** The tables `[profile…]` of a manifest, which are a configuration of cargo as they are. */
function profiles(manifest) {
  return manifest
    .split(/^(?=\[)/m)
    .filter((table) => table.startsWith('[profile.'))
    .join('');
}

/** What is measured must be what the product has. */
function checkVersions() {
  const [product, bench] = [locked('Cargo.lock'), versions()];
  for (const name of ['quick-xml', 'memchr', 'sha2', 'chrono', 'serde_json', 'uuid']) {
    if (product.get(name) !== bench.get(name)) {
      throw new Error(
        `the product has ${name} ${product.get(name)}, the bench ${bench.get(name)}: ` +
          `run cargo update --manifest-path ${WORKSPACE}/Cargo.toml -p ${name} --precise ${product.get(name)}`,
      );
    }
  }
}

function locked(file) {
  const packages = readFileSync(file, 'utf8').matchAll(/^name = "(.*)"\nversion = "(.*)"$/gm);
  return new Map([...packages].map(([, name, version]) => [name, version]));
}
