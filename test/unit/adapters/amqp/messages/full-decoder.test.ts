import rhea from "rhea";
import { describe, expect, it } from "vitest";
import { spellingOf } from "../../../../../src/adapters/amqp/messages/destination.ts";
import { decodeFast } from "../../../../../src/adapters/amqp/messages/fast-decoder.ts";
import { decodeMessage, findMessageId } from "../../../../../src/adapters/amqp/messages/full-decoder.ts";
import { MAX_VALUES } from "../../../../../src/adapters/amqp/rhea/decode-limits.ts";
import { ReceivedMessage } from "../../../../../src/messaging/messages/received-message.ts";

const { types } = rhea;
const artemis = spellingOf({ product: "artemis", version: undefined }, {});
const decoded = (bytes: Buffer) => decodeMessage(bytes, artemis, { kind: "queue", name: "orders" });
const contentOf = (bytes: Buffer) => decoded(bytes).content;
const textOf = (bytes: Buffer) => contentOf(bytes).body.toString();

/** An application-value section around an encoded value. */
const valueSection = (...bytes: readonly number[]) => Buffer.from([0x00, 0x53, 0x77, ...bytes]);
/** A long or ulong as rhea writes it from eight bytes. */
const int64 = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
  return bytes;
};

describe("a body that JSON or UTF-8 has no form for", () => {
  it.each([
    ["NaN", [0x72, 0x7f, 0xc0, 0, 0]],
    ["-Infinity", [0x82, 0xff, 0xf0, 0, 0, 0, 0, 0, 0]],
    ['[1,"NaN"]', [0xc0, 8, 2, 0x54, 1, 0x72, 0x7f, 0xc0, 0, 0]],
  ])("arrives as %s", (text, value) => {
    expect(textOf(valueSection(...value))).toBe(text);
  });

  it.each([
    ["short", [0xa1, 2, 0xc3, 0x28]],
    ["long", [0xb1, 0, 0, 0, 2, 0xc3, 0x28]],
  ])("keeps the bytes of a %s string that is no UTF-8, and text() says so", (_, value) => {
    const message = new ReceivedMessage(contentOf(valueSection(...value)));
    expect(message.bytes()).toEqual(Buffer.from([0xc3, 0x28]));
    expect(() => message.text()).toThrow(/is not UTF-8/);
  });

  it("is no message where a data section is not binary", () => {
    expect(() => decoded(Buffer.from([0, 0x53, 0x75, 0xa1, 1, 0x61]))).toThrow(/data section that is not binary/);
  });
});

describe("what a message unfolds to", () => {
  it.each([
    ["an array of four thousand million nulls", [0xf0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40]],
    ["an array of four thousand million empty lists", [0xf0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x45]],
    ["a list of four thousand million items", [0xd0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40]],
    ["an array of more numbers than there are bytes", [0xf0, 0, 0, 0, 9, 0, 0xff, 0xff, 0xff, 0x71, 0, 0, 0, 1]],
  ])("is no %s", (_what, value) => {
    const before = process.memoryUsage().rss;
    expect(() => decoded(valueSection(...value))).toThrow(/items in|More than/);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  it("is refused with more than a million values, however they are nested", () => {
    const inner = Buffer.alloc(9 + 65_000, 0x40);
    inner.writeUInt8(0xd0, 0);
    inner.writeUInt32BE(4 + 65_000, 1);
    inner.writeUInt32BE(65_000, 5);
    const lists = Buffer.concat(Array.from({ length: 20 }, () => inner));
    const head = Buffer.alloc(9);
    head.writeUInt8(0xd0, 0);
    head.writeUInt32BE(4 + lists.length, 1);
    head.writeUInt32BE(20, 5);
    expect(20 * 65_000).toBeGreaterThan(MAX_VALUES);
    expect(() => decoded(Buffer.concat([valueSection(), head, lists]))).toThrow(/More than/);
  });

  it("is a list of a hundred thousand, an array, and a map all the same", () => {
    const list = Array.from({ length: 100_000 }, (_, n) => n);
    expect(JSON.parse(textOf(rhea.message.encode({ body: list })))).toEqual(list);
    const numbers = types.wrap_array([1, 2, 3], 0x71, undefined);
    expect(textOf(rhea.message.encode({ body: numbers }))).toBe("[1,2,3]");
    expect(textOf(rhea.message.encode({ body: { a: [null, true] } }))).toBe('{"a":[null,true]}');
  });

  it("is never deeper than the stack takes", () => {
    const lists = Buffer.concat(Array.from({ length: 60_000 }, () => Buffer.of(0xd0, 0, 0, 0, 0, 0, 0, 0, 1)));
    for (let n = 0; n < 60_000; n++) lists.writeUInt32BE((60_000 - n) * 9 - 5, n * 9 + 1);
    expect(() => decoded(Buffer.concat([valueSection(), lists, Buffer.of(0x40)]))).toThrow(/within more than/);
    expect(() => decoded(Buffer.concat([valueSection(), Buffer.alloc(100_000)]))).toThrow(/A value/);
  });
});

describe("the value of a body", () => {
  it("is read behind any descriptor, as bare rhea reads it", () => {
    expect(contentOf(valueSection(0x00, 0xa3, 0x03, 0x61, 0x3a, 0x62, 0xa1, 0x01, 0x78))).toMatchObject({
      kind: "text",
      body: Buffer.from("x"),
    });
    expect(textOf(valueSection(0x00, 0x53, 0x01, 0x00, 0x53, 0x02, 0xa1, 0x01, 0x78))).toBe("x");
    const inList = types.wrap_list([types.wrap_described("x", "a:b"), 1]);
    expect(textOf(rhea.message.encode({ body: inList }))).toBe('["x",1]');
  });

  it.each([
    ["a long of 2^60", types.wrap_long(int64(2n ** 60n)), "1152921504606846976"],
    ["a long of 2^53 - 1", types.wrap_long(2 ** 53 - 1), "9007199254740991"],
    ["a long of 2^53", types.wrap_long(int64(2n ** 53n)), "9007199254740992"],
    ["a long of 2^53 + 1", types.wrap_long(int64(2n ** 53n + 1n)), "9007199254740993"],
    ["a long of 2^53 + 2^32 - 1", types.wrap_long(int64(2n ** 53n + 2n ** 32n - 1n)), "9007203549708287"],
    ["a long of -2^53 - 1", types.wrap_long(int64(-(2n ** 53n) - 1n)), "-9007199254740993"],
    ["a long of -2^63", types.wrap_long(int64(-(2n ** 63n))), "-9223372036854775808"],
    ["a ulong of 2^53 + 1", types.wrap_ulong(int64(2n ** 53n + 1n)), "9007199254740993"],
    ["a ulong of 2^64 - 1", types.wrap_ulong(int64(2n ** 64n - 1n)), "18446744073709551615"],
    ["a char", types.wrap_char(0x1f600), "😀"],
    [
      "a uuid",
      types.wrap_uuid(Buffer.from("0123456789abcdef0123456789abcdef", "hex")),
      "01234567-89ab-cdef-0123-456789abcdef",
    ],
  ])("is text by its type code when it is %s", (_what, body, text) => {
    const read = contentOf(rhea.message.encode({ body }));
    expect([read.kind, read.body.toString()]).toEqual(["text", text]);
    const properties = contentOf(rhea.message.encode({ application_properties: { p: body }, body: "" })).properties;
    expect(String(properties["p"])).toBe(text);
    const inMap = JSON.parse(textOf(rhea.message.encode({ body: { v: body } })));
    expect(String(inMap.v)).toBe(text);
  });

  it.each([8, 16, 5])("is bytes when it is binary, of %i bytes too, and base64 within a map", (length) => {
    const bytes = Buffer.alloc(length, 7);
    expect(contentOf(rhea.message.encode({ body: types.wrap_binary(bytes) }))).toMatchObject({
      kind: "bytes",
      body: bytes,
    });
    expect(textOf(rhea.message.encode({ body: { v: bytes } }))).toBe(`{"v":"${bytes.toString("base64")}"}`);
    const { properties } = contentOf(rhea.message.encode({ application_properties: { p: bytes }, body: "" }));
    expect(properties).toEqual({ p: bytes.toString("base64") });
  });

  it.each([
    [[0x74, 0x32, 0x80, 0x00, 0x0f], "15"],
    [[0x74, 0x32, 0x00, 0x00, 0x0f], "1.5"],
    [[0x84, 0xb1, 0x80, 0, 0, 0, 0, 0x04, 0xe2], "-12.50"],
    [[0x84, 0x32, 0x20, 0, 0, 0, 0, 0, 0x07], "7E+3"],
    [[0x94, 0x30, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01], "1"],
    [[0x74, 0x78, 0, 0, 0], "Infinity"],
    [[0x74, 0x7c, 0, 0, 0], "NaN"],
  ])("is the digits of a decimal: %j", (value, text) => {
    expect(textOf(valueSection(...value))).toBe(text);
  });

  it("keeps a key named __proto__ as any other", () => {
    const bytes = valueSection(0xc1, 13, 2, 0xa1, 9, ...Buffer.from("__proto__"), 0x41);
    expect(textOf(bytes)).toBe('{"__proto__":true}');
  });
});

describe("the id of a message that cannot be read", () => {
  const bytes = rhea.message.encode({ message_id: "m-1", body: "x".repeat(5000) });

  it("is found before the fault, and where the end is missing", () => {
    expect(findMessageId(Buffer.concat([bytes, Buffer.of(0x41)]))).toBe("m-1");
    expect(findMessageId(bytes.subarray(0, 200))).toBe("m-1");
  });

  it("is undefined where the message does not say it", () => {
    expect(findMessageId(Buffer.of(0x41))).toBeUndefined();
    expect(findMessageId(bytes.subarray(0, 6))).toBeUndefined();
  });
});

describe("the sections of a message", () => {
  it.each([
    ["a text", { body: "text", subject: "s", application_properties: { a: 1 } }],
    ["long bytes", { body: rhea.message.data_section(Buffer.alloc(70_000)), durable: true }],
    ["nothing", { body: null }],
  ])("are read of %s", (_what, content) => {
    expect(() => decoded(rhea.message.encode(content))).not.toThrow();
  });

  it("may be named by a symbol or a long number", () => {
    const name = Buffer.from("amqp:value:*");
    for (const descriptor of [
      Buffer.concat([Buffer.from([0xa3, name.length]), name]),
      Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0x77]),
    ])
      expect(textOf(Buffer.concat([Buffer.of(0), descriptor, Buffer.of(0x40)]))).toBe("");
  });

  it.each([
    ["a value that is no section", Buffer.of(0x41)],
    ["a section of nobody's", Buffer.of(0x00, 0x53, 0x99, 0x40)],
    ["a section named by a list", Buffer.of(0x00, 0x45, 0x40)],
    ["a value of no type", valueSection(0x10)],
    ["text that is cut off", valueSection(0xa1, 5, 0x61)],
    ["a size that is cut off", valueSection(0xb1, 0, 0)],
    ["nothing behind a section's name", Buffer.of(0x00, 0x53, 0x77)],
    ["a name that is cut off", Buffer.of(0x00, 0x53)],
  ])("are not %s", (_what, bytes) => {
    expect(() => decoded(bytes)).toThrow(/A message/);
  });
});

it("a property named __proto__ is shown by both decoders", () => {
  const application_properties = Object.fromEntries([["__proto__", "v"]]);
  const bytes = rhea.message.encode({ body: "x", application_properties });
  const read = decodeFast(bytes, artemis, { kind: "queue", name: "orders" }) ?? decoded(bytes);
  expect(Object.entries(read.content.properties)).toEqual([["__proto__", "v"]]);
});

it.each(["amqp:amqp-value:*", "amqp:value:*"])("a value section that is named %s is read", (name) => {
  const head = Buffer.from([0x00, 0xa3, name.length, ...Buffer.from(name)]);
  expect(textOf(Buffer.concat([head, Buffer.from([0xa1, 1, 0x78])]))).toBe("x");
});
