/** Converts moments measured with `performance.now()` to times of day, which can be found in a log. */

/** Returns the time of day of a moment of `performance.now()`, by the present setting of the system clock. */
export function timeOfDay(atMs: number): Date {
  // Date cuts off parts of a millisecond: without the floor, a moment could get an earlier time than the one before it.
  return new Date(Date.now() - Math.floor(performance.now() - atMs));
}
