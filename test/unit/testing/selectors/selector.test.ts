import { describe, expect, it } from "vitest";
import { compileSelector } from "../../../../src/testing/selectors/selector.ts";
import { SelectorError } from "../../../../src/testing/selectors/tokens.ts";
import { expectedSelections, NO_SELECTORS, SELECTOR_CASES } from "../../../support/selector-cases.ts";

const [asSent, asTexts] = [
  expectedSelections({ asTexts: false, convertTexts: false }),
  expectedSelections({ asTexts: true, convertTexts: true }),
];

describe("a selector", () => {
  it.each(SELECTOR_CASES)(
    "$selector selects what real brokers select",
    ({ selector, selects, overStomp = selects }) => {
      expect([asSent[selector], asTexts[selector]]).toEqual([selects, overStomp]);
    },
  );

  it.each(NO_SELECTORS)("%s is refused with a reason", (text) => {
    expect(() => compileSelector(text)).toThrow(SelectorError);
  });

  it("is refused when it is nested too deep or too long, not answered by an overflowing stack", () => {
    for (const text of ["(".repeat(50_000), "NOT ".repeat(50_000), `a = 1${" OR a = 1".repeat(50_000)}`])
      expect(() => compileSelector(text)).toThrow(SelectorError);
  });

  it("compares texts of unlike types as false, so that their negation is true, and what is missing as unknown", () => {
    const selects = (text: string) => compileSelector(text)((name) => (name === "t" ? "1" : null));
    expect([selects("t = 1"), selects("t <> 1"), selects("m <> 1"), selects("NOT (m = 1)")]).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  it("matches % in time that does not explode with their number", () => {
    const selects = compileSelector(`t LIKE '${"%a".repeat(500)}%b'`);
    expect(selects(() => "a".repeat(5_000))).toBe(false);
  });

  it("compares a long text that is almost a number in time linear in its length", () => {
    const selects = compileSelector("t > 1.5", { convertTexts: true });
    // A pattern that tries every split of the digits takes minutes for this one.
    expect(selects(() => `${"1".repeat(200_000)}x`)).toBe(false);
    expect(["1", "+1", "2.", "2.5", ".5", "-.5", ".", "1.2.3", ""].map((text) => selects(() => text))).toEqual(
      ["1", "+1", "2.", "2.5", ".5", "-.5", ".", "1.2.3", ""].map((text) => ["2.", "2.5"].includes(text)),
    );
  });
});
