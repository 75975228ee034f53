import rhea from "rhea";
import { describe, expect, it } from "vitest";
import { checkSections } from "../../../../../src/adapters/amqp/messages/message-sections.ts";
import { MAX_VALUES, withDecodeLimits } from "../../../../../src/adapters/amqp/rhea/decode-limits.ts";

/** An application-value section around an encoded value. */
const valueSection = (...bytes: readonly number[]) => Buffer.from([0x00, 0x53, 0x77, ...bytes]);
const message = {
  encode: (content: object) => rhea.message.encode(content),
  decode: (bytes: Buffer) => withDecodeLimits(() => rhea.message.decode(bytes) as unknown as { body: unknown }),
};

describe("what rhea decodes", () => {
  it.each([
    ["an array of four thousand million nulls", [0xf0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40]],
    ["an array of four thousand million empty lists", [0xf0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x45]],
    ["a list of four thousand million items", [0xd0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40]],
    ["an array of more numbers than there are bytes", [0xf0, 0, 0, 0, 9, 0, 0xff, 0xff, 0xff, 0x71, 0, 0, 0, 1]],
  ])("is no %s", (_what, value) => {
    const before = process.memoryUsage().rss;
    expect(() => message.decode(valueSection(...value))).toThrow(/items in|More than/);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  it("is no message of more than a million values, however they are nested", () => {
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
    expect(() => message.decode(Buffer.concat([valueSection(), head, lists]))).toThrow(/More than/);
  });

  it("is a list of a hundred thousand, an array, and a map all the same", () => {
    const list = Array.from({ length: 100_000 }, (_, n) => n);
    expect(message.decode(message.encode({ body: list })).body).toEqual(list);
    const numbers = rhea.types.wrap_array([1, 2, 3], 0x71, undefined);
    expect(message.decode(message.encode({ body: numbers })).body).toEqual([1, 2, 3]);
    expect(message.decode(message.encode({ body: { a: [null, true] } })).body).toEqual({ a: [null, true] });
  });
});

describe("the sections of a message", () => {
  it.each([
    ["a text", { body: "text", subject: "s", application_properties: { a: 1 } }],
    ["long bytes", { body: rhea.message.data_section(Buffer.alloc(70_000)), durable: true }],
    ["nothing", { body: null }],
  ])("are read of %s", (_what, content) => {
    expect(() => checkSections(message.encode(content))).not.toThrow();
  });

  it("may be named by a symbol or a long number", () => {
    const name = Buffer.from("amqp:value:*");
    for (const descriptor of [
      Buffer.concat([Buffer.from([0xa3, name.length]), name]),
      Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0x77]),
    ])
      expect(() => checkSections(Buffer.concat([Buffer.of(0), descriptor, Buffer.of(0x40)]))).not.toThrow();
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
    expect(() => checkSections(bytes)).toThrow(/A message/);
  });
});
