import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { pause, startTimer } from "../../../src/async/timer.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

it("acts once, when the time has passed and not before", () => {
  const act = vi.fn();
  startTimer(100, act);
  vi.advanceTimersByTime(99);
  expect(act).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  expect(act).toHaveBeenCalledTimes(1);
});

it("waits longer than Node's timers can", () => {
  const act = vi.fn();
  const month = 31 * 24 * 3_600_000;
  startTimer(month, act);
  vi.advanceTimersByTime(month - 1);
  expect(act).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(act).toHaveBeenCalledTimes(1);
});

it("never acts for Infinity, nor once it is cancelled, and keeps no timer then", () => {
  const act = vi.fn();
  const cancel = startTimer(Number.POSITIVE_INFINITY, act);
  vi.advanceTimersByTime(10 * 2 ** 31);
  expect(vi.getTimerCount()).toBe(1);
  cancel();
  startTimer(5, act)();
  vi.advanceTimersByTime(10);
  expect(act).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});

it.each([0, -5, Number.NaN])("acts soon, and never in the call itself, for %s ms", (ms) => {
  const act = vi.fn();
  startTimer(ms, act);
  expect(act).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2);
  expect(act).toHaveBeenCalledTimes(1);
});

it("pauses for the time, or until the signal fires, and tells which, and keeps no timer", async () => {
  const ending = new AbortController();
  const whole = pause(100, ending.signal);
  const cut = pause(1_000, ending.signal);
  vi.advanceTimersByTime(100);
  expect(await whole).toBe(true);
  ending.abort();
  expect(await cut).toBe(false);
  expect(await pause(1_000, ending.signal)).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
