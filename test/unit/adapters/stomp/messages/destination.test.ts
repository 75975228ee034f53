import { describe, expect, it } from "vitest";
import {
  addressSend,
  addressSubscribe,
  readAddress,
  readDestination,
  readReplyTo,
  spellReplyTo,
} from "../../../../../src/adapters/stomp/messages/destination.ts";
import { dialectOf } from "../../../../../src/adapters/stomp/opening/broker.ts";
import { UnsupportedError } from "../../../../../src/errors/errors.ts";
import { parseDestination } from "../../../../../src/messaging/messages/destination.ts";

const classic = dialectOf({ product: "activemq", version: undefined });
const artemis = dialectOf({ product: "artemis", version: undefined });
const queue = { kind: "queue", name: "orders.new" } as const;
const topic = { kind: "topic", name: "prices" } as const;

describe("destinations on Classic", () => {
  it("are paths", () => {
    expect(addressSend(queue, classic)).toEqual({ destination: "/queue/orders.new" });
    expect(addressSubscribe(topic, classic)).toEqual({ destination: "/topic/prices" });
    expect(spellReplyTo(topic, classic)).toBe("/topic/prices");
  });

  it("keep their wildcard", () => {
    expect(addressSubscribe({ kind: "topic", name: "prices.>" }, classic)).toEqual({ destination: "/topic/prices.>" });
  });

  it.each([
    ["temp-queue://ID:a-1", "/remote-temp-queue/ID:a-1"],
    ["temp-topic://ID:a-1", "/remote-temp-topic/ID:a-1"],
    ["temp-queue://mine", "/temp-queue/mine"],
    ["queue://a, topic://b,c", "/queue/a,/topic/b,/queue/c"],
  ])("spell %s as %s", (text, spelled) => {
    const destination = parseDestination(text);
    expect(addressSend(destination, classic)).toEqual({ destination: spelled });
    expect(addressSubscribe(destination, classic)).toEqual({ destination: spelled });
    expect(spellReplyTo(destination, classic)).toBe(spelled);
  });

  it.each([
    ["/queue/orders.new", "queue://orders.new"],
    ["/topic/prices", "topic://prices"],
    ["/remote-temp-queue/ID:a-1", "temp-queue://ID:a-1"],
    ["/temp-topic/x", "temp-topic://x"],
    // send() would take these for queues of such names.
    ["/remote-queue/x", undefined],
    ["/queue/", undefined],
    ["99999", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("read %s back as %s", (text, destination) => {
    expect(readDestination(text)).toBe(destination);
  });
});

describe("destinations on Artemis", () => {
  it("are bare names with a routing type", () => {
    expect(addressSend(queue, artemis)).toEqual({ destination: "orders.new", "destination-type": "ANYCAST" });
    expect(addressSubscribe(topic, artemis)).toEqual({ destination: "prices", "subscription-type": "MULTICAST" });
    expect(spellReplyTo(queue, artemis)).toBe("queue://orders.new");
  });

  it("send to a temporary queue of any client as to a queue", () => {
    const temporary = parseDestination("temp-queue://ce68d0f6");
    expect(addressSend(temporary, artemis)).toEqual({ destination: "ce68d0f6", "destination-type": "ANYCAST" });
    expect(addressSend(parseDestination("temp-topic://t"), artemis)["destination-type"]).toBe("MULTICAST");
    expect(spellReplyTo(temporary, artemis)).toBe("temp-queue://ce68d0f6");
  });

  it("are one at a time", () => {
    expect(() => addressSend(parseDestination("queue://a,b"), artemis)).toThrow(UnsupportedError);
    expect(() => addressSubscribe(parseDestination("topic://a,topic://b"), artemis)).toThrow(/one call for each/);
  });

  it.each([
    ["prices.>", "prices.#"],
    [">", "#"],
    ["prices>", "prices>"],
    ["a.>.b", "a.>.b"],
  ])("spell the wildcard of %s as %s", (name, spelled) => {
    expect(addressSubscribe({ kind: "topic", name }, artemis)).toMatchObject({ destination: spelled });
  });

  it.each([
    ["orders.new", "ANYCAST", "queue://orders.new", "queue://orders.new"],
    ["prices", undefined, "topic://prices", "topic://prices"],
    // What the sender wrote, or left out, says less than what was asked for.
    ["prices", "99999", "topic://prices", "topic://prices"],
    ["orders", "MULTICAST", "queue://orders", "queue://orders"],
    ["prices.eu", "MULTICAST", "topic://prices.>", "topic://prices.eu"],
    // The prefix of an acceptor.
    ["/queue/foo", "ANYCAST", "queue://foo", "queue://foo"],
    // Without one it is an address like any other.
    ["/queue/x", "ANYCAST", "queue:///queue/x", "queue:///queue/x"],
    // The address alone, of either kind.
    ["prices", "MULTICAST", "queue://prices::audit", "topic://prices"],
    ["orders", "ANYCAST", "queue://orders::orders", "queue://orders"],
    ["prices", undefined, "queue://prices::audit", undefined],
    [undefined, undefined, "queue://a", undefined],
  ])("read %s with the type %s, come to %s, back as %s", (text, routing, subscribed, destination) => {
    expect(readAddress(text, routing, parseDestination(subscribed))).toBe(destination);
  });

  it("leave the type of a queue that is named by its address too to Artemis, which has one for it", () => {
    const qualified = parseDestination("queue://prices::audit");
    expect(addressSend(qualified, artemis)).toEqual({ destination: "prices::audit" });
    expect(addressSubscribe(qualified, artemis)).toEqual({ destination: "prices::audit" });
  });

  it("leave the type of a bare address to Artemis, and are a queue's to Classic", () => {
    const bare = { kind: "queue", name: "replies", bare: true } as const;
    expect(addressSend(bare, artemis)).toEqual({ destination: "replies" });
    expect(addressSend(bare, classic)).toEqual({ destination: "/queue/replies" });
  });
});

describe("readReplyTo", () => {
  it.each([
    ["/queue/replies", "queue://replies"],
    ["topic://prices", "topic://prices"],
    ["temp-queue://x", "temp-queue://x"],
    ["/remote-temp-queue/ID:a-1", "temp-queue://ID:a-1"],
    ["/temp-queue/x", "temp-queue://x"],
    ["replies", "replies"],
    [undefined, undefined],
  ])("reads %s as %s", (text, destination) => {
    expect(readReplyTo(text, false)).toBe(destination);
  });

  it.each([
    ["queue://replies", "replies"],
    ["queue://prices::audit", "prices::audit"],
    ["topic://prices", "topic://prices"],
    [undefined, undefined],
  ])("reads %s as %s where the broker only guessed that it is a queue", (text, destination) => {
    expect(readReplyTo(text, true)).toBe(destination);
  });
});
