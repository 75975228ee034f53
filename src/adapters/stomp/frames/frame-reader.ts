/**
 * Reads the frames of a session, as strictly as stompit's parser, but without a stream, events and a turn of the loop
 * for each frame (docs/decisions/0016-stomp-hot-path.md has the cost of those).
 */

import { ByteCarry } from "./byte-carry.ts";
import { HeaderBlock } from "./header-block.ts";
import { HeaderScanner } from "./header-scanner.ts";
import { type StompVersion, undefinedEscape } from "./header-text.ts";
import { type FrameHead, PartialBody } from "./partial-body.ts";

export interface FrameSink {
  /** The headers of a frame have come. Returns how many bytes of its body to keep. */
  onHead(command: string, headers: HeaderBlock): number;
  /**
   * A frame was read. `complete` is false if its body is longer than we keep: `body` has its first bytes, and the rest
   * is dropped.
   */
  onFrame(command: string, headers: HeaderBlock, body: Buffer, complete: boolean): void;
  /** An incomplete frame has ended; its body had this many bytes. */
  onDropped(command: string, headers: HeaderBlock, bytes: number): void;
  /** The peer broke the protocol: nothing more is read. `frame` is set if the fault is in a body or its length. */
  onBroken(how: string, frame?: BrokenFrame): void;
}

/** The frame that cannot be read. */
export interface BrokenFrame {
  readonly command: string;
  readonly headers: HeaderBlock;
}

const LF = 0x0a;
const CR = 0x0d;
/** Returned when more bytes are needed. */
const UNFINISHED = -1;
const NOTHING = Buffer.alloc(0);

export class FrameReader {
  readonly #version: StompVersion;
  readonly #sink: FrameSink;
  readonly #scan = new HeaderScanner();
  /** The headers of a frame that are not complete yet. */
  readonly #kept = new ByteCarry();
  /** The body of a frame that is not complete yet. */
  #body: PartialBody | undefined;
  #told = false;
  #over = false;

  constructor(version: StompVersion, sink: FrameSink) {
    this.#version = version;
    this.#sink = sink;
  }

  /** Stops: nothing more is passed on, not even from the present chunk. */
  end(): void {
    this.#over = true;
    this.#kept.clear();
    this.#body = undefined;
  }

  /** The frame whose body is incomplete. */
  get unfinished(): BrokenFrame | undefined {
    return this.#body?.head;
  }

  /** Whether a frame is incomplete: what the peer sends after it cannot be read until the frame is complete. */
  get isMidFrame(): boolean {
    return this.#body !== undefined || !this.#kept.isEmpty;
  }

  read(chunk: Buffer): void {
    if (this.#over) return;
    const bytes = this.#body ? chunk : this.#kept.join(chunk);
    let at = this.#body ? this.#readBody(this.#body, chunk, 0) : 0;
    while (!this.#over && at < bytes.length) {
      const next = this.#readFrame(bytes, at);
      if (next === UNFINISHED) break;
      at = next;
    }
    if (!this.#over) this.#kept.keep(bytes, at);
  }

  /** Returns where the next frame begins. */
  #readFrame(bytes: Buffer, from: number): number {
    const at = this.#skipLineEnds(bytes, from);
    if (at === UNFINISHED || at === bytes.length) return at;
    const bodyAt = this.#scan.find(bytes, at);
    if (this.#scan.broken !== undefined) return this.#broken(this.#scan.broken);
    if (bodyAt === undefined) return at === from ? UNFINISHED : at;
    const text = this.#scan.text(bytes, at);
    const commandEnd = text.indexOf("\n");
    const lines = text.slice(commandEnd);
    const wrong = lines.includes("\\") ? undefinedEscape(lines, this.#version) : undefined;
    if (wrong !== undefined) return this.#broken(`the undefined escape ${wrong}`);
    return this.#begin(text.slice(0, commandEnd), new HeaderBlock(lines), bytes, bodyAt);
  }

  #begin(command: string, headers: HeaderBlock, bytes: Buffer, bodyAt: number): number {
    const text = headers.raw("content-length");
    if (text !== undefined && !/^ *\d+ *$/.test(text))
      return this.#broken("an invalid content-length", { command, headers });
    const length = text === undefined ? undefined : Number(text);
    const limit = this.#sink.onHead(command, headers);
    if (this.#over) return UNFINISHED;
    const end = length === undefined ? bytes.indexOf(0, bodyAt) : bodyAt + length;
    const isWhole = end >= 0 && end < bytes.length;
    if (!isWhole) return this.#readBody(new PartialBody({ command, headers, limit, length }), bytes, bodyAt);
    if (bytes[end] !== 0) return this.#unterminated({ command, headers });
    const kept = Math.min(end - bodyAt, limit);
    // A copy: a slice would keep the whole chunk of the socket in memory.
    const body = kept === 0 ? NOTHING : Buffer.from(bytes.subarray(bodyAt, bodyAt + kept));
    const complete = end - bodyAt <= limit;
    this.#sink.onFrame(command, headers, body, complete);
    if (!complete && !this.#over) this.#sink.onDropped(command, headers, end - bodyAt);
    return end + 1;
  }

  #readBody(body: PartialBody, bytes: Buffer, from: number): number {
    const next = body.take(bytes, from);
    if (body.state === "unterminated") return this.#unterminated(body.head);
    if ((body.tooLong || body.state === "over") && !this.#told) this.#tell(body.head, body);
    const isOver = body.state === "over";
    this.#body = isOver || this.#over ? undefined : body;
    if (isOver) this.#told = false;
    if (isOver && body.tooLong && !this.#over) this.#sink.onDropped(body.head.command, body.head.headers, body.bytes);
    return next;
  }

  #tell({ command, headers }: FrameHead, body: PartialBody): void {
    this.#told = true;
    this.#sink.onFrame(command, headers, body.join(), !body.tooLong);
  }

  /** There may be any number of line ends between two frames. */
  #skipLineEnds(bytes: Buffer, from: number): number {
    let at = from;
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === LF) continue;
      if (byte !== CR) return at;
      if (at + 1 === bytes.length) return UNFINISHED;
      if (bytes[at + 1] !== LF) return this.#broken("a carriage return without a line feed between frames");
    }
    return at;
  }

  #unterminated({ command, headers }: BrokenFrame): number {
    return this.#broken("a body that is longer than its content-length", { command, headers });
  }

  #broken(how: string, frame?: BrokenFrame): number {
    this.end();
    this.#sink.onBroken(how, frame);
    return UNFINISHED;
  }
}
