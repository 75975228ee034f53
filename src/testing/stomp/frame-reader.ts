/** Reads whole frames from a socket with stompit's parser. */
import type { Duplex, Transform } from "node:stream";
import type { IncomingFrame } from "stompit";
import IncomingFrameStream from "stompit/lib/IncomingFrameStream.js";
import { PARSER_OPTIONS } from "../../adapters/stomp/stompit/parser-options.ts";
import type { StompFrame } from "./frame.ts";
import type { StompVersion } from "./stomp-version.ts";
import { unfinishedTail } from "./text-boundary.ts";

export interface FrameReaderOptions {
  readonly maxBodyBytes: number;
  readonly onFrame: (frame: StompFrame) => void;
  /** The bytes are no STOMP, or exceed a limit; nothing more is read. */
  readonly onError: (error: Error) => void;
}

/** stompit's parser: takes bytes, gives frames. */
type FrameParser = Transform & { setVersion(version: string): boolean };

export class FrameReader {
  readonly #options: FrameReaderOptions;
  readonly #parser: FrameParser;
  /** The bytes of the last chunk that wait for the next one: at most three. */
  #tail = Buffer.alloc(0);
  #reading = false;
  #failed = false;

  constructor(socket: Duplex, options: FrameReaderOptions) {
    this.#options = options;
    this.#parser = new IncomingFrameStream(PARSER_OPTIONS) as FrameParser;
    this.#parser.on("readable", () => this.#next());
    this.#parser.on("error", (error) => this.#fail(error));
    this.#parser.on("drain", () => socket.resume());
    socket.on("data", (chunk: Buffer) => {
      if (!this.#failed && !this.#parser.write(this.#withoutTail(chunk))) socket.pause();
    });
  }

  /** The part that can be decoded now: an unfinished character, or a CR, waits for the next chunk. */
  #withoutTail(chunk: Buffer): Buffer {
    const joined = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    const end = joined.length - unfinishedTail(joined);
    this.#tail = Buffer.from(joined.subarray(end));
    return joined.subarray(0, end);
  }

  /** From now on headers are escaped as this version has it; those of CONNECT are not. */
  unescapeHeaders(version: StompVersion): void {
    this.#parser.setVersion(version);
  }

  #next(): void {
    if (this.#reading || this.#failed) return;
    const frame = this.#parser.read() as IncomingFrame | null;
    if (frame === null) return;
    this.#reading = true;
    this.#collect(frame, (body) => {
      this.#reading = false;
      if (this.#failed) return;
      this.#options.onFrame({ command: frame.command, headers: textHeaders(frame), body });
      // In a later tick: stompit pushes the next frame from within the end of this one.
      process.nextTick(() => this.#next());
    });
  }

  #collect(frame: IncomingFrame, done: (body: Buffer) => void): void {
    const chunks: Buffer[] = [];
    let received = 0;
    this.#checkLength(Number(frame.headers["content-length"] ?? 0));
    frame.on("data", (chunk: Buffer) => {
      received += chunk.length;
      this.#checkLength(received);
      if (!this.#failed) chunks.push(chunk);
    });
    frame.on("end", () => done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
  }

  #checkLength(length: number): void {
    const { maxBodyBytes } = this.#options;
    if (length > maxBodyBytes) this.#fail(new RangeError(`The frame's body is larger than ${maxBodyBytes} bytes`));
  }

  #fail(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#options.onError(error);
  }
}

function textHeaders(frame: IncomingFrame): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(frame.headers)) headers[name] = String(value);
  return headers;
}
