/** The clock on the wall for what is measured by `performance.now()`, which nobody can find in a log. */

/** The time of day of a moment of `performance.now()`, as the clock goes now. */
export function timeOfDay(atMs: number): Date {
  // Whole milliseconds, as Date counts them: a part of one would put it before what came before it.
  return new Date(Date.now() - Math.floor(performance.now() - atMs));
}
