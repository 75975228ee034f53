import { describe, expect, it } from "vitest";
import { wantedSources } from "../../../../src/bridge/demand/wanted-sources.ts";
import { formatPattern, parsePattern } from "../../../../src/bridge/routing/pattern.ts";
import { type RouteRules, reverseRouteOf, routeOf } from "../../../../src/bridge/routing/route.ts";

function wanted(
  rules: RouteRules,
  demanded: readonly string[],
  { queueWildcards = true, back = false } = {},
): string[] {
  const route = back ? reverseRouteOf(rules) : routeOf(rules);
  return wantedSources({ route, queueWildcards }, demanded.map(parsePattern)).map(formatPattern);
}

describe("what is taken for the consumers of the target group", () => {
  const orders = { include: ["queue://orders.>"], exclude: ["queue://orders.tmp.>"], static: ["queue://orders.audit"] };

  it("is the static destinations alone while there is no consumer", () => {
    expect(wanted(orders, [])).toEqual(["queue://orders.audit"]);
  });

  it("is static ones and those with a consumer, and never what is excluded or not included", () => {
    const consumers = ["queue://orders.new", "queue://orders.tmp.1", "queue://other", "topic://orders.new"];
    expect(wanted(orders, consumers)).toEqual(["queue://orders.audit", "queue://orders.new"]);
  });

  it("of a consumer with a wildcard is what both it and the link cover, once", () => {
    expect(wanted({ include: ["queue://a.>"] }, ["queue://a.b.>", "queue://a.b.c", "queue://*.x"])).toEqual([
      "queue://a.b.>",
      "queue://a.x",
    ]);
    expect(wanted(orders, ["queue://>"])).toEqual(["queue://orders.>"]);
    expect(wanted({ include: ["queue://a.>"], exclude: ["queue://a.>"] }, ["queue://>"])).toEqual([]);
  });

  it("has no wildcard over queues where the source knows none", () => {
    const consumers = ["queue://a.>", "queue://a.b", "topic://p.>"];
    const rules = { include: ["queue://a.>", "topic://p.>"] };
    expect(wanted(rules, consumers, { queueWildcards: false })).toEqual(["queue://a.b", "topic://p.>"]);
  });

  it("is found by undoing the renames, for names and for wildcards", () => {
    const rules = { include: ["queue://orders.*"], rename: [{ from: "queue://orders.*", to: "queue://eu.$1.in" }] };
    expect(wanted(rules, ["queue://eu.new.in", "queue://orders.new"])).toEqual(["queue://orders.new"]);
    expect(wanted(rules, ["queue://eu.>"])).toEqual(["queue://orders.*"]);
    // Under their old names nothing arrives.
    expect(wanted(rules, ["queue://orders.>"])).toEqual([]);
    expect(wanted(rules, ["queue://orders.new"], { back: true })).toEqual(["queue://eu.new.in"]);
  });

  it("follows the kind that the link gives to destinations at the target", () => {
    expect(wanted({ include: ["topic://a"], as: "queue" }, ["queue://a"])).toEqual(["topic://a"]);
    expect(wanted({ include: ["topic://a"], as: "queue" }, ["topic://a"])).toEqual([]);
  });

  it("of topics never overlaps, so that no message is brought twice", () => {
    const rules = { include: ["topic://p.>"] };
    expect(wanted(rules, ["topic://p.a", "topic://p.>"])).toEqual(["topic://p.>"]);
    expect(wanted(rules, ["topic://p.*.x", "topic://p.y.*", "topic://p.a"])).toEqual(["topic://p.>"]);
    expect(wanted({ include: ["topic://p.>"], static: ["topic://p.a"] }, ["topic://p.*"])).toEqual(["topic://p.*"]);
  });
});
