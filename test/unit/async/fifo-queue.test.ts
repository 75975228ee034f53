import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FifoQueue } from "../../../src/async/fifo-queue.ts";

describe("a waiting line", () => {
  it("gives out what came first, first, and nothing when it is empty", () => {
    const line = new FifoQueue<{ n: number }>();
    expect([line.size, line.peek(), line.shift()]).toEqual([0, undefined, undefined]);
    for (let n = 0; n < 5_000; n++) line.push({ n });
    expect([line.size, line.peek()?.n]).toEqual([5_000, 0]);
    expect(Array.from({ length: 4_999 }, () => line.shift()?.n)).toEqual(Array.from({ length: 4_999 }, (_, n) => n));
    line.push({ n: 5_000 });
    expect(line.drain().map(({ n }) => n)).toEqual([4_999, 5_000]);
    expect([line.size, line.shift()]).toEqual([0, undefined]);
  });

  it("behaves as an array does, whoever leaves from wherever", () => {
    const command = fc.oneof(fc.constantFrom("push", "shift", "drain"), fc.nat(500));
    fc.assert(
      fc.property(fc.array(command, { maxLength: 600 }), (commands) => {
        const line = new FifoQueue<{ left: boolean }>(({ left }) => left);
        let model: { left: boolean }[] = [];
        for (const next of commands) {
          if (next === "shift") expect(line.shift()).toBe(model.shift());
          else if (next === "drain") expect(line.drain()).toEqual(model.splice(0));
          else if (next === "push") model.push(pushTo(line));
          else {
            const leaver = model[next];
            if (leaver) leaver.left = true;
            if (leaver) line.noteLeft();
            model = model.filter((item) => item !== leaver);
          }
          expect(line.size).toBe(model.length);
          expect(line.peek()).toBe(model[0]);
        }
      }),
    );
  });

  it("lets go of what has left, however long the first one stays", async () => {
    const line = new FifoQueue<{ left: boolean; ballast: Uint8Array }>(({ left }) => left);
    const first = { left: false, ballast: new Uint8Array(1) };
    line.push(first);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 5_000; i++) {
      const item = { left: false, ballast: new Uint8Array(100_000) };
      line.push(item);
      item.left = true;
      line.noteLeft();
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(line.size).toBe(1);
    // 500 MB went through; what a collection has not yet come to may remain.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300_000_000);
    expect(line.shift()).toBe(first);
  });
});

function pushTo(line: FifoQueue<{ left: boolean }>): { left: boolean } {
  const item = { left: false };
  line.push(item);
  return item;
}
