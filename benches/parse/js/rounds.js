// Rounds, as in ../native/src/rounds.rs: each contender has its turn in each.

/** Below this a median says little. */
const FEWEST_ROUNDS = 15;

/**
 * For each contender the microseconds that one run took, round by round.
 *
 * A turn takes `milliseconds` at least, the rounds `seconds` in all.
 */
export function run(contenders, document, { seconds, milliseconds, warmUp }) {
  const entries = Object.entries(contenders).map(([name, contender]) => {
    const run = (runs) => {
      const start = performance.now();
      for (let left = runs; left > 0; left--) kept = contender(document);
      return performance.now() - start;
    };
    return { name, run, runs: runsIn(run, milliseconds, warmUp), times: [] };
  });
  const start = performance.now();
  for (let round = 0; round < FEWEST_ROUNDS || performance.now() - start < seconds * 1e3; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      // Nobody is always the one who has to collect the greatest waster's garbage.
      const { run, runs, times } = entries[(round + turn) % entries.length];
      times.push((run(runs) * 1e3) / runs);
    }
  }
  return Object.fromEntries(entries.map(({ name, times }) => [name, times]));
}

/** The last result, so that no run can be left out as useless. */
export let kept;

/** How many runs fill a turn, once the compiler is done with them. */
function runsIn(run, milliseconds, warmUp) {
  const start = performance.now();
  let runs = 1;
  let taken = run(runs);
  while (taken < milliseconds || performance.now() - start < warmUp * 1e3) {
    if (taken < milliseconds) runs *= 2;
    taken = run(runs);
  }
  return runs;
}
