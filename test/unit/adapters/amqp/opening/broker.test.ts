import { describe, expect, it } from "vitest";
import { brokerOf } from "../../../../../src/adapters/amqp/opening/broker.ts";

describe("the broker behind an open frame", () => {
  it.each([
    [
      { product: "ActiveMQ", version: "6.1.8" },
      { product: "activemq", version: "6.1.8" },
    ],
    [
      { product: "apache-activemq-artemis", version: "2.55.0" },
      { product: "artemis", version: "2.55.0" },
    ],
    [{ product: "qpid" }, { product: "qpid", version: undefined }],
    [{}, { product: "unknown", version: undefined }],
    [
      { product: 7, version: 8 },
      { product: "unknown", version: undefined },
    ],
  ])("reads %j", (properties, broker) => {
    expect(brokerOf(properties)).toEqual(broker);
  });
});
