import fc from "fast-check";
import stompit, { type IncomingFrame } from "stompit";
import { describe, expect, it } from "vitest";
import { PARSER_OPTIONS } from "../../../../src/adapters/stomp/stompit/parser-options.ts";
import { unfinishedTail } from "../../../../src/testing/stomp/text-boundary.ts";

describe("unfinishedTail", () => {
  it.each([
    ["nothing of an empty chunk", Buffer.alloc(0), 0],
    ["nothing of ASCII", Buffer.from("abc"), 0],
    ["nothing after a whole character of two bytes", Buffer.from("é"), 0],
    ["nothing after a whole character of four bytes", Buffer.from("😀"), 0],
    ["the first of two bytes", Buffer.from("aé").subarray(0, 2), 1],
    ["two of three bytes", Buffer.from("a€").subarray(0, 3), 2],
    ["three of four bytes", Buffer.from("a😀").subarray(0, 4), 3],
    ["a CR", Buffer.from("a\r"), 1],
    ["nothing of a whole frame", Buffer.from("RECEIPT\n\n\0"), 0],
    ["nothing of a frame with its line end", Buffer.from("RECEIPT\n\n\0\r\n"), 0],
    ["nothing of bytes that are no UTF-8", Buffer.from([0x80, 0x80, 0x80, 0x80]), 0],
    ["nothing after a byte that starts no sequence", Buffer.from([0xff]), 0],
  ])("holds back %s", (_, chunk, held) => {
    expect(unfinishedTail(chunk)).toBe(held);
  });

  it("never holds back the end of a frame", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(0, 10), (bytes, last) => {
        expect(unfinishedTail(Buffer.from([...bytes, last]))).toBe(0);
      }),
    );
  });

  it("lets stompit read the same frames however they are split", async () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", " ", "ß", "\\c") });
    const frames = fc.array(fc.record({ value: text, body: text, eol: fc.constantFrom("\n", "\r\n") }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(frames, fc.array(fc.nat({ max: 12 })), async (sent, cuts) => {
        const wire = Buffer.from(
          sent.map(({ value, body, eol }) => `MESSAGE${eol}n:${value}${eol}${eol}${body}\0${eol}`).join(""),
        );
        const received = await parse(split(wire, cuts), sent.length);
        expect(received).toEqual(sent.map(({ value, body }) => ({ value: value.replaceAll("\\c", ":"), body })));
      }),
      { numRuns: 200 },
    );
  });
});

/** Cuts as the socket would hand the pieces on: with the unfinished tail of each put before the next. */
function split(wire: Buffer, cuts: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let held = Buffer.alloc(0);
  let at = 0;
  for (const cut of [...cuts, wire.length]) {
    const joined = Buffer.concat([held, wire.subarray(at, at + cut)]);
    const keep = unfinishedTail(joined);
    pieces.push(joined.subarray(0, joined.length - keep));
    held = Buffer.from(joined.subarray(joined.length - keep));
    at += cut;
  }
  return [...pieces, held].filter((piece) => piece.length > 0);
}

function parse(pieces: readonly Buffer[], count: number): Promise<{ value: unknown; body: string }[]> {
  const parser = new stompit.IncomingFrameStream({ ...PARSER_OPTIONS });
  // Which escapes apply is told to the parser by its client.
  (parser as typeof parser & { setVersion(version: string): void }).setVersion("1.2");
  return new Promise((resolve, reject) => {
    const received: { value: unknown; body: string }[] = [];
    parser.on("error", reject);
    parser.on("data", (frame: IncomingFrame) => {
      const body: Buffer[] = [];
      frame.on("data", (chunk: Buffer) => body.push(chunk));
      frame.on("end", () => {
        received.push({ value: frame.headers["n"], body: Buffer.concat(body).toString() });
        if (received.length === count) resolve(received);
      });
    });
    for (const piece of pieces) parser.write(piece);
  });
}
