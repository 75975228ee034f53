import { describe, expect, it } from "vitest";
import { dialectOf } from "../../../../../src/adapters/stomp/opening/broker.ts";
import type { Peer } from "../../../../../src/adapters/stomp/opening/peer.ts";
import { whyUnacknowledgeable } from "../../../../../src/adapters/stomp/receiving/unacknowledgeable.ts";
import { headerBlock } from "../header-block-of.ts";

function cannotBeSettled(headers: Record<string, string>, product: string): boolean {
  const broker = { product, version: undefined };
  return whyUnacknowledgeable(headerBlock(headers), { broker, dialect: dialectOf(broker) } as Peer) !== undefined;
}
const fromAmqp = { JMS_AMQP_HEADER: "true" };

describe("a message that Classic takes no STOMP acknowledgement of", () => {
  it.each(["ID:mine", "ID:a-b-1:1:1:1:7", "ID:1223f5c7-0354-4d2d-85c4-5112a2566444", ""])(
    "came over AMQP with an id of its sender's: %s",
    (id) => {
      const headers = { ...fromAmqp, "message-id": id };
      expect(cannotBeSettled(headers, "activemq")).toBe(true);
      expect(cannotBeSettled(headers, "artemis")).toBe(false);
      expect(cannotBeSettled(headers, "masterslave-embedded")).toBe(false);
    },
  );

  it("is none that the broker has numbered, or that came by another protocol", () => {
    const numbered = "ID:my-host.example-40389-1795563258565-4:1:0:-1:5";
    expect(cannotBeSettled({ ...fromAmqp, "message-id": numbered }, "activemq")).toBe(false);
    expect(cannotBeSettled({ "message-id": "ID:mine" }, "activemq")).toBe(false);
  });
});
