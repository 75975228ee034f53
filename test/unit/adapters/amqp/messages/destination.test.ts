import { describe, expect, it } from "vitest";
import {
  destinationOf,
  readAddress,
  sameSpelling,
  spell,
  spellingOf,
} from "../../../../../src/adapters/amqp/messages/destination.ts";
import type { Broker } from "../../../../../src/messaging/port/messaging-session.ts";

const broker = (product: string): Broker => ({ product, version: undefined });
const queue = { kind: "queue", name: "orders" } as const;
const topic = { kind: "topic", name: "prices.eu" } as const;

describe("how a destination is spelled", () => {
  it.each([
    ["activemq", {}, { address: "queue://orders" }, { address: "topic://prices.eu" }],
    ["masterslave-embedded", {}, { address: "queue://orders" }, { address: "topic://prices.eu" }],
    [
      "artemis",
      { "queue-prefix": "q.", "topic-prefix": "t." },
      { address: "orders", capabilities: ["queue"] },
      { address: "prices.eu", capabilities: ["topic"] },
    ],
    ["other", { "queue-prefix": "q.", "topic-prefix": "t." }, { address: "q.orders" }, { address: "t.prices.eu" }],
    ["unknown", {}, { address: "orders", capabilities: ["queue"] }, { address: "prices.eu", capabilities: ["topic"] }],
  ])("for %s with %j", (product, properties, asQueue, asTopic) => {
    const spelling = spellingOf(broker(product), properties);
    expect(spell(spelling, queue)).toEqual(asQueue);
    expect(spell(spelling, topic)).toEqual(asTopic);
    expect(readAddress(spelling, asQueue.address, "queue")).toBe("queue://orders");
    expect(readAddress(spelling, asTopic.address, "topic")).toBe("topic://prices.eu");
  });

  it.each([
    ["activemq", { address: "temp-queue://ID:vm-1" }, { address: "temp-topic://ID:vm-1" }],
    [
      "artemis",
      { address: "ID:vm-1", capabilities: ["temporary-queue"] },
      { address: "ID:vm-1", capabilities: ["temporary-topic"] },
    ],
  ])("names what is temporary as %s does", (product, asQueue, asTopic) => {
    const spelling = spellingOf(broker(product), {});
    expect(spell(spelling, { kind: "temp-queue", name: "ID:vm-1" })).toEqual(asQueue);
    expect(spell(spelling, { kind: "temp-topic", name: "ID:vm-1" })).toEqual(asTopic);
    expect(readAddress(spelling, asQueue.address, "temp-queue")).toBe("temp-queue://ID:vm-1");
    expect(destinationOf(spelling, asTopic.address, "temp-topic")).toEqual({ kind: "temp-topic", name: "ID:vm-1" });
  });

  it("lists several destinations on Classic, each with its kind", () => {
    const spelling = spellingOf(broker("activemq"), {});
    expect(spell(spelling, { kind: "queue", name: "a,b, topic://c" })).toEqual({
      address: "queue://a,queue://b,topic://c",
    });
  });

  it("leaves a bare name alone whose kind is not known", () => {
    expect(readAddress(spellingOf(broker("artemis"), {}), "a1b2-temporary", undefined)).toBe("a1b2-temporary");
  });

  it("knows whether bytes can be sent to another broker as they are", () => {
    const classic = spellingOf(broker("activemq"), {});
    const embedded = spellingOf(broker("masterslave-embedded"), {});
    const alike = spellingOf(broker("other"), { "queue-prefix": "queue://", "topic-prefix": "topic://" });
    const other = spellingOf(broker("other"), { "queue-prefix": "q.", "topic-prefix": "t." });
    const artemis = spellingOf(broker("artemis"), {});
    expect(sameSpelling(embedded, alike)).toBe(true);
    // Classic alone is sent no message-id.
    expect(sameSpelling(classic, embedded)).toBe(false);
    expect(sameSpelling(classic, other)).toBe(false);
    expect(sameSpelling(classic, artemis)).toBe(false);
    expect(sameSpelling(artemis, artemis)).toBe(true);
  });
});
