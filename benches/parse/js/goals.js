// The goals of the parser, and whether they hold.

import { ratios } from './statistics.js';

export const FLOOR = "quick-xml's bare loop";

/** Below this a document is mostly envelope, and the first goal does not ask for it. */
const KILOBYTE = 1000;

/** Each goal with a verdict for each document, from the times of all rounds. */
export function goals(results) {
  return [
    {
      goal: `natively at most 1.6 times ${FLOOR}, from 1 KB on`,
      verdicts: results
        .filter(({ bytes }) => bytes >= KILOBYTE)
        .map(({ name, native }) => verdict(name, ratios(native.ours, native[FLOOR]), (ratio) => ratio <= 1.6)),
    },
    {
      goal: 'as wasm in Node at least 8 times as fast as fast-xml-parser',
      verdicts: results.map(({ name, node }) =>
        verdict(name, ratios(node['fast-xml-parser'], node.ours), (ratio) => ratio >= 8),
      ),
    },
    {
      goal: 'as wasm in Node at least twice as fast as the fastest JavaScript parser that decodes entities',
      verdicts: results.map(({ name, node }) => {
        const [fastest, ratio] = Object.entries(node)
          .filter(([contender]) => !['ours', 'floor'].includes(contender))
          .map(([contender, times]) => [contender, ratios(times, node.ours)])
          .reduce((a, b) => (b[1].median < a[1].median ? b : a));
        return { ...verdict(name, ratio, (ratio) => ratio >= 2), than: fastest };
      }),
    },
  ];
}

function verdict(document, ratio, holds) {
  return { document, ratio, holds: holds(ratio.median) };
}
