/** How long a service was away, as seen by somebody who asks all the time. */

/** The longest time between two of `times` (ascending) that reaches into the span; up to `untilMs` where nothing came after. */
export function longestGap(times: readonly number[], fromMs: number, untilMs: number): number {
  let longest = 0;
  let before = fromMs;
  for (const at of times) {
    if (at <= fromMs) {
      before = at;
      continue;
    }
    longest = Math.max(longest, at - before);
    before = at;
    if (at >= untilMs) return longest;
  }
  return Math.max(longest, untilMs - before);
}
