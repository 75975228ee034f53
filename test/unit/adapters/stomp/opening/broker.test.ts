import { describe, expect, it } from "vitest";
import { dialectOf, readBroker } from "../../../../../src/adapters/stomp/opening/broker.ts";

describe("readBroker", () => {
  it.each([
    ["ActiveMQ/6.1.8", { product: "activemq", version: "6.1.8" }],
    ["ActiveMQ-Artemis/2.55.0 ActiveMQ Artemis Messaging Engine", { product: "artemis", version: "2.55.0" }],
    ["masterslave-embedded/0.1.0", { product: "masterslave-embedded", version: "0.1.0" }],
    ["RabbitMQ/3.13.0", { product: "rabbitmq", version: "3.13.0" }],
    ["broker", { product: "broker", version: undefined }],
    ["", { product: "unknown", version: undefined }],
    [undefined, { product: "unknown", version: undefined }],
  ])("reads %s", (server, broker) => {
    expect(readBroker(server)).toEqual(broker);
  });
});

describe("dialectOf", () => {
  it("speaks to a product it does not know as the specification says", () => {
    expect(dialectOf(readBroker("RabbitMQ/3.13.0"))).toBe(dialectOf(readBroker("broker")));
    expect(dialectOf(readBroker(undefined))).toMatchObject({
      destinations: "path",
      nack: "dead-letter",
      lengthMeansBytes: false,
    });
  });

  it("knows that Artemis discards what is NACKed and that Classic does not", () => {
    expect(dialectOf(readBroker("ActiveMQ-Artemis/2.55.0")).nack).toBe("discard");
    expect(dialectOf(readBroker("ActiveMQ/6.1.8")).nack).toBe("dead-letter");
  });

  it("speaks to the embedded group as to Classic, which does not limit headers", () => {
    const { maxHeaderBytes, maxHeaders, ...classic } = dialectOf(readBroker("ActiveMQ/6.1.8"));
    const unlimited = { maxHeaderBytes: Number.POSITIVE_INFINITY, maxHeaders: Number.POSITIVE_INFINITY };
    expect(dialectOf(readBroker("masterslave-embedded/0.1.0"))).toEqual({
      ...classic,
      ...unlimited,
      losesAmqpIds: false,
    });
    expect(maxHeaderBytes + maxHeaders).toBeLessThan(20_000);
  });
});
