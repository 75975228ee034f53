import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FrameWatch } from "../../../../../src/adapters/stomp/frames/frame-watch.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "performance"] }));
afterEach(() => void vi.useRealTimers());

function watched() {
  let stuck = 0;
  const watch = new FrameWatch(() => stuck++);
  return { watch, frame: {}, stuck: () => stuck };
}

describe("a frame whose body has not come whole", () => {
  it("is stuck when it brings nothing but heart-beats and receipts for ten seconds", async () => {
    const { watch, frame, stuck } = watched();
    watch.read(5000, frame);
    for (let second = 0; second < 9; second++) {
      watch.read(30, frame);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(stuck()).toBe(0);
    await vi.advanceTimersByTimeAsync(4000);
    expect(stuck()).toBe(1);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(stuck()).toBe(1);
  });

  it("is not stuck while its body is on its way, however slow", async () => {
    const { watch, frame, stuck } = watched();
    for (let second = 0; second < 300; second++) {
      watch.read(1000, frame);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(stuck()).toBe(0);
  });

  it("is given a minute when the peer says nothing at all", async () => {
    const { watch, frame, stuck } = watched();
    watch.read(5000, frame);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(stuck()).toBe(0);
    await vi.advanceTimersByTimeAsync(5000);
    expect(stuck()).toBe(1);
  });

  it("leaves no timer behind when it is finished, or the watch ends", async () => {
    const { watch, frame, stuck } = watched();
    watch.read(10, frame);
    watch.read(10, undefined);
    await vi.advanceTimersByTimeAsync(3000);
    expect(vi.getTimerCount()).toBe(0);
    watch.read(10, {});
    watch.end();
    expect(vi.getTimerCount()).toBe(0);
    expect(stuck()).toBe(0);
  });
});
