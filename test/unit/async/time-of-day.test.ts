/** Moments of performance.now() by the clock on the wall. */
import { expect, it } from "vitest";
import { timeOfDay } from "../../../src/async/time-of-day.ts";

it("tells moments in their order and with their distance, up to now", () => {
  const nowMs = performance.now();
  const [before, then, now] = [Date.now(), timeOfDay(nowMs - 60_000), timeOfDay(nowMs)];
  // Date counts whole milliseconds.
  expect(Math.abs(now.getTime() - then.getTime() - 60_000)).toBeLessThanOrEqual(2);
  expect(now.getTime()).toBeGreaterThanOrEqual(before - 2);
  expect(now.getTime()).toBeLessThanOrEqual(Date.now() + 2);
});
