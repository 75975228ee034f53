import { describe, expect, it } from "vitest";
import { HeaderBlock } from "../../../../../src/adapters/stomp/frames/header-block.ts";
import { SendEncoder } from "../../../../../src/adapters/stomp/messages/encoded-send.ts";
import { dialectOf } from "../../../../../src/adapters/stomp/opening/broker.ts";
import type { Peer } from "../../../../../src/adapters/stomp/opening/peer.ts";
import { createOutgoingMessage } from "../../../../../src/messaging/messages/outgoing-message.ts";

const dialect = dialectOf({ product: "artemis", version: undefined });
const queue = { kind: "queue", name: "orders" } as const;
const encoder = (peer: Partial<Peer> = {}) => new SendEncoder({ dialect, version: "1.2", ...peer } as Peer);

describe("the encoder of a SEND", () => {
  it("writes what every message has first and the same, whatever else a message has, and no header twice", () => {
    const plain = createOutgoingMessage("hi\0", { id: "id:1" });
    const options = { id: "id:1", priority: 3, type: "t", groupId: "g", groupSequence: 1, correlationId: "c:d" };
    const full = createOutgoingMessage("hi\0", { ...options, replyTo: "topic://t", properties: { "a:b": "x\ny" } });
    const common = encoder().encode(queue, plain).lines;
    const { lines } = encoder().encode(queue, full);
    expect(lines.startsWith(common)).toBe(true);
    const names = Array.from(new HeaderBlock(`\n${lines}`).entries(), ([name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("a:b");
  });

  it("counts the headers that every message has among those that a broker takes", () => {
    const message = createOutgoingMessage("hi", { properties: { a: 1, b: 2 } });
    const limited = (maxHeaders: number) => encoder({ dialect: { ...dialect, maxHeaders } });
    // An address of two headers, persistence, the id, the content type and two properties.
    expect(() => limited(7).encode(queue, message)).toThrow("7 headers, of which this broker takes 7");
    expect(() => limited(8).encode(queue, message)).not.toThrow();
  });

  it("leaves the content type of a copy as its sender wrote it, or without one", () => {
    const message = createOutgoingMessage("hi");
    expect(encoder().encodeCopy(queue, { message, contentType: "a:b" }).lines).toContain("content-type:a\\cb\n");
    expect(encoder().encodeCopy(queue, { message, contentType: undefined }).lines).not.toContain("content-type");
  });
});
