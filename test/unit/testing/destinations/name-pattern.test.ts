import { describe, expect, it } from "vitest";
import { isPattern, matchesPattern } from "../../../../src/testing/destinations/name-pattern.ts";

describe("matchesPattern", () => {
  // As Classic's DestinationFilter answered.
  it.each([
    [">", ["A", "A.B", "A.B.C"], []],
    ["*", ["A"], ["A.B"]],
    ["A.>", ["A", "A.B", "A.B.C"], ["AB", "B"]],
    ["A.B.>", ["A.B", "A.B.C"], ["A"]],
    ["A.*", ["A.B", "A."], ["A", "A.B.C"]],
    ["A.*.C", ["A.B.C"], ["A.B"]],
    ["A.*.>", ["A.B", "A.B.C"], ["A"]],
    ["*.>", ["A", "A.B"], []],
    ["A.*.B", ["A..B"], ["A.B"]],
  ])("takes %s as Classic does", (pattern, matching, others) => {
    expect(isPattern(pattern)).toBe(true);
    expect(matching.filter((name) => !matchesPattern(pattern, name))).toEqual([]);
    expect(others.filter((name) => matchesPattern(pattern, name))).toEqual([]);
  });

  it.each(["A", "A.B", "A*", "A.B*", "A.>>", "A.**"])("takes %s literally", (name) => {
    expect(isPattern(name)).toBe(false);
  });
});
