import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LikePattern } from "../../../../src/testing/selectors/like-pattern.ts";
import { compileSelector } from "../../../../src/testing/selectors/selector.ts";
import { SelectorError } from "../../../../src/testing/selectors/tokens.ts";

/** What LIKE means, tried out in every way. */
function matches(pattern: string, text: string): boolean {
  const [first] = pattern;
  if (first === undefined) return text === "";
  const rest = pattern.slice(1);
  if (first === "%") return [...`${text}.`].some((_, at) => matches(rest, text.slice(at)));
  return text !== "" && (first === "_" || first === text[0]) && matches(rest, text.slice(1));
}

const texts = (characters: string, maxLength: number) => fc.string({ unit: fc.constantFrom(...characters), maxLength });

describe("a pattern of LIKE", () => {
  it("matches what every way of trying it out matches", () => {
    fc.assert(
      fc.property(texts("ab%_", 8), texts("ab", 12), (pattern, text) => {
        expect(new LikePattern(pattern, undefined).matches(text)).toBe(matches(pattern, text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes escaped wildcards as they are, and a character outside the basic plane as one", () => {
    const escaped = new LikePattern("!%a!_!!%", "!");
    expect(["%a_!", "%a_!b", "xa_!", "%ab!"].map((text) => escaped.matches(text))).toEqual([true, true, false, false]);
    expect(new LikePattern("_%é", undefined).matches("😀é")).toBe(true);
  });

  it("is refused as an invalid selector past 1,024 characters", () => {
    expect(() => compileSelector(`t LIKE '${"a".repeat(1_025)}'`)).toThrow(SelectorError);
    expect(compileSelector(`t LIKE '${"a".repeat(1_024)}'`)(() => "a".repeat(1_024))).toBe(true);
  });

  it("without _ is searched in time linear in the text, also one whose beginnings repeat", () => {
    // Starting anew at each of the 4,000,000 characters takes four thousand million steps.
    const text = "a".repeat(4_000_000);
    for (const pattern of [`%${"a".repeat(1_000)}b`, `%${"a".repeat(1_000)}b%`])
      expect(new LikePattern(pattern, undefined).matches(text)).toBe(false);
  });
});
