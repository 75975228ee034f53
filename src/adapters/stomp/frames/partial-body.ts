/** The body of a frame that has not come whole: what is kept of it, and where it ends. */
import type { HeaderBlock } from "./header-block.ts";

/** What the headers of a frame have told. */
export interface FrameHead {
  readonly command: string;
  readonly headers: HeaderBlock;
  /** How many bytes of the body are kept. */
  readonly limit: number;
  /** Of the body; undefined: it ends with the first NUL. */
  readonly length: number | undefined;
}

export class PartialBody {
  readonly head: FrameHead;
  /** `over`: with its NUL. */
  state: "open" | "over" | "unterminated" = "open";
  readonly #pieces: Buffer[] = [];
  #keptBytes = 0;
  #bytes = 0;

  constructor(head: FrameHead) {
    this.head = head;
  }

  get tooLong(): boolean {
    return this.#bytes > this.head.limit;
  }

  /** Returns where the next frame may begin. */
  take(bytes: Buffer, from: number): number {
    const { length } = this.head;
    const end = length === undefined ? bytes.indexOf(0, from) : from + length - this.#bytes;
    const here = end < 0 || end > bytes.length ? bytes.length : end;
    this.#keep(bytes, from, here);
    if (here === bytes.length) return here;
    this.state = bytes[here] === 0 ? "over" : "unterminated";
    return here + 1;
  }

  /** What is kept, in one piece that is a copy: a piece of a socket's read would keep all of that in memory. Ask once. */
  join(): Buffer {
    const body = Buffer.concat(this.#pieces);
    this.#pieces.length = 0;
    return body;
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    this.#bytes += to - from;
    const kept = Math.min(to - from, this.head.limit - this.#keptBytes);
    if (kept <= 0) return;
    this.#keptBytes += kept;
    this.#pieces.push(bytes.subarray(from, from + kept));
  }
}
