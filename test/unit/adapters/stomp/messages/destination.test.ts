import { describe, expect, it } from "vitest";
import {
  addressSend,
  addressSubscribe,
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
    ["/remote-queue/x", "/remote-queue/x"],
    ["/queue/", "/queue/"],
    ["", undefined],
    [undefined, undefined],
  ])("read %s back as %s", (text, destination) => {
    expect(readDestination(text, undefined, classic)).toBe(destination);
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
    ["orders.new", "ANYCAST", "queue://orders.new"],
    ["prices", "MULTICAST", "topic://prices"],
    // There it is an address like any other.
    ["/queue/x", "ANYCAST", "queue:///queue/x"],
  ])("read %s with %s back as %s", (text, routing, destination) => {
    expect(readDestination(text, routing, artemis)).toBe(destination);
  });
});

describe("readReplyTo", () => {
  it.each([
    ["/queue/replies", "queue://replies"],
    ["topic://prices", "topic://prices"],
    ["temp-queue://x", "temp-queue://x"],
    ["/remote-temp-queue/ID:a-1", "temp-queue://ID:a-1"],
    ["/temp-queue/x", "temp-queue://x"],
    ["replies", "queue://replies"],
    [undefined, undefined],
  ])("reads %s as %s", (text, destination) => {
    expect(readReplyTo(text)).toBe(destination);
  });
});
