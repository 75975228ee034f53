/** The machine's monotonic clock, which all its processes share: `performance.now()` counts from the start of each. */

/** Milliseconds; comparable with those of other processes, and with nothing else. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
