import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_HEAD_BYTES, MessagePieces } from "../../../../../src/adapters/amqp/rhea/message-pieces.ts";

describe("the pieces of a message", () => {
  it("are the message, whatever their sizes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 9000 })), (parts) => {
        const pieces = new MessagePieces(1_000_000);
        for (const part of parts) pieces.add(Buffer.from(part));
        expect(pieces.take()).toEqual(Buffer.concat(parts));
        expect(pieces.size).toBe(Buffer.concat(parts).length);
      }),
    );
  });

  it("of one byte each take no more memory than the bytes, twice at most", () => {
    const pieces = new MessagePieces(16 * 1024 * 1024);
    const before = process.memoryUsage();
    for (let n = 0; n < 4 * 1024 * 1024; n++) pieces.add(Buffer.of(n & 0xff));
    const { external } = process.memoryUsage();
    expect(external - before.external).toBeLessThan(16 * 1024 * 1024);
    expect(pieces.take()).toHaveLength(4 * 1024 * 1024);
  });

  it("beyond the limit are counted, and all but a head is dropped", () => {
    const pieces = new MessagePieces(100_000);
    for (let n = 0; n < 1000; n++) pieces.add(Buffer.alloc(60_000, n));
    expect(pieces.size).toBe(60_000_000);
    expect(pieces.take()).toEqual(Buffer.alloc(MAX_HEAD_BYTES, 0));
  });

  it("of a message as large as the limit are all kept", () => {
    const pieces = new MessagePieces(10);
    pieces.add(Buffer.from("01234"));
    pieces.add(Buffer.from("56789"));
    expect(pieces.take().toString()).toBe("0123456789");
  });
});
