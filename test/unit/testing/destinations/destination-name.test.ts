import { describe, expect, it } from "vitest";
import { destinationFrom } from "../../../../src/testing/destinations/destination-name.ts";

describe("destinationFrom", () => {
  it.each([
    ["queue://orders", { kind: "queue", name: "orders" }],
    ["/topic/prices.eur", { kind: "topic", name: "prices.eur" }],
    ["orders", { kind: "queue", name: "orders" }],
    ["queue://a*b", { kind: "queue", name: "a*b" }],
    ["topic://prices.>", { kind: "topic", name: "prices.>" }],
    ["topic://prices.*.eur", { kind: "topic", name: "prices.*.eur" }],
    ["queue://a,topic://b", { kind: "queue", name: "a,topic://b" }],
    ["/remote-temp-queue/ID:x", { kind: "temp-queue", name: "ID:x" }],
    ["temp-queue://ID:x", { kind: "temp-queue", name: "ID:x" }],
  ])("takes %s", (text, destination) => {
    expect(destinationFrom(text)).toEqual(destination);
  });

  it.each([
    ["temp-topic://x", "temporary topics"],
    ["/temp-topic/x", "temporary topics"],
    ["/remote-temp-topic/x", "temporary topics"],
    ["topic://#", "the wildcard #"],
    ["topic://a,topic://b.#", "the wildcard #"],
    ["topic://a.>.b", "wildcards > before the end"],
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
