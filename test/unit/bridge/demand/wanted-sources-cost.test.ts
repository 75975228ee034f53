import { beforeEach, expect, it, vi } from "vitest";
import { wantedSources } from "../../../../src/bridge/demand/wanted-sources.ts";
import { type DestinationPattern, parsePattern } from "../../../../src/bridge/routing/pattern.ts";
import { routeOf } from "../../../../src/bridge/routing/route.ts";

/** How often one pattern was compared with another. */
const counted = vi.hoisted(() => ({ comparisons: 0 }));

vi.mock(import("../../../../src/bridge/routing/pattern.ts"), async (original) => {
  const real = await original();
  const count = <A extends unknown[], R>(compare: (...args: A) => R) => {
    return (...args: A): R => {
      counted.comparisons += 1;
      return compare(...args);
    };
  };
  return {
    ...real,
    patternsOverlap: count(real.patternsOverlap),
    coversPattern: count(real.coversPattern),
    intersectPatterns: count(real.intersectPatterns),
    matchPattern: count(real.matchPattern),
  };
});

beforeEach(() => {
  counted.comparisons = 0;
});

const route = routeOf({ include: ["queue://a.>", "topic://a.>"], static: ["queue://a.1"] });

function comparisonsFor(count: number, nameOf: (n: number) => string): number {
  const demanded: DestinationPattern[] = Array.from({ length: count }, (_, n) => parsePattern(nameOf(n)));
  counted.comparisons = 0;
  wantedSources({ route, queueWildcards: true }, demanded);
  return counted.comparisons;
}

it.each([
  ["queues", (n: number) => `queue://a.q${n}`],
  ["topics", (n: number) => `topic://a.t${n}`],
  ["wildcards of queues", (n: number) => `queue://a.q${n}.>`],
  ["wildcards of topics", (n: number) => `topic://a.*.t${n}.>`],
  ["wildcards of topics that cross", (n: number) => `topic://a.${"*.".repeat(n % 20)}t${n}.*`],
])("for %s with consumers the comparisons grow as their number does, and not as its square", (_, nameOf) => {
  const [few, many] = [comparisonsFor(500, nameOf), comparisonsFor(2_000, nameOf)];
  expect(few).toBeGreaterThan(500);
  expect(many / few).toBeLessThan(5);
});
