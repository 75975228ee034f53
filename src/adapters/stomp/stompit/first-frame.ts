/**
 * Extracts the answer to CONNECT from what a peer sends, complete and within limits; our own reader handles the rest.
 */

/** The most bytes of the answer's headers, far more than any broker sends. */
const MAX_HEAD_BYTES = 2 * 1024 * 1024;
/** How much of an ERROR's body is kept; it is usually a stack trace. */
const MAX_BODY_BYTES = 64 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);

export class FirstFrame {
  /** `whole`: with its NUL, or as much of it as is kept. `overlong`: its headers do not end. */
  state: "head" | "body" | "whole" | "overlong" = "head";
  /** The buffer doubles, so that each byte is copied a constant number of times, however small the chunks are. */
  #bytes = NOTHING;
  #length = 0;
  /** How many bytes have been examined. */
  #at = 0;
  #lineAt = 0;
  #bodyAt = 0;
  /** The position of the frame's NUL, from its content-length. */
  #endAt: number | undefined;

  /** Takes what belongs to the frame. Returns how many bytes of `chunk` that is: all until the frame is complete. */
  take(chunk: Buffer): number {
    const before = this.#length;
    const from = before === 0 ? skipLineEnds(chunk) : 0;
    this.#append(chunk.subarray(from));
    if (this.state === "head") this.#readHead();
    if (this.state === "body") this.#readBody();
    return from + this.#length - before;
  }

  /** The frame, or the part of it that has come. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of its body, without the NUL. */
  body(): Buffer {
    const end = this.#bytes[this.#length - 1] === 0 ? this.#length - 1 : this.#length;
    return Buffer.from(this.#bytes.subarray(this.#bodyAt, Math.min(end, this.#bodyAt + MAX_BODY_BYTES)));
  }

  #append(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length));
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  #readHead(): void {
    for (; this.#at < this.#length; this.#at++) {
      if (this.#bytes[this.#at] !== LF) continue;
      const lineBytes = this.#at - this.#lineAt;
      const isBlank = lineBytes === 0 || (lineBytes === 1 && this.#bytes[this.#lineAt] === CR);
      this.#lineAt = this.#at + 1;
      if (!isBlank) continue;
      this.#beginBody();
      return;
    }
    if (this.#length > MAX_HEAD_BYTES) this.state = "overlong";
  }

  #beginBody(): void {
    this.#at = this.#lineAt;
    this.#bodyAt = this.#lineAt;
    const head = this.#bytes.toString("latin1", 0, this.#bodyAt);
    const length = /\ncontent-length: *(\d+)/.exec(head)?.[1];
    this.#endAt = length === undefined ? undefined : this.#bodyAt + Number(length);
    this.state = "body";
  }

  #readBody(): void {
    const end = this.#endAt ?? this.bytes.indexOf(0, this.#at);
    this.#at = this.#length;
    if (end >= 0 && end < this.#length && end <= this.#bodyAt + MAX_BODY_BYTES) this.#cut(end + 1);
    else if (this.#length > this.#bodyAt + MAX_BODY_BYTES) this.#cut(this.#bodyAt + MAX_BODY_BYTES + 1);
  }

  #cut(length: number): void {
    this.#length = length;
    this.state = "whole";
  }
}

/** There may be any number of line ends, such as heart-beats, between CONNECT and its answer. */
function skipLineEnds(chunk: Buffer): number {
  let at = 0;
  while (chunk[at] === LF || chunk[at] === CR) at++;
  return at;
}
