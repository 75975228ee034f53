import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WireWriter } from "../../../../../src/adapters/amqp/messages/wire-writer.ts";

interface Reader {
  read(): { readonly value: unknown };
  remaining(): number;
}
const { Reader } = createRequire(import.meta.url)("rhea/lib/types.js") as {
  readonly Reader: new (b: Buffer) => Reader;
};

/** The values another implementation reads from what was written. */
function readBack(write: (writer: WireWriter) => void, rest = Buffer.alloc(0)): unknown[] {
  const writer = new WireWriter();
  writer.begin();
  write(writer);
  const reader = new Reader(writer.take(rest));
  const values: unknown[] = [];
  while (reader.remaining() > 0) values.push(reader.read().value);
  return values;
}

describe("the wire writer", () => {
  it("writes texts of any length as another implementation reads them", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), (text) => {
        expect(readBack((writer) => writer.string(text))).toEqual([text]);
      }),
    );
  });

  it("writes whole numbers, fractions and times as another implementation reads them", () => {
    const whole = fc.oneof(
      fc.integer(),
      fc.maxSafeInteger().filter((value) => Math.abs(value) < 2 ** 52),
    );
    fc.assert(
      fc.property(whole, fc.double({ noNaN: true }), (integer, double) => {
        const values = readBack((writer) => {
          writer.integer(integer);
          writer.double(double);
          writer.timestamp(1_700_000_000_123);
        });
        expect(values).toEqual([integer, double, new Date(1_700_000_000_123)]);
      }),
    );
  });

  it.each([0, 1, 255, 256, 100_000])("puts a body of %d bytes behind its section", (length) => {
    const body = Buffer.alloc(length, 7);
    expect(readBack((writer) => writer.bodySection(0x75, 0xa0, 0xb0, length), body)).toEqual([body]);
  });

  it("grows, counts what is in a list, and starts afresh after a write that threw", () => {
    const writer = new WireWriter();
    writer.string("left over");
    writer.begin();
    writer.section(0x70, 0xd0);
    writer.compound(() => {
      for (let index = 0; index < 5000; index++) writer.uint(index);
      writer.null();
      writer.boolean(true);
      return 5002;
    });
    const bytes = writer.take(Buffer.alloc(0));
    expect([...bytes.subarray(0, 4)]).toEqual([0x00, 0x53, 0x70, 0xd0]);
    expect(bytes.readUInt32BE(4)).toBe(bytes.length - 8);
    const [list] = [new Reader(bytes).read().value as { readonly value: unknown }[]];
    expect(list?.length).toBe(5002);
    expect(list?.[4999]?.value).toBe(4999);
  });
});
