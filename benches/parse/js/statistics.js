// Medians and spread.

/** `{median, min, max}` of some numbers. */
export function summary(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}

/** Round by round, how many times as long `a` took as `b`. */
export function ratios(a, b) {
  return summary(a.map((time, round) => time / b[round]));
}
