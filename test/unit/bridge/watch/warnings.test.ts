import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Warnings } from "../../../../src/bridge/watch/warnings.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const warning = (link: string, code = "C") => ({ link, group: "g", code, message: "m" });

it("a warning of one link, group and code is told once an hour", () => {
  const warnings = new Warnings();
  expect([warning("a"), warning("a"), warning("b"), warning("a", "D")].map((each) => warnings.add(each))).toEqual([
    true,
    false,
    true,
    true,
  ]);
  vi.advanceTimersByTime(3_600_000);
  expect(warnings.add(warning("a"))).toBe(true);
});

it("the last fifty warnings are kept", () => {
  const warnings = new Warnings();
  for (let n = 0; n < 60; n += 1) warnings.add(warning(`${n}`));
  expect(warnings.last.map(({ link }) => link)).toEqual(Array.from({ length: 50 }, (_, n) => `${n + 10}`));
});
