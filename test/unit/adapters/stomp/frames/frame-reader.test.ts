/** Our reader of frames beside stompit's parser: the same frames out of the same bytes, and as strict. */
import fc from "fast-check";
import stompit, { type IncomingFrame } from "stompit";
import { describe, expect, it } from "vitest";
import { FrameReader } from "../../../../../src/adapters/stomp/frames/frame-reader.ts";
import type { HeaderBlock } from "../../../../../src/adapters/stomp/frames/header-block.ts";
import { PARSER_OPTIONS } from "../../../../../src/adapters/stomp/stompit/parser-options.ts";

interface Seen {
  readonly command: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly complete: boolean;
}

interface Outcome {
  readonly frames: readonly Seen[];
  readonly broken: string | undefined;
}

interface ReadOptions {
  readonly version?: "1.1" | "1.2";
  readonly limit?: number;
  /** Called for each frame. */
  readonly onFrame?: (reader: FrameReader) => void;
}

function read(pieces: readonly Buffer[], { version = "1.2", limit = 1e6, onFrame }: ReadOptions = {}): Outcome {
  const frames: Seen[] = [];
  let broken: string | undefined;
  const reader = new FrameReader(version, {
    onHead: () => limit,
    onFrame: (command, headers, body, complete) => {
      frames.push({ command, headers: first(headers), body: body.toString("latin1"), complete });
      onFrame?.(reader);
    },
    onDropped: () => {},
    onBroken: (how) => {
      expect(broken).toBeUndefined();
      broken = how;
    },
  });
  for (const piece of pieces) reader.read(piece);
  return { frames, broken };
}

/** The first header of each name. */
function first(headers: HeaderBlock): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of headers.entries()) found[name] ??= value;
  return found;
}

/** What stompit makes of it, read in one piece. */
async function readWithStompit(bytes: Buffer, version: "1.1" | "1.2"): Promise<Outcome> {
  const parser = new stompit.IncomingFrameStream({ ...PARSER_OPTIONS });
  (parser as typeof parser & { setVersion(version: string): void }).setVersion(version);
  const frames: Seen[] = [];
  let broken: string | undefined;
  parser.on("error", (error) => {
    broken = error.message;
  });
  parser.on("data", (frame: IncomingFrame) => {
    const body: Buffer[] = [];
    frame.on("data", (chunk: Buffer) => body.push(chunk));
    frame.on("end", () => {
      const headers: Record<string, string> = {};
      for (const name of Object.keys(frame.headers)) headers[name] = String(frame.headers[name]);
      frames.push({ command: frame.command, headers, body: Buffer.concat(body).toString("latin1"), complete: true });
    });
  });
  parser.write(bytes);
  // A frame takes it a few turns.
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
  return { frames, broken };
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of [...cuts, bytes.length]) {
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces.filter((piece) => piece.length > 0);
}

const bytewise = (text: string) => [...Buffer.from(text)].map((byte) => Buffer.from([byte]));

const text = fc.string({
  unit: fc.constantFrom("a", "bc", "é", "€", "😀", " ", "\\c", "\\n", "\\r", "\\\\", "\\x", "\\"),
});
const eol = fc.constantFrom("\n", "\n", "\r\n");
const frame = fc
  .record({
    before: fc.constantFrom("", "\n", "\r\n", "\n\r\n", "\r"),
    command: fc.constantFrom("MESSAGE", "RECEIPT", "OTHER"),
    headers: fc.array(fc.tuple(fc.constantFrom("a", "b", "a\\c", "id"), text), { maxLength: 4 }),
    lone: fc.constantFrom("", "", "", "", "", "no colon"),
    body: fc.string({ unit: fc.constantFrom("x", "é", "\n", "\r", ":", "\0"), maxLength: 12 }),
    length: fc.constantFrom("none", "right", "right", "short", "word"),
    eol,
  })
  .map(({ before, command, headers, lone, body, length, eol: end }) => {
    const bytes = Buffer.byteLength(body);
    const said = { none: undefined, right: bytes, short: Math.max(0, bytes - 1), word: "many" }[length];
    const lines = headers.map(([name, value]) => `${name}:${value}${end}`);
    if (lone !== "") lines.push(`${lone}${end}`);
    if (said !== undefined) lines.push(`content-length:${said}${end}`);
    return `${before}${command}${end}${lines.join("")}${end}${body}\0`;
  });

describe("the frames of any bytes", () => {
  it("are the same however they are split, and those that stompit reads", async () => {
    const anyWire = fc.array(frame, { minLength: 1, maxLength: 4 });
    const anyVersion = fc.constantFrom("1.1" as const, "1.2" as const);
    await fc.assert(
      fc.asyncProperty(anyWire, fc.array(fc.nat({ max: 9 })), anyVersion, async (frames, cuts, version) => {
        const bytes = Buffer.from(frames.join(""));
        // stompit takes no line end before the very first frame: that one is CONNECTED, which our reader does not see.
        fc.pre(!/^[\r\n]/.test(bytes.toString("latin1")));
        const whole = read([bytes], { version });
        expect(read(cut(bytes, cuts), { version })).toEqual(whole);
        expect(read(bytewise(frames.join("")), { version })).toEqual(whole);
        const theirs = await readWithStompit(bytes, version);
        expect(whole.broken === undefined).toBe(theirs.broken === undefined);
        // Once its stream has failed it may lose frames that came before.
        if (theirs.broken === undefined) expect(whole.frames).toEqual(theirs.frames);
        else expect(whole.frames.slice(0, theirs.frames.length)).toEqual(theirs.frames);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a frame", () => {
  it("keeps its body whole over many pieces, with NULs where its length says so", () => {
    const body = "0123456789\0".repeat(20_000);
    const bytes = Buffer.from(`MESSAGE\ncontent-length:${body.length}\n\n${body}\0\nRECEIPT\nreceipt-id:1\n\n\0`);
    const { frames, broken } = read(cut(bytes, Array(50).fill(5_000)));
    expect(broken).toBeUndefined();
    expect(frames.map(({ command }) => command)).toEqual(["MESSAGE", "RECEIPT"]);
    expect(frames[0]?.body === body).toBe(true);
  });

  it.each([
    ["with a length", "content-length:30\n"],
    ["without", ""],
  ])("is told with its first bytes when its body passes the limit, %s, and the next is read", (_, length) => {
    const wire = `ERROR\n${length}\n${"x".repeat(30)}\0\nRECEIPT\n\n\0`;
    for (const pieces of [[Buffer.from(wire)], bytewise(wire), cut(Buffer.from(wire), [20, 20])]) {
      expect(read(pieces, { limit: 10 }).frames).toMatchObject([
        { command: "ERROR", body: "x".repeat(10), complete: false },
        { command: "RECEIPT", body: "", complete: true },
      ]);
    }
  });

  it("is not told of before the NUL behind a body of known length", () => {
    expect(read([Buffer.from("MESSAGE\ncontent-length:1\n\nx")]).frames).toEqual([]);
    expect(read([Buffer.from("MESSAGE\ncontent-length:1\n\nxy")])).toMatchObject({ frames: [], broken: /longer/ });
  });

  it("does not keep the memory of what it was read from", () => {
    let kept: Buffer | undefined;
    const reader = new FrameReader("1.2", {
      onHead: () => 1e6,
      onFrame: (_command, _headers, body) => {
        kept = body;
      },
      onDropped: () => {},
      onBroken: () => {},
    });
    const chunk = Buffer.from("MESSAGE\n\nabc\0");
    reader.read(chunk);
    chunk.fill(0);
    expect(kept?.toString()).toBe("abc");
  });

  it("is the last when the reader is ended by what it says", () => {
    const wire = Buffer.from("RECEIPT\n\n\0RECEIPT\n\n\0");
    const { frames } = read([wire, wire], { onFrame: (reader) => reader.end() });
    expect(frames.length).toBe(1);
  });
});

describe("bounds", () => {
  it.each([
    ["the same one", () => "a:b\n"],
    ["different ones", (nth: number) => `a${nth}:b\n`],
  ])("are 1024 headers, of %s", (_what, line) => {
    const lines = (count: number) => Array.from({ length: count }, (_, nth) => line(nth)).join("");
    expect(read([Buffer.from(`MESSAGE\n${lines(1024)}\n\0`)])).toMatchObject({ broken: undefined });
    expect(read([Buffer.from(`MESSAGE\n${lines(1025)}`)]).broken).toMatch("too many headers");
  });

  it("are a mebibyte a line, whether it ends or not", () => {
    const line = Buffer.alloc(1024 * 1024 + 10, "a");
    const head = Buffer.from("MESSAGE\na:");
    expect(read([head, line]).broken).toMatch("header line");
    expect(read([Buffer.concat([head, line, Buffer.from("\n\n\0")])]).broken).toMatch("header line");
    expect(read([head, line.subarray(20), Buffer.from("\n\n\0")])).toMatchObject({ broken: undefined });
  });

  it("cost a peer that sends byte by byte no more than its bytes", () => {
    const reader = new FrameReader("1.2", {
      onHead: () => 0,
      onFrame: () => {},
      onDropped: () => {},
      onBroken: () => {},
    });
    const piece = Buffer.from("a");
    const timed = (count: number) => {
      const from = performance.now();
      for (let nth = 0; nth < count; nth++) reader.read(piece);
      return performance.now() - from;
    };
    reader.read(Buffer.from("MESSAGE\na:"));
    timed(100_000);
    const earlyMs = timed(100_000);
    timed(500_000);
    // With all of it copied or read again each time it would be seven times as much.
    expect(timed(100_000)).toBeLessThan(5 * earlyMs + 20);
  });
});
