import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { SpacedCalls } from "../../../src/async/spaced-calls.ts";

let calls: number;
let spaced: SpacedCalls;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate", "performance"] });
  calls = 0;
  spaced = new SpacedCalls(() => {
    calls += 1;
  }, 100);
});
afterEach(() => {
  vi.useRealTimers();
});

it("requests that fall together are one call, and what comes soon after waits for the next", () => {
  spaced.request();
  spaced.request();
  expect(calls).toBe(0);
  vi.advanceTimersByTime(0);
  expect(calls).toBe(1);
  spaced.request();
  spaced.request();
  vi.advanceTimersByTime(99);
  expect(calls).toBe(1);
  vi.advanceTimersByTime(1);
  expect(calls).toBe(2);
});

it("a call that was cancelled is not made, neither the first nor one that waits, and leaves no timer", () => {
  spaced.request();
  spaced.cancel();
  vi.advanceTimersByTime(1_000);
  expect(calls).toBe(0);
  spaced.request();
  vi.advanceTimersByTime(0);
  spaced.request();
  spaced.cancel();
  expect(vi.getTimerCount()).toBe(0);
  expect(calls).toBe(1);
});
