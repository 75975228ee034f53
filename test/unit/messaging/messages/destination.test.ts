import { describe, expect, it } from "vitest";
import { formatDestination, membersOf, parseDestination } from "../../../../src/messaging/messages/destination.ts";

describe("a destination", () => {
  it.each([
    ["queue://orders", "queue", "orders"],
    ["topic://prices.>", "topic", "prices.>"],
    ["/queue/orders", "queue", "orders"],
    ["/topic/prices", "topic", "prices"],
    ["temp-queue://ID:host-1:1", "temp-queue", "ID:host-1:1"],
    ["temp-topic://x", "temp-topic", "x"],
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
    ["temp-queue://", /has no name/],
    ["amqp://host/x", /write queue:\/\/NAME or topic:\/\/NAME/],
    ["topic:prices", /write queue:\/\/NAME or topic:\/\/NAME/],
    ["temp-queue:x", /Unknown kind of destination/],
    ["a\nb", /control character/],
    ["queue://a\u0000", /control character/],
  ])("%j is none", (text, reason) => {
    expect(() => parseDestination(text)).toThrow(reason);
  });

  it.each([
    [" m", '"m"'],
    ["m ", '"m"'],
    [" topic://m", '"topic://m"'],
    ["queue:// m", '"queue://m"'],
    ["/queue/m\u00a0", '"/queue/m"'],
  ])(
    "%j is refused, for brokers take its blank for a part of the name, and the error says to write %s",
    (text, mended) => {
      expect(() => parseDestination(text)).toThrow(`a blank before or after its name`);
      expect(() => parseDestination(text)).toThrow(`write ${mended}`);
    },
  );

  it.each(["", " ", "queue:// "])("%j has no name to mend", (text) => {
    expect(() => parseDestination(text)).toThrow(/has no name/);
  });

  it.each([
    ["queue://a,b", ["queue://a", "queue://b"]],
    ["queue://a, topic://b,/queue/c", ["queue://a", "topic://b", "queue://c"]],
    ["topic://a", ["topic://a"]],
  ])("%s lists %j", (text, members) => {
    expect(membersOf(parseDestination(text)).map(formatDestination)).toEqual(members);
  });

  it("lists no nameless member", () => {
    expect(() => membersOf(parseDestination("queue://a,,b"))).toThrow(/has no name/);
  });
});
