/** The hint in errors about unknown names. */
import { describe, expect, it } from "vitest";
import { nearestName } from "../../../src/errors/nearest-name.ts";

const KNOWN = ["randomize", "maxReconnectDelay", "timeout", "maxReconnectAttempts"];

describe("nearestName", () => {
  it.each([
    ["randomise", "randomize"],
    ["RANDOMIZE", "randomize"],
    ["tiemout", "timeout"],
    ["maxReconnectAttempt", "maxReconnectAttempts"],
    ["reconnectDelay", "maxReconnectDelay"],
  ])("finds for %s the name %s", (name, nearest) => {
    expect(nearestName(name, KNOWN)).toBe(nearest);
  });

  it.each(["", "z", "wireFormat", "🙂"])("finds nothing like %s", (name) => {
    expect(nearestName(name, KNOWN)).toBeUndefined();
  });

  it("takes the first of equally near names", () => {
    expect(nearestName("ad", ["ab", "ac"])).toBe("ab");
  });

  it("answers for a name of any length", () => {
    expect(nearestName("x".repeat(1_000_000), KNOWN)).toBeUndefined();
  });
});
