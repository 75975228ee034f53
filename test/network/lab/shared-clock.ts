/**
 * The machine's monotonic clock, which all processes share. `performance.now()`, in contrast, counts from the start of
 * each process.
 */

/** Returns milliseconds, comparable only with those of other processes on this machine. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
