/** Reads whole frames from a socket with stompit's parser. */
import type { Duplex } from "node:stream";
import IncomingFrameStream, { type IncomingFrame } from "stompit/lib/IncomingFrameStream.js";
import type { StompFrame } from "./frame.ts";

export interface FrameReaderOptions {
  readonly maxBodyBytes: number;
  readonly onFrame: (frame: StompFrame) => void;
  /** The bytes are no STOMP, or past a limit; nothing more is read. */
  readonly onError: (error: Error) => void;
}

/** A header line of 64 KiB and 1000 headers: at least what Classic takes. */
const PARSER_LIMITS = { maxLineLength: 65_536, maxHeaders: 1024 };

export function readFrames(socket: Duplex, options: FrameReaderOptions): void {
  const parser = new IncomingFrameStream(PARSER_LIMITS);
  parser.setVersion("1.2");
  let reading = false;
  let failed = false;
  const fail = (error: Error) => {
    if (failed) return;
    failed = true;
    socket.pause();
    options.onError(error);
  };
  const next = () => {
    if (reading || failed) return;
    const frame = parser.read();
    if (frame === null) return;
    reading = true;
    collect(frame, options.maxBodyBytes, fail, (body) => {
      reading = false;
      if (failed) return;
      options.onFrame({ command: frame.command, headers: textHeaders(frame), body });
      // Not in this turn of the stack: stompit pushes the next frame from within the end of this one.
      process.nextTick(next);
    });
  };
  parser.on("readable", next);
  parser.on("error", fail);
  parser.on("drain", () => socket.resume());
  socket.on("data", (chunk: Buffer) => {
    try {
      if (!failed && !parser.write(chunk)) socket.pause();
    } catch (cause) {
      // A header named as a method of Object makes the parser throw.
      fail(cause instanceof Error ? cause : new Error(String(cause)));
    }
  });
}

function collect(
  frame: IncomingFrame,
  limit: number,
  fail: (error: Error) => void,
  done: (body: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let length = Number(frame.headers["content-length"] ?? 0);
  const check = () => {
    if (length > limit) fail(new RangeError(`The frame's body is larger than ${limit} bytes`));
  };
  check();
  let received = 0;
  frame.on("data", (chunk: Buffer) => {
    received += chunk.length;
    length = Math.max(length, received);
    check();
    chunks.push(chunk);
  });
  frame.on("end", () => done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
}

function textHeaders(frame: IncomingFrame): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(frame.headers)) headers[name] = String(value);
  return headers;
}

/**
 * How many bytes at the end of a chunk to keep for the next one: stompit decodes each chunk by itself, and breaks a
 * character or a CR LF that is split between two.
 */
export function splitTail(chunk: Buffer): number {
  const last = chunk.length - 1;
  if (last >= 0 && chunk[last] === 0x0d) return 1;
  for (let back = 0; back < 4 && back <= last; back++) {
    const byte = chunk[last - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back + 1 < needed ? back + 1 : 0;
  }
  return 0;
}
