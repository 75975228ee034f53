import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WriteGatherer } from "../../../../src/transport/socket/write-gatherer.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

function gatherer() {
  const writes: Buffer[] = [];
  return { writes, gatherer: new WriteGatherer((chunk) => writes.push(chunk)) };
}

describe("what is gathered", () => {
  it("goes out in order, texts and bytes, over any mix of sizes and turns", async () => {
    const piece = fc.record({
      text: fc.boolean(),
      size: fc.oneof(fc.nat({ max: 300 }), fc.constantFrom(5_461, 5_462, 16_383, 16_384, 70_000)),
      unit: fc.constantFrom("a", "é", "😀"),
      newTurn: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const { writes, gatherer: gathered } = gatherer();
        const expected: string[] = [];
        for (const { text, size, unit, newTurn } of pieces) {
          const piece = unit.repeat(size);
          expected.push(piece);
          if (text) gathered.addText(piece);
          else gathered.add(Buffer.from(piece));
          if (newTurn) await turn();
        }
        await turn();
        expect(Buffer.concat(writes).equals(Buffer.from(expected.join("")))).toBe(true);
        expect(writes.every((chunk) => chunk.length > 0)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("of one turn is one write, but no more than 64 KiB wait", async () => {
    const { writes, gatherer: gathered } = gatherer();
    for (let nth = 0; nth < 300; nth++) gathered.add(Buffer.alloc(1000, nth));
    expect(writes.length).toBeGreaterThan(3);
    await turn();
    expect(writes.every(({ length }) => length <= 64 * 1024)).toBe(true);
    expect(writes.length).toBeLessThan(8);
  });

  it("is not copied when it is large, and not touched once it is written", async () => {
    const { writes, gatherer: gathered } = gatherer();
    const large = Buffer.alloc(20_000, "L");
    gathered.addText("before");
    gathered.add(large);
    gathered.addText("after");
    await turn();
    gathered.addText("later");
    await turn();
    expect(writes[1]).toBe(large);
    expect(writes.map(String)).toEqual(["before", String(large), "after", "later"]);
  });

  it("is dropped by clear()", async () => {
    const { writes, gatherer: gathered } = gatherer();
    gathered.addText("never");
    gathered.clear();
    await turn();
    expect(writes).toEqual([]);
  });

  it("has a filler go out at the end of a turn that writes nothing else, once", async () => {
    const { writes, gatherer: gathered } = gatherer();
    const filler = Buffer.from("\n");
    gathered.addFiller(filler);
    gathered.addFiller(filler);
    await turn();
    await turn();
    expect(writes.map(String)).toEqual(["\n"]);
  });

  it.each([
    ["a small piece", "a"],
    ["a large one", "L".repeat(16_384)],
  ])("leaves out a filler where the turn writes %s", async (_, piece) => {
    const { writes, gatherer: gathered } = gatherer();
    gathered.addFiller(Buffer.from("\n"));
    gathered.add(Buffer.from(piece));
    await turn();
    await turn();
    expect(writes.map(String)).toEqual([piece]);
  });

  it("leaves out a filler behind what the turn has gathered", async () => {
    const { writes, gatherer: gathered } = gatherer();
    gathered.addText("text");
    gathered.addFiller(Buffer.from("\n"));
    await turn();
    await turn();
    expect(writes.map(String)).toEqual(["text"]);
  });

  it("drops a filler when it is cleared", async () => {
    const { writes, gatherer: gathered } = gatherer();
    gathered.addFiller(Buffer.from("\n"));
    gathered.clear();
    await turn();
    expect(writes).toEqual([]);
  });
});
