import { describe, expect, it } from "vitest";
import { readAddress, sameSpelling, spell, spellingOf } from "../../../../src/adapters/amqp/destination.ts";
import type { Broker } from "../../../../src/messaging/messaging-session.ts";

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

  it("leaves a bare name alone whose kind is not known", () => {
    expect(readAddress(spellingOf(broker("artemis"), {}), "a1b2-temporary", undefined)).toBe("a1b2-temporary");
  });

  it("knows whether bytes can be sent to another broker as they are", () => {
    const classic = spellingOf(broker("activemq"), {});
    const alike = spellingOf(broker("other"), { "queue-prefix": "queue://", "topic-prefix": "topic://" });
    const other = spellingOf(broker("other"), { "queue-prefix": "q.", "topic-prefix": "t." });
    const artemis = spellingOf(broker("artemis"), {});
    expect(sameSpelling(classic, alike)).toBe(true);
    expect(sameSpelling(classic, other)).toBe(false);
    expect(sameSpelling(classic, artemis)).toBe(false);
    expect(sameSpelling(artemis, artemis)).toBe(true);
  });
});
