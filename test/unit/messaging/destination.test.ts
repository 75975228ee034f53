import { describe, expect, it } from "vitest";
import { formatDestination, parseDestination } from "../../../src/messaging/destination.ts";

describe("a destination", () => {
  it.each([
    ["queue://orders", "queue", "orders"],
    ["topic://prices.>", "topic", "prices.>"],
    ["/queue/orders", "queue", "orders"],
    ["/topic/prices", "topic", "prices"],
    ["orders", "queue", "orders"],
    ["orders/eu", "queue", "orders/eu"],
    ["queue://a b?c=d", "queue", "a b?c=d"],
    ["Größe", "queue", "Größe"],
  ])("%s is a %s named %s", (text, kind, name) => {
    expect(parseDestination(text)).toEqual({ kind, name });
    expect(parseDestination(formatDestination(parseDestination(text)))).toEqual({ kind, name });
  });

  it.each([
    ["", /has no name/],
    ["queue://", /has no name/],
    ["/topic/", /has no name/],
    ["temp-queue://x", /Unknown kind of destination/],
    ["amqp://host/x", /write queue:\/\/NAME or topic:\/\/NAME/],
    ["a\nb", /control character/],
    ["queue://a\u0000", /control character/],
  ])("%j is none", (text, reason) => {
    expect(() => parseDestination(text)).toThrow(reason);
  });
});
