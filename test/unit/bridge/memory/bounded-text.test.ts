import { expect, it } from "vitest";
import { boundedId, ownedText } from "../../../../src/bridge/memory/bounded-text.ts";

it("an id of 512 characters is kept as it is, and a longer one as a hash that tells it from every other", () => {
  const [short, long] = ["x".repeat(512), "x".repeat(513)];
  expect(boundedId(short)).toBe(short);
  expect(boundedId(long)).toMatch(/^sha256:.{43}$/);
  expect(boundedId(long)).not.toBe(boundedId(`${long}x`));
  // A hash is short: it stands for itself.
  expect(boundedId(boundedId(long))).toBe(boundedId(long));
});

it("a text that is too long ends with an ellipsis at its limit", () => {
  expect(ownedText("12345", 5)).toBe("12345");
  expect(ownedText("123456", 5)).toBe("1234…");
});
