import { expect, it } from "vitest";
import {
  coversPattern,
  type DestinationPattern,
  formatPattern,
  parsePattern,
  patternsOverlap,
} from "../../../../src/bridge/routing/pattern.ts";
import { PatternSet } from "../../../../src/bridge/routing/pattern-set.ts";

/** Every pattern of up to three words over a small alphabet. */
function allPatterns(): DestinationPattern[] {
  const words = ["a", "b", "*", ">"];
  const names = [
    ...words,
    ...words.flatMap((one) => words.map((two) => `${one}.${two}`)),
    ...words.flatMap((one) => words.flatMap((two) => words.map((three) => `${one}.${two}.${three}`))),
  ];
  const valid = names.filter((name) => !name.slice(0, -1).includes(">"));
  return valid.flatMap((name) => [parsePattern(`queue://${name}`), parsePattern(`topic://${name}`)]);
}

it("a set finds the same coverings and overlaps as a comparison with each of its patterns", () => {
  const all = allPatterns();
  // Each set leaves out other patterns, so that every answer is a no somewhere.
  for (let step = 2; step < 30; step += 1) {
    const some = all.filter((_, index) => (index * step) % 31 < 4);
    const set = new PatternSet(some);
    for (const pattern of all) {
      const others = some.filter((each) => formatPattern(each) !== formatPattern(pattern));
      const told = [set.coversOther(pattern), set.overlaps(pattern)];
      const expected = [
        others.some((each) => coversPattern(each, pattern)),
        some.some((each) => patternsOverlap(each, pattern)),
      ];
      expect([formatPattern(pattern), ...told]).toEqual([formatPattern(pattern), ...expected]);
    }
  }
});

it("a set keeps each pattern once, in the order given", () => {
  const set = new PatternSet(["queue://b", "queue://a", "queue://b", "topic://b"].map(parsePattern));
  expect(set.patterns.map(formatPattern)).toEqual(["queue://b", "queue://a", "topic://b"]);
});
