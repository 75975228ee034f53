import fc from "fast-check";
import rhea, { type Message } from "rhea";
import { describe, expect, it } from "vitest";
import { spell, spellingOf } from "../../../../../src/adapters/amqp/messages/destination.ts";
import { decodeMessage } from "../../../../../src/adapters/amqp/messages/full-decoder.ts";
import { encodeMessage, refreshTimes } from "../../../../../src/adapters/amqp/messages/message.ts";
import {
  createOutgoingMessage,
  type MessageBody,
  type MessageOptions,
} from "../../../../../src/messaging/messages/outgoing-message.ts";
import { ReceivedMessage } from "../../../../../src/messaging/messages/received-message.ts";

const { types } = rhea;
const classic = spellingOf({ product: "activemq", version: undefined }, {});
const artemis = spellingOf({ product: "artemis", version: undefined }, {});
const orders = { kind: "queue", name: "orders" } as const;
const prices = { kind: "topic", name: "prices" } as const;

function onTheWire(body: MessageBody, options: MessageOptions = {}, spelling = classic): Message {
  const encoded = encodeMessage(createOutgoingMessage(body, options), orders, spelling);
  return rhea.message.decode(encoded.bytes) as unknown as Message;
}

function received(message: object, spelling = classic, subscribed: typeof orders | typeof prices = orders) {
  return new ReceivedMessage(decodeMessage(rhea.message.encode(message), spelling, subscribed).content);
}

function roundTrip(body: MessageBody, options: MessageOptions = {}, spelling = classic): ReceivedMessage {
  const { bytes } = encodeMessage(createOutgoingMessage(body, options), orders, spelling);
  return new ReceivedMessage(decodeMessage(bytes, spelling, orders).content);
}

describe("a message as AMQP", () => {
  it("is text for a string, bytes for bytes and JSON for anything else", () => {
    expect(onTheWire("grüße").body).toBe("grüße");
    expect(onTheWire(Buffer.from([0, 255])).body).toMatchObject({ typecode: 0x75, content: Buffer.from([0, 255]) });
    expect(onTheWire({ sku: 1 })).toMatchObject({ body: '{"sku":1}', content_type: "application/json" });
    expect(onTheWire("").body).toBe("");
  });

  it("tells JMS clients what it is", () => {
    expect(onTheWire("x").message_annotations).toEqual({ "x-opt-jms-msg-type": 5, "x-opt-jms-dest": 0 });
    expect(onTheWire(Buffer.from("x"), { replyTo: "topic://answers" }).message_annotations).toEqual({
      "x-opt-jms-msg-type": 3,
      "x-opt-jms-dest": 0,
      "x-opt-jms-reply-to": 1,
    });
  });

  it("to a bare address leaves its kind to Artemis, and is for a queue on Classic", () => {
    const bare = { ...orders, bare: true } as const;
    const decoded = [artemis, classic].map((spelling) => {
      const { bytes } = encodeMessage(createOutgoingMessage("x"), bare, spelling);
      return rhea.message.decode(bytes) as unknown as Message;
    });
    expect(decoded.map(({ to }) => to)).toEqual(["orders", "queue://orders"]);
    expect(decoded.map((message) => message.message_annotations?.["x-opt-jms-dest"])).toEqual([undefined, 0]);
  });

  it("to a queue that is named by its address too leaves its kind to Artemis, which has one for it", () => {
    const qualified = { kind: "queue", name: "prices::audit" } as const;
    const { bytes } = encodeMessage(createOutgoingMessage("x"), qualified, artemis);
    const { to, message_annotations } = rhea.message.decode(bytes) as unknown as Message;
    expect([to, message_annotations?.["x-opt-jms-dest"]]).toEqual(["prices::audit", undefined]);
    expect(spell(artemis, qualified)).toEqual({ address: "prices::audit" });
  });

  it("carries id, priority, durability, correlation and reply address", () => {
    const message = onTheWire("x", { id: "m-1", priority: 9, correlationId: "c-1", replyTo: "queue://answers" });
    // Classic loses the connection of STOMP consumers over a message-id.
    expect(message.message_id).toBeUndefined();
    expect(onTheWire("x", { id: "m-1" }, artemis).message_id).toBe("m-1");
    expect(message).toMatchObject({
      to: "queue://orders",
      reply_to: "queue://answers",
      correlation_id: "c-1",
      priority: 9,
      durable: true,
      application_properties: { _AMQ_DUPL_ID: "m-1" },
    });
    expect(onTheWire("x", { persistent: false }).durable).toBe(false);
    expect(onTheWire("x").priority).toBeUndefined();
    expect(onTheWire("x", { replyTo: "queue://answers" }, artemis)).toMatchObject({
      to: "orders",
      reply_to: "answers",
    });
  });

  it("carries type, group and sequence, and when it was sent", () => {
    const before = Date.now();
    const message = onTheWire("x", { type: "order", groupId: "g", groupSequence: -1 });
    expect(message).toMatchObject({ subject: "order", group_id: "g", group_sequence: 0xffff_ffff });
    const read = roundTrip("x", { type: "order", groupId: "g", groupSequence: -1 });
    expect(read).toMatchObject({ type: "order", groupId: "g", groupSequence: -1 });
    expect(read.sentAtMs).toBeGreaterThanOrEqual(before);
    expect(read.sentAtMs).toBeLessThanOrEqual(Date.now());
    expect(roundTrip("x", { groupId: "g" })).toMatchObject({ groupId: "g", groupSequence: undefined });
    expect(roundTrip("x")).toMatchObject({ type: undefined, groupId: undefined, groupSequence: undefined });
    expect(received({ body: "x" }).sentAtMs).toBeUndefined();
  });

  it("says how long it is to be held back, as a long, and what is left of that when it is written again", () => {
    const outgoing = createOutgoingMessage("x", { delayMs: 60_000, replyTo: "queue://r" });
    const encoded = encodeMessage(outgoing, orders, classic);
    const at = encoded.bytes.indexOf("x-opt-delivery-delay") + "x-opt-delivery-delay".length;
    const delayMs = () => Number(encoded.bytes.readBigInt64BE(at + 1));
    expect(encoded.bytes[at]).toBe(0x81);
    expect(delayMs()).toBe(60_000);
    refreshTimes(encoded, { ...outgoing, madeAtMs: performance.now() - 50_000 });
    expect(delayMs()).toBeGreaterThan(9_000);
    expect(delayMs()).toBeLessThanOrEqual(10_000);
    refreshTimes(encoded, { ...outgoing, madeAtMs: performance.now() - 61_000 });
    expect(delayMs()).toBe(0);
    expect(onTheWire("x").message_annotations).not.toHaveProperty("x-opt-delivery-delay");
  });

  it.each([
    [classic, "temp-queue://ID:vm-1", "temp-queue://ID:vm-1", 2],
    [classic, "temp-topic://ID:vm-1", "temp-topic://ID:vm-1", 3],
    [artemis, "temp-queue://a1b2", "a1b2", 2],
    [artemis, "temp-topic://a1b2", "a1b2", 3],
  ])("asks for a reply to what is temporary, and reads it (%j, %s)", (spelling, replyTo, address, kind) => {
    const message = onTheWire("x", { replyTo }, spelling);
    expect(message.reply_to).toBe(address);
    expect(message.message_annotations?.["x-opt-jms-reply-to"]).toBe(kind);
    expect(roundTrip("x", { replyTo }, spelling).replyTo).toBe(replyTo);
  });

  it("writes numbers as JMS has them: int, long and double, never unsigned", () => {
    const { bytes } = encodeMessage(
      createOutgoingMessage("x", { properties: { i: 7, n: -7, big: 2 ** 40, half: 0.5, huge: 1e300 } }),
      orders,
      classic,
    );
    const typecodes = (name: string) => bytes[bytes.indexOf(Buffer.from(name)) + name.length];
    expect(typecodes("\u00a1\u0001i".slice(2))).toBe(0x71);
    expect(typecodes("big")).toBe(0x81);
    expect(typecodes("half")).toBe(0x82);
    expect(typecodes("huge")).toBe(0x82);
    const { application_properties: read } = rhea.message.decode(bytes) as unknown as Message;
    expect(read).toMatchObject({ i: 7, n: -7, big: 2 ** 40, half: 0.5, huge: 1e300 });
  });

  it("keeps its bytes and writes only the remaining time to live anew", () => {
    const message = createOutgoingMessage("x", { ttlMs: 60_000, priority: 3 });
    const encoded = encodeMessage(message, orders, classic);
    const ttlAfter = (heldMs: number, ttlMs = 60_000) => {
      refreshTimes(encoded, { ...message, ttlMs, madeAtMs: performance.now() - heldMs });
      return (rhea.message.decode(encoded.bytes) as unknown as Message).ttl as number;
    };
    const first = Buffer.from(encoded.bytes);
    expect(rhea.message.decode(first)).toMatchObject({ priority: 3, durable: true });
    expect(ttlAfter(55_000)).toBeGreaterThan(4_000);
    expect(ttlAfter(55_000)).toBeLessThanOrEqual(5_000);
    expect(ttlAfter(70_000)).toBe(1);
    expect(encoded.bytes.length).toBe(first.length);
    expect(ttlAfter(0, 2 ** 40)).toBe(2 ** 32 - 1);
  });

  it("says its end as a time to live alone: brokers believe a time more, and our clock may be wrong", () => {
    const { bytes } = encodeMessage(createOutgoingMessage("x", { ttlMs: 60_000 }), orders, classic);
    expect((rhea.message.decode(bytes) as unknown as Message).absolute_expiry_time).toBeUndefined();
  });

  it("whose body's buffer was transferred while it waited is refused", () => {
    const buffer = new ArrayBuffer(8);
    const message = createOutgoingMessage(new Uint8Array(buffer));
    structuredClone(buffer, { transfer: [buffer] });
    expect(() => encodeMessage(message, orders, classic)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("has no time to live unless it expires", () => {
    const message = createOutgoingMessage("x");
    const encoded = encodeMessage(message, orders, classic);
    refreshTimes(encoded, message);
    expect((rhea.message.decode(encoded.bytes) as unknown as Message).ttl).toBeUndefined();
  });

  it("comes back as it was sent", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "grapheme" }), fc.uint8Array()),
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((name) => !/[\0\r\n]|^__proto__$|^_AMQ_DUPL_ID$/.test(name)),
          fc.oneof(
            fc.boolean(),
            fc.integer(),
            fc.maxSafeInteger(),
            fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
            fc.string().filter((text) => !text.includes("\0")),
          ),
        ),
        (body, properties) => {
          const message = roundTrip(body, { id: "m-1", properties });
          expect(message.id).toBe("m-1");
          expect(message.properties).toEqual({ ...properties });
          expect(message.kind).toBe(typeof body === "string" ? "text" : "bytes");
          expect(message.bytes()).toEqual(Buffer.from(body as string));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("tells what came with it", () => {
    const expiresAtMs = Date.now() + 60_000;
    const message = roundTrip(
      { sku: 1 },
      { priority: 2, correlationId: "c", replyTo: "topic://answers", ttlMs: 60_000 },
    );
    expect(message.json()).toEqual({ sku: 1 });
    expect(message).toMatchObject({
      contentType: "application/json",
      destination: "queue://orders",
      replyTo: "topic://answers",
      correlationId: "c",
      priority: 2,
      persistent: true,
    });
    expect(Math.abs((message.expiresAtMs ?? 0) - expiresAtMs)).toBeLessThan(1000);
    const bare = roundTrip("x", { replyTo: "topic://answers" }, artemis);
    expect(bare).toMatchObject({ destination: "queue://orders", replyTo: "topic://answers" });
  });
});

describe("a message of another client", () => {
  it.each([
    ["an empty message", { body: null }, "text", ""],
    ["a number", { body: 5 }, "text", "5"],
    ["a map", { body: { a: 1, b: [true] } }, "text", '{"a":1,"b":[true]}'],
    ["a list", { body: [1, "a"] }, "text", '[1,"a"]'],
    ["a sequence", { body: rhea.message.sequence_section([1, "a"]) }, "text", '[1,"a"]'],
    ["a binary value", { body: types.wrap_binary(Buffer.from("b")) }, "bytes", "b"],
    ["data in pieces", { body: rhea.message.data_sections([Buffer.from("a"), Buffer.from("b")]) }, "bytes", "ab"],
    [
      "data marked as text",
      { body: rhea.message.data_section(Buffer.from("t")), content_type: "text/plain;charset=utf-8" },
      "text",
      "t",
    ],
  ])("is read when it is %s", (_what, message, kind, text) => {
    const read = received(message);
    expect(read.kind).toBe(kind);
    expect(read.bytes().toString()).toBe(text);
  });

  it("goes by its duplicate id, then by its message id", () => {
    expect(
      received({ message_id: "ID:broker-1", application_properties: { _AMQ_DUPL_ID: "m-1" }, body: "" }),
    ).toMatchObject({ id: "m-1", brokerMessageId: "ID:broker-1", properties: {} });
    expect(received({ message_id: "m-1", application_properties: { _AMQ_DUPL_ID: "m-1" }, body: "" })).toMatchObject({
      id: "m-1",
      brokerMessageId: undefined,
    });
    expect(received({ message_id: "ID:1", body: "" })).toMatchObject({ id: "ID:1", brokerMessageId: "ID:1" });
    expect(received({ body: "" })).toMatchObject({ id: undefined, brokerMessageId: undefined });
    expect(received({ message_id: 7, body: "" }).id).toBe("7");
    const uuid = rhea.string_to_uuid("01234567-89ab-cdef-0123-456789abcdef") as unknown as Buffer;
    expect(received({ message_id: uuid, body: "" }).id).toBe("01234567-89ab-cdef-0123-456789abcdef");
  });

  it("has properties JavaScript has no type for as strings, and none that are null", () => {
    const application_properties = {
      long: types.wrap_long(Buffer.from("7fffffffffffffff", "hex")),
      date: new Date(0),
      none: null,
      kept: 1.5,
    };
    expect(received({ application_properties, body: "" }).properties).toEqual({
      long: "9223372036854775807",
      date: "1970-01-01T00:00:00.000Z",
      kept: 1.5,
    });
  });

  it("is for the destination subscribed to when it does not name one", () => {
    expect(received({ body: "" }, artemis, prices).destination).toBe("topic://prices");
    expect(received({ body: "", to: "prices.eu" }, artemis, prices).destination).toBe("topic://prices.eu");
    expect(received({ body: "", to: "topic://prices.eu" }, classic, prices).destination).toBe("topic://prices.eu");
    const annotated = { body: "", to: "x", message_annotations: { "x-opt-jms-dest": types.wrap_byte(0) } };
    expect(received(annotated, artemis, prices).destination).toBe("queue://x");
  });

  it("keeps the broker's spelling of a temporary reply address", () => {
    expect(received({ body: "", reply_to: "temp-queue://ID:1" }).replyTo).toBe("temp-queue://ID:1");
    expect(received({ body: "", reply_to: "6f1c" }, artemis).replyTo).toBe("6f1c");
  });
});
