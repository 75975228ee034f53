import fc from "fast-check";
import rhea from "rhea";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { spellingOf } from "../../../../../src/adapters/amqp/messages/destination.ts";
import { decodeFast } from "../../../../../src/adapters/amqp/messages/fast-decoder.ts";
import { decodeMessage } from "../../../../../src/adapters/amqp/messages/full-decoder.ts";
import { encodeMessage } from "../../../../../src/adapters/amqp/messages/message.ts";
import { createOutgoingMessage } from "../../../../../src/messaging/messages/outgoing-message.ts";

const { types } = rhea;
const classic = spellingOf({ product: "activemq", version: undefined }, {});
const orders = { kind: "queue", name: "orders" } as const;
const encode = (message: object) => rhea.message.encode(message);

/** What the long way round makes of the same bytes. */
const fully = (bytes: Buffer) => {
  const { content, deliveryCount } = decodeMessage(bytes, classic, orders);
  return { content, deliveryCount };
};

const plain = (bytes: Buffer) => decodeFast(bytes, classic, orders);

const FULL = {
  durable: true,
  priority: 7,
  ttl: 300,
  first_acquirer: false,
  delivery_count: 3,
  message_annotations: { "x-opt-jms-dest": types.wrap_byte(1), "x-opt-jms-reply-to": types.wrap_byte(0), other: "x" },
  message_id: "ID:1",
  user_id: Buffer.from("app"),
  to: "prices",
  subject: "type",
  reply_to: "queue://answers",
  correlation_id: "c-1",
  content_type: "text/plain",
  content_encoding: "identity",
  absolute_expiry_time: new Date(4_000_000_000_000),
  creation_time: new Date(1_700_000_000_000),
  group_id: "g",
  group_sequence: 4_294_967_295,
  reply_to_group_id: "r",
  application_properties: {
    _AMQ_DUPL_ID: "stable",
    "content-type": "application/json",
    text: "grüße",
    yes: true,
    no: false,
    int: types.wrap_int(-70_000),
    smallInt: types.wrap_int(-7),
    long: types.wrap_long(2 ** 40),
    negative: types.wrap_long(-(2 ** 40)),
    smallLong: types.wrap_long(-9),
    short: types.wrap_short(-300),
    byte: types.wrap_byte(-3),
    float: types.wrap_float(1.5),
    double: 2.25,
  },
  body: "grüße",
};

// A ttl counts from the moment in which a message is read: both decoders read it in the same one.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

describe("a message of the usual shape", () => {
  it("is read without rhea, to what rhea would make of it", () => {
    const bytes = encode(FULL);
    expect(plain(bytes)).toBeDefined();
    expect(plain(bytes)).toEqual(fully(bytes));
  });

  it.each([
    ["bytes in a data section", { body: rhea.message.data_section(Buffer.from([0, 255])) }],
    [
      "text in a data section",
      { content_type: "application/json", body: rhea.message.data_section(Buffer.from("{}")) },
    ],
    ["bytes as a value, whatever their content type", { content_type: "text/plain", body: Buffer.from([1]) }],
    ["a long text", { body: "x".repeat(100_000) }],
    ["an empty text", { body: "", to: "" }],
    ["a property that is null", { application_properties: { at: null, text: "x" }, body: "x" }],
  ])("may have %s", (_what, message) => {
    const bytes = encode(message);
    expect(plain(bytes)).toBeDefined();
    expect(plain(bytes)).toEqual(fully(bytes));
  });

  it("is what this library writes", () => {
    // A ttl counts from the moment of the decoding.
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const options = { properties: { a: 1, b: "x", c: true, d: 0.5 }, replyTo: "topic://t", ttlMs: 9_000, groupId: "g" };
    for (const body of ["text", Buffer.from([1, 2]), { sku: 1 }]) {
      const { bytes } = encodeMessage(createOutgoingMessage(body, options), orders, classic);
      expect(plain(bytes)).toBeDefined();
      expect(plain(bytes)).toEqual(fully(bytes));
    }
  });
});

describe("a message of another shape", () => {
  it.each([
    ["a UUID for an id", { message_id: Buffer.alloc(16, 1), body: "x" }],
    ["a date for a property", { application_properties: { at: new Date(1) }, body: "x" }],
    ["a map for a body", { body: { a: 1 } }],
    ["two data sections", { body: rhea.message.data_sections([Buffer.from("a"), Buffer.from("b")] as never) }],
    ["delivery annotations", { delivery_annotations: { a: 1 }, body: "x" }],
    ["a footer", { footer: { a: 1 }, body: "x" }],
  ])("is left to rhea: %s", (_what, message) => {
    expect(plain(encode(message))).toBeUndefined();
  });

  it("is left to rhea where a string is no UTF-8", () => {
    expect(plain(Buffer.from([0x00, 0x53, 0x77, 0xa1, 2, 0xc3, 0x28]))).toBeUndefined();
    expect(plain(Buffer.from([0x00, 0x53, 0x75, 0xa1, 1, 0x41]))).toBeUndefined();
  });
});

describe("bytes that something has changed", () => {
  const whole = encode(FULL);

  it("are read only to what rhea makes of them too", () => {
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        const found = plain(bytes);
        if (found) expect(found).toEqual(fully(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  it("are left to rhea wherever they are cut off within a section", () => {
    for (let length = 1; length < whole.length; length++) {
      const found = plain(whole.subarray(0, length));
      if (found) expect(found).toEqual(fully(whole.subarray(0, length)));
    }
  });
});
