import { describe, expect, it } from "vitest";
import { destinationFrom } from "../../../../src/testing/destinations/destination-name.ts";

describe("destinationFrom", () => {
  it.each([
    ["queue://orders", { kind: "queue", name: "orders" }],
    ["/topic/prices.eur", { kind: "topic", name: "prices.eur" }],
    ["orders", { kind: "queue", name: "orders" }],
    ["queue://a*b", { kind: "queue", name: "a*b" }],
  ])("takes %s", (text, destination) => {
    expect(destinationFrom(text)).toEqual(destination);
  });

  it.each([
    ["/temp-queue/x", "temporary destinations"],
    ["temp-topic://x", "temporary destinations"],
    ["/remote-temp-queue/x", "temporary destinations"],
    ["topic://prices.>", "wildcards"],
    ["topic://prices.*.eur", "wildcards"],
    ["topic://#", "wildcards"],
    ["queue://a,b", "composite destinations"],
  ])("refuses %s by name", (text, what) => {
    expect(() => destinationFrom(text)).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED",
        condition: "amqp:not-implemented",
        message: expect.stringContaining(what),
      }),
    );
  });

  it("refuses what is no destination", () => {
    expect(() => destinationFrom("")).toThrow(expect.objectContaining({ condition: "amqp:invalid-field" }));
  });
});
