import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HeaderBlock } from "../../../../../src/adapters/stomp/frames/header-block.ts";
import { SendEncoder } from "../../../../../src/adapters/stomp/messages/encoded-send.ts";
import { decodeMessage, scheduleHeaders } from "../../../../../src/adapters/stomp/messages/message.ts";
import { type Dialect, dialectOf } from "../../../../../src/adapters/stomp/opening/broker.ts";
import type { Peer } from "../../../../../src/adapters/stomp/opening/peer.ts";
import { settlingLines } from "../../../../../src/adapters/stomp/receiving/settlement.ts";
import { InvalidArgumentError, UnsupportedError } from "../../../../../src/errors/errors.ts";
import type { Destination } from "../../../../../src/messaging/messages/destination.ts";
import {
  createOutgoingMessage,
  type MessageBody,
  type MessageOptions,
  type OutgoingMessage,
} from "../../../../../src/messaging/messages/outgoing-message.ts";
import { headerBlock } from "../header-block-of.ts";

const classic = dialectOf({ product: "activemq", version: undefined });
const artemis = dialectOf({ product: "artemis", version: undefined });
const other = dialectOf({ product: "rabbitmq", version: undefined });
const dialects = { classic, artemis, other };
const queue = { kind: "queue", name: "orders" } as const;

/** The headers of a SEND by name, and its body. */
function encodeMessage(destination: Destination, message: OutgoingMessage, dialect: Dialect) {
  const { lines, body } = new SendEncoder({ dialect, version: "1.2" } as Peer).encode(destination, message);
  const headers: Record<string, string> = Object.fromEntries(new HeaderBlock(`\n${lines}`).entries());
  return { headers, body };
}

function encode(body: MessageBody, options: MessageOptions = {}, dialect = classic) {
  return encodeMessage(queue, createOutgoingMessage(body, { id: "id-1", ...options }), dialect);
}

describe("a SEND", () => {
  it("carries the address, the id, persistence and a content type, and nothing that was not asked for", () => {
    expect(encode("hi").headers).toEqual({
      destination: "/queue/orders",
      persistent: "true",
      _AMQ_DUPL_ID: "id-1",
      "content-type": "text/plain;charset=utf-8",
    });
    expect(encode("hi", {}, artemis).headers).toEqual({
      destination: "orders",
      "destination-type": "ANYCAST",
      persistent: "true",
      _AMQ_DUPL_ID: "id-1",
      "content-type": "text/plain;charset=utf-8",
    });
  });

  it("carries what was asked for", () => {
    const before = Date.now();
    const options = { priority: 0, ttlMs: 1000, correlationId: "c", replyTo: "topic://t", persistent: false };
    const { headers } = encode("hi", { ...options, properties: { a: 1, b: true, c: "x" } });
    expect(headers).toMatchObject({
      priority: "0",
      "correlation-id": "c",
      "reply-to": "/topic/t",
      persistent: "false",
    });
    expect(headers).toMatchObject({ a: "1", b: "true", c: "x" });
    expect(Number(headers["expires"])).toBeGreaterThanOrEqual(before + 1000);
  });

  it.each([
    ["classic", { type: "t", JMSXGroupID: "g", JMSXGroupSeq: "3" }],
    ["artemis", { type: "t", JMSXGroupID: "g", _AMQ_GROUP_SEQUENCE: "3" }],
  ] as const)("carries type and group to %s, which come back", (product, expected) => {
    const options = { type: "t", groupId: "g", groupSequence: 3 };
    const { headers, body } = encode("hi", options, dialects[product]);
    expect(headers).toMatchObject(expected);
    expect(decodeMessage(headerBlock(headers), body, dialects[product], queue)).toMatchObject(options);
  });

  it.each([classic, artemis])("asks a broker for what is left of the delay, until that is past (%#)", (dialect) => {
    const message = createOutgoingMessage("hi", { delayMs: 60_000 });
    expect(encodeMessage(queue, message, dialect).headers).toEqual(
      encodeMessage(queue, { ...message, delayMs: undefined, deliverAtMs: undefined }, dialect).headers,
    );
    const delay = Number(scheduleHeaders(message, dialect)["AMQ_SCHEDULED_DELAY"]);
    expect(delay).toBeGreaterThan(50_000);
    expect(delay).toBeLessThanOrEqual(60_000);
    expect(scheduleHeaders({ ...message, madeAtMs: performance.now() - 60_001 }, dialect)).toEqual({});
    expect(scheduleHeaders(createOutgoingMessage("hi"), dialect)).toEqual({});
    expect(() => encodeMessage(queue, message, other)).toThrow(UnsupportedError);
  });

  it.each([
    ["type", "type"],
    ["JMSXGroupID", "groupId"],
    ["AMQ_SCHEDULED_DELAY", "delayMs"],
  ])("names the option to use instead of the property %s", (name, option) => {
    expect(() => encode("hi", { properties: { [name]: "x" } })).toThrow(`use the option ${option}`);
  });

  const length = { "content-length": "3" };
  it.each([
    ["text to Classic", "a€", classic, {}],
    ["text with a NUL to Classic", "a\0b", classic, { ...length, "amq-msg-type": "text" }],
    ["bytes to Classic", Buffer.from("abc"), classic, length],
    ["JSON to Classic", { a: 1 }, classic, {}],
    ["text to Artemis", "abc", artemis, {}],
    ["text with a NUL to Artemis", "a\0b", artemis, length],
    ["bytes to Artemis", Buffer.from("abc"), artemis, length],
    ["text to another broker", "abc", other, length],
    ["bytes to another broker", Buffer.from("abc"), other, length],
    ["no bytes to another broker", new Uint8Array(0), other, { "content-length": "0" }],
  ])("marks the body of %s", (_, body, dialect, expected) => {
    const { "content-length": bytes, "amq-msg-type": mark } = encode(body, {}, dialect).headers;
    const marked = { ...(bytes && { "content-length": bytes }), ...(mark && { "amq-msg-type": mark }) };
    expect(marked).toEqual(expected);
  });

  it.each([
    "destination",
    "receipt",
    "transaction",
    "content-length",
    "message-id",
    "_AMQ_DUPL_ID",
    "__proto__",
    "hasOwnProperty",
    "JMS_AMQP_HEADER",
  ])("is refused with a property named %s", (name) => {
    const properties = Object.fromEntries([[name, "x"]]);
    expect(() => encode("hi", { properties })).toThrow(InvalidArgumentError);
    expect(() => encode("hi", { properties })).toThrow(name);
  });
});

describe("a MESSAGE", () => {
  it("is read without what belongs to the subscription", () => {
    const headers = {
      ...{
        destination: "/queue/orders",
        "message-id": "ID:a-1",
        subscription: "1",
        ack: "ID:a-1-7",
        redelivered: "true",
      },
      ...{ expires: "0", priority: "4", timestamp: "1", persistent: "true", "reply-to": "/queue/replies" },
      ...{ "correlation-id": "c", receipt: "7", colour: "red", _AMQ_DUPL_ID: "id-1", type: "kind" },
    };
    const message = decodeMessage(headerBlock(headers), Buffer.from("hi"), classic, queue);
    expect(message).toMatchObject({
      ...{
        id: "id-1",
        brokerMessageId: "ID:a-1",
        kind: "text",
        destination: "queue://orders",
        replyTo: "queue://replies",
      },
      ...{ correlationId: "c", priority: 4, expiresAtMs: undefined, persistent: true, contentType: undefined },
      ...{ type: "kind", sentAtMs: 1, groupId: undefined, groupSequence: undefined },
      properties: { colour: "red" },
    });
    expect(message.text()).toBe("hi");
  });

  it("has on Artemis the part of the id that stays", () => {
    const headers = {
      destination: "orders",
      "destination-type": "MULTICAST",
      "message-id": "44,39",
      "content-length": 0,
    };
    const message = decodeMessage(headerBlock(headers), Buffer.alloc(0), artemis, queue);
    expect(message).toMatchObject({ id: "39", brokerMessageId: "39", destination: "queue://orders" });
  });

  it("keeps what its AMQP sender said, without how the broker notes it", () => {
    const noted = {
      JMS_AMQP_ContentType: "text/plain",
      JMS_AMQP_HEADER: "true",
      NATIVE_MESSAGE_ID: "ID:AMQP_NO_PREFIX:m1",
    };
    const message = decodeMessage(headerBlock({ ...noted, a: "1" }), Buffer.alloc(0), artemis, queue);
    expect(message).toMatchObject({ contentType: "text/plain", properties: { a: "1" } });
  });

  it("shows the properties of other senders that are named like headers, beside the broker's own", () => {
    const block = new HeaderBlock(
      "\nsubscription:1\nmessage-id:7,39\ndestination:orders\nexpires:0\nredelivered:false\npriority:4\npersistent:false\ntimestamp:0\nack:nope\nreceipt:1\nmessage-id:mine\nsubscription:daily\npriority:high\nid:5\nmessage:m\nselector:s\nbrowser:end\nreceipt-id:r\nsubscription-type:st\ndestination-type:ANYCAST\nack:7,39\ncontent-length:2\n",
    );
    const message = decodeMessage(block, Buffer.from("hi"), artemis, queue);
    expect(message).toMatchObject({ id: "39", priority: 4, destination: "queue://orders" });
    expect(message.properties).toEqual({
      ...{ ack: "nope", "message-id": "mine", subscription: "daily", priority: "high", id: "5", message: "m" },
      ...{ selector: "s", browser: "end", "receipt-id": "r", "subscription-type": "st" },
    });
    const peer = { version: "1.2", dialect: artemis } as Peer;
    expect(settlingLines(block, peer)).toBe("id:7,39\n");
    const ofClassic = { "destination-type": "x", NATIVE_MESSAGE_ID: "y", id: "z" };
    expect(decodeMessage(headerBlock(ofClassic), Buffer.alloc(0), classic, queue).properties).toEqual(ofClassic);
  });

  it("has the id that its sender over another protocol gave it, where Artemis tells", () => {
    const headers = { NATIVE_MESSAGE_ID: "ID:AMQP_NO_PREFIX:m1", "message-id": "44,39" };
    const message = decodeMessage(headerBlock(headers), Buffer.alloc(0), artemis, queue);
    expect(message).toMatchObject({ senderMessageId: "ID:AMQP_NO_PREFIX:m1", brokerMessageId: "39" });
  });

  it("tells the group as Artemis keeps it, and no time where there is none", () => {
    const headers = { _AMQ_GROUP_ID: "G", _AMQ_GROUP_SEQUENCE: "7", timestamp: "0", _AMQ_SCHED_DELIVERY: "1" };
    const message = decodeMessage(headerBlock(headers), Buffer.alloc(0), artemis, queue);
    expect(message).toMatchObject({ groupId: "G", groupSequence: 7, sentAtMs: undefined, properties: {} });
  });

  it("is taken without any header", () => {
    const message = decodeMessage(headerBlock({}), Buffer.alloc(0), classic, queue);
    expect(message).toMatchObject({ id: undefined, priority: undefined, expiresAtMs: undefined, persistent: false });
  });

  it.each([
    ["text", "no content-length", {}],
    ["bytes", "a content-length alone", { "content-length": 3 }],
    ["bytes", "octets", { "content-length": 3, "content-type": "application/octet-stream" }],
    ["text", "Classic's mark", { "content-length": 3, "amq-msg-type": "text" }],
    ["text", "a type of text", { "content-length": 3, "content-type": "text/plain" }],
    ["text", "JSON", { "content-length": 3, "content-type": "application/json" }],
    ["text", "something like JSON", { "content-length": 3, "content-type": "application/vnd.acme+json; v=1" }],
    ["text", "what AMQP sent as a string", { "content-length": 3, JMS_AMQP_ORIGINAL_ENCODING: "5" }],
    ["bytes", "what AMQP sent as data", { "content-length": 3, JMS_AMQP_ORIGINAL_ENCODING: "2" }],
    ["text", "what AMQP sent as data of JSON", { "content-length": 3, JMS_AMQP_ContentType: "application/json" }],
    ["text", "a charset", { "content-length": 3, "content-type": "application/x-acme;charset=utf-8" }],
  ])("is %s with %s", (kind, _, headers) => {
    expect(decodeMessage(headerBlock(headers), Buffer.from("abc"), artemis, queue).kind).toBe(kind);
  });
});

it.each(Object.entries(dialects))("a message keeps everything on its way through %s", (_, dialect) => {
  const name = fc.string({ minLength: 1 }).map((text) => `p${text.replace(/[\0\r\n]/g, "")}`);
  const value = fc.oneof(fc.string(), fc.boolean(), fc.integer());
  const message = fc.record({
    body: fc.oneof(fc.string({ unit: "grapheme" }), fc.uint8Array()),
    properties: fc.dictionary(name, value),
    correlationId: fc.option(
      fc.string({ minLength: 1 }).map((text) => text.replace(/[\0\r\n]/g, "")),
      { nil: undefined },
    ),
    persistent: fc.boolean(),
    priority: fc.integer({ min: 0, max: 9 }),
  });
  fc.assert(
    fc.property(message, ({ body, properties, correlationId, persistent, priority }) => {
      const clean = Object.fromEntries(
        Object.entries(properties).map(([key, item]) => [
          key,
          typeof item === "string" ? item.replaceAll("\0", "") : item,
        ]),
      );
      const options = {
        properties: clean,
        persistent,
        priority,
        replyTo: "queue://r",
        ...(correlationId ? { correlationId } : {}),
      };
      const sent = encode(body, options, dialect);
      const received = decodeMessage(headerBlock(sent.headers), sent.body, dialect, queue);
      const texts = Object.entries(clean).map(([key, item]) => [key, String(item)]);
      expect(received.properties).toEqual(Object.fromEntries(texts));
      expect(received).toMatchObject({
        id: "id-1",
        persistent,
        priority,
        replyTo: "queue://r",
        destination: "queue://orders",
      });
      expect(received.correlationId ?? "").toBe(correlationId ?? "");
      expect(received.kind).toBe(typeof body === "string" ? "text" : "bytes");
      expect(received.bytes()).toEqual(Buffer.from(body));
    }),
  );
});
