import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pathSelector, readPath, whyNotOn, writePath } from "../../../../src/bridge/routing/path.ts";

describe("the path of a message", () => {
  it("is read as it was written, and anything else counts as full", () => {
    expect(readPath(undefined)).toEqual([]);
    expect(readPath(writePath(["north", "south"]))).toEqual(["north", "south"]);
    for (const odd of ["north", "||", "|north", "|a||b|", 5, true, `|${"x".repeat(3000)}|`, ""])
      expect(readPath(odd)).toBe("full");
  });

  it("never throws, whatever a sender has written", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), (value) => {
        const path = readPath(value);
        expect(typeof whyNotOn(path, { from: "a", to: "b", maxHops: 2 })).toMatch(/string|undefined/);
      }),
    );
  });

  it("stops a message that has been in the target, and one that came through as many groups as allowed", () => {
    expect(whyNotOn(["south"], { from: "north", to: "south", maxHops: 5 })).toContain("has been in south");
    expect(whyNotOn(["east"], { from: "north", to: "south", maxHops: 1 })).toContain("maxHops is 1");
    expect(whyNotOn(["east"], { from: "north", to: "south", maxHops: 2 })).toBeUndefined();
  });

  it("is a selector that says the same", () => {
    const like = (pattern: string) => new RegExp(`^${pattern.replace(/[|]/g, "\\|").replace(/%/g, ".*")}$`);
    for (const maxHops of [1, 2, 3]) {
      const selector = pathSelector({ from: "a", to: "south", maxHops });
      const patterns = [...selector.matchAll(/(NOT )?LIKE '([^']+)'/g)].map(([, not, text]) => ({
        not,
        like: like(text ?? ""),
      }));
      for (const path of [["east"], ["south"], ["east", "west"], ["east", "south"], ["a", "b", "c"]]) {
        const text = writePath(path);
        const selected =
          patterns.length > 0 && patterns.every(({ not, like: pattern }) => pattern.test(text) !== (not !== undefined));
        expect([maxHops, path, selected]).toEqual([
          maxHops,
          path,
          whyNotOn(path, { from: "a", to: "south", maxHops }) === undefined,
        ]);
      }
    }
  });
});
