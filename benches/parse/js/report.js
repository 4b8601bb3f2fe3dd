// What was measured: as a table for people, as JSON for programs.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import os from 'node:os';

import { FLOOR } from './goals.js';
import { ratios, summary } from './statistics.js';

/** Prints all figures, then the goals. */
export function print(results, goals) {
  for (const [place, title, base] of [
    ['native', 'natively', FLOOR],
    ['node', 'in Node', 'ours'],
  ]) {
    console.log(`\n${title}: microseconds for a document, median (least – most); MB/s; times ${base}`);
    for (const { name, bytes, [place]: times } of results) {
      console.log(`\n  ${name}, ${bytes} bytes, ${times.ours.length} rounds`);
      for (const [contender, figures] of byMedian(times)) {
        const { median, min, max } = summary(figures);
        const ratio = ratios(figures, times[base]);
        console.log(
          `    ${label(place, contender).padEnd(28)}${number(median).padStart(10)}  ` +
            `${`(${number(min)} – ${number(max)})`.padEnd(24)}${number(bytes / median).padStart(7)}` +
            `${number(ratio.median).padStart(9)} ×  (${number(ratio.min)} – ${number(ratio.max)})`,
        );
      }
    }
  }
  console.log('\ngoals, by the median of the ratios within a round');
  for (const { goal, verdicts } of goals) {
    console.log(`\n  ${goal}`);
    for (const { document, ratio, holds, than } of verdicts) {
      const what = `${number(ratio.median)} ×${than ? ` (${than})` : ''}`;
      console.log(`    ${document.padEnd(36)}${what.padEnd(28)}${holds ? 'holds' : 'does not hold'}`);
    }
  }
}

/** Writes the figures with all that one has to know to read them. */
export function write(file, results, goals, versions) {
  const figures = (times, base) =>
    Object.fromEntries(
      byMedian(times).map(([contender, figures]) => [
        contender,
        { microseconds: summary(figures), ratio: ratios(figures, times[base]) },
      ]),
    );
  const [cpu] = os.cpus();
  const report = {
    date: new Date().toISOString(),
    machine: {
      cpu: cpu.model.trim(),
      cpus: os.cpus().length,
      memory_bytes: os.totalmem(),
      system: `${os.type()} ${os.release()} ${os.arch()}`,
      load_average_1_min: os.loadavg()[0],
    },
    versions,
    units: {
      microseconds: 'wall time from the bytes of one document to the JSON of its CloudEvent, over all rounds',
      ratio: `within each round: natively to ${FLOOR}, in Node to ours`,
    },
    documents: results.map(({ name, bytes, json_bytes, native, node }) => ({
      name,
      bytes,
      json_bytes,
      native: { rounds: native.ours.length, contenders: figures(native, FLOOR) },
      node: { rounds: node.ours.length, contenders: figures(node, 'ours') },
    })),
    goals,
  };
  mkdirSync(dirname(file), { recursive: true });
  // Three digits say more than the machine's clock holds.
  const short = (_, value) => (typeof value === 'number' && !Number.isInteger(value) ? +value.toPrecision(4) : value);
  writeFileSync(file, `${JSON.stringify(report, short, 2)}\n`);
}

function byMedian(times) {
  return Object.entries(times).toSorted(([, a], [, b]) => summary(a).median - summary(b).median);
}

function label(place, contender) {
  if (place === 'native') return contender;
  return { ours: 'ours, as wasm', floor: `${FLOOR}, as wasm` }[contender] ?? contender;
}

function number(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
