/** Wildcards laid over wildcards: what two patterns have in common. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commonPattern, patternCovers, patternsOverlap } from "../../../../src/topology/network/destinations.ts";

describe("the pattern that two patterns have in common", () => {
  it.each([
    ["queue://orders.>", "queue://*.eu", "queue://orders.eu"],
    ["queue://orders.>", "queue://>", "queue://orders.>"],
    ["queue://a.*.c.>", "queue://a.b.*", "queue://a.b.c"],
    ["queue://*.b", "queue://a.*", "queue://a.b"],
    ["queue://a.>", "queue://a", "queue://a"],
    ["queue://a.#", "queue://a.b.>", "queue://a.b.>"],
    ["queue://a.*", "queue://a", undefined],
    ["queue://a.b", "queue://a.c", undefined],
    ["queue://a", "topic://a", undefined],
    ["orders", "queue://orders", "queue://orders"],
  ])("of %s and %s is %s", (a, b, common) => {
    expect(commonPattern(a, b)).toBe(common);
    expect(commonPattern(b, a)).toBe(common);
  });

  const name = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 });
  const pattern = fc
    .tuple(fc.array(fc.constantFrom("a", "b", "*"), { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([words, open]) => [...words, ...(open ? [">"] : [])]);

  it("matches exactly the names that both match, whatever the patterns", () => {
    fc.assert(
      fc.property(pattern, pattern, name, (a, b, words) => {
        const both = matches(a, words) && matches(b, words);
        const common = commonPattern(`queue://${a.join(".")}`, `queue://${b.join(".")}`);
        expect(common !== undefined && matches(common.slice(8).split("."), words)).toBe(both);
      }),
    );
  });

  it("is the inner pattern where the outer one covers it, whatever the patterns", () => {
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        const [outer, inner] = [`queue://${a.join(".")}`, `queue://${b.join(".")}`];
        if (patternCovers(outer, inner)) expect(commonPattern(outer, inner)).toBe(inner);
        if (!patternsOverlap(outer, inner)) expect(patternCovers(outer, inner)).toBe(false);
      }),
    );
  });
});

/** A second, plainer matcher of names to hold the first one against. */
function matches(pattern: readonly string[], name: readonly string[]): boolean {
  const source = pattern.map((word) => ({ ">": "(\\.\\w+)*", "*": "\\.\\w+" })[word] ?? `\\.${word}`).join("");
  return new RegExp(`^${source}$`).test(name.map((word) => `.${word}`).join(""));
}
