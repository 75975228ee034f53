/** How often a program that waits is told. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tellWhileWaiting } from "../../../../src/transport/search/tell-while-waiting.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("whoever waits for a session", () => {
  it("is told after 1, 2, 4, 8, 16 and 32 s, then every 30 s", async () => {
    const told: number[] = [];
    const stop = tellWhileWaiting((waitedMs) => told.push(Math.round(waitedMs / 1000)));
    await vi.advanceTimersByTimeAsync(125_000);
    expect(told).toEqual([1, 2, 4, 8, 16, 32, 62, 92, 122]);
    stop();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(told).toHaveLength(9);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("may end the waiting when told", async () => {
    let times = 0;
    const stop = tellWhileWaiting(() => {
      times += 1;
      stop();
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([times, vi.getTimerCount()]).toEqual([1, 0]);
  });
});
