/** Who may speak when. Order and ratios only: the timers are real. */
import { describe, expect, it } from "vitest";
import { SpeakingTurns } from "../../../../src/transport/dial/speaking-turns.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Named attempts and the order in which they came to speak. */
function stage(staggerMs: number) {
  const turns = new SpeakingTurns(staggerMs);
  const spoke: string[] = [];
  const attempts = new Map<string, object>();
  const attempt = (name: string) => {
    const known = attempts.get(name) ?? { name };
    attempts.set(name, known);
    return known;
  };
  return {
    spoke,
    turns,
    take: (name: string) => turns.take(attempt(name)).then(() => void spoke.push(name)),
    leave: (name: string) => turns.leave(attempt(name)),
  };
}

describe("SpeakingTurns", () => {
  it("lets the first speak at once", async () => {
    const { take, spoke, leave } = stage(60_000);
    await take("a");
    expect(spoke).toEqual(["a"]);
    leave("a");
  });

  it("holds the second back until the first has been silent for a stagger", async () => {
    const { take, spoke } = stage(120);
    await take("a");
    const from = performance.now();
    const second = take("b");
    await pause(40);
    expect(spoke).toEqual(["a"]);
    await second;
    expect(performance.now() - from).toBeGreaterThan(100);
  });

  it("lets the second speak as soon as the first has answered", async () => {
    const { take, spoke, leave } = stage(60_000);
    await take("a");
    const second = take("b");
    leave("a");
    await second;
    expect(spoke).toEqual(["a", "b"]);
    leave("b");
  });

  it("counts the stagger from the one who spoke last", async () => {
    const { take, spoke } = stage(100);
    await take("a");
    const from = performance.now();
    await Promise.all([take("b"), take("c")]);
    expect(spoke).toEqual(["a", "b", "c"]);
    expect(performance.now() - from).toBeGreaterThan(180);
  });

  it("does not wait for one that has not connected", async () => {
    const { take, spoke, leave } = stage(60_000);
    await take("b");
    expect(spoke).toEqual(["b"]);
    leave("b");
  });

  it("passes over one that left while it waited", async () => {
    const { take, spoke, leave } = stage(60_000);
    await take("a");
    void take("b");
    const third = take("c");
    leave("b");
    leave("a");
    await third;
    expect(spoke).toEqual(["a", "c"]);
    leave("c");
  });

  it("lets everyone speak at once with a stagger of 0", async () => {
    const { take, spoke } = stage(0);
    await Promise.all([take("a"), take("b"), take("c")]);
    expect(spoke).toEqual(["a", "b", "c"]);
  });

  it("lets nobody speak after its end, neither by time nor by an answer, and keeps no timer", async () => {
    const { take, spoke, leave, turns } = stage(30);
    await take("a");
    void take("b");
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();
    turns.end();
    expect(timers()).toBe(before - 1);
    leave("a");
    void take("c");
    await pause(80);
    expect(spoke).toEqual(["a"]);
  });
});
