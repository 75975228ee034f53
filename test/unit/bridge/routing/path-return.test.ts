import { describe, expect, it } from "vitest";
import { mayReturn, returnSelector } from "../../../../src/bridge/routing/path.ts";

describe("a message that may go back", () => {
  const rule = { from: "south", to: "north", maxHops: 1, returns: true };

  it("came from the target straight away, and its link gives back", () => {
    expect(mayReturn(["north"], rule)).toBe(true);
    expect(mayReturn(["east", "north"], rule)).toBe(true);
    expect(mayReturn(["north", "east"], rule)).toBe(false);
    expect(mayReturn([], rule)).toBe(false);
    expect(mayReturn("full", rule)).toBe(false);
    expect(mayReturn(["north"], { ...rule, returns: false })).toBe(false);
  });

  it("is selected by the end of its path", () => {
    expect(returnSelector(rule)).toBe("MasterslavePath LIKE '%|north|'");
  });
});
