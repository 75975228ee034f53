import { describe, expect, it } from "vitest";
import {
  coversPattern,
  formatPattern,
  intersectPatterns,
  matchPattern,
  parsePattern,
} from "../../../../src/bridge/routing/pattern.ts";

const both = (a: string, b: string) => {
  const found = intersectPatterns(parsePattern(a), parsePattern(b));
  return found && formatPattern(found);
};

describe("what two patterns have in common", () => {
  it.each([
    ["queue://a.*", "queue://a.b", "queue://a.b"],
    ["queue://a.>", "queue://a.b.*", "queue://a.b.*"],
    ["queue://a.>", "queue://a", "queue://a"],
    ["queue://*.b", "queue://a.*", "queue://a.b"],
    ["queue://*.>", "queue://a.>", "queue://a.>"],
    ["queue://a.*.c.>", "queue://*.b.>", "queue://a.b.c.>"],
    ["queue://a.b", "queue://a.c", undefined],
    ["queue://a.*", "queue://a.b.c", undefined],
    ["queue://a", "topic://a", undefined],
  ])("%s and %s is %s, whichever comes first", (a, b, expected) => {
    expect([both(a, b), both(b, a)]).toEqual([expected, expected]);
  });

  it("matches a name exactly when both patterns do", () => {
    const texts = ["a", "*", ">", "a.*", "a.>", "*.b", "*.>", "a.b", "a.*.>", "*.b.*"];
    const names = ["a", "b", "a.b", "b.b", "a.c", "a.b.c", "b.b.b"].map((name) => ({ kind: "queue", name }) as const);
    const patterns = texts.map((text) => parsePattern(`queue://${text}`));
    for (const a of patterns)
      for (const b of patterns)
        for (const name of names) {
          const common = intersectPatterns(a, b);
          const expected = matchPattern(a, name) !== undefined && matchPattern(b, name) !== undefined;
          expect([a.name, b.name, name.name, (common && matchPattern(common, name)) !== undefined]).toEqual([
            a.name,
            b.name,
            name.name,
            expected,
          ]);
        }
  });

  it("is the smaller one where the other covers it", () => {
    const covers = (a: string, b: string) => coversPattern(parsePattern(a), parsePattern(b));
    expect([covers("queue://a.>", "queue://a.b.*"), covers("queue://a.b.*", "queue://a.>")]).toEqual([true, false]);
    expect([covers("queue://a.*", "queue://*.b"), covers("queue://a", "topic://a")]).toEqual([false, false]);
  });
});
