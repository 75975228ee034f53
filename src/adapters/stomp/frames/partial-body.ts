/** The body of a frame that is not complete: the part that is kept, and where it ends. */
import type { HeaderBlock } from "./header-block.ts";

/** What the headers say about the body. */
export interface FrameHead {
  readonly command: string;
  readonly headers: HeaderBlock;
  /** How many bytes of the body are kept. */
  readonly limit: number;
  /** The length of the body; undefined if it ends with the first NUL. */
  readonly length: number | undefined;
}

const NOTHING = Buffer.alloc(0);
const SMALLEST_ROOM = 16 * 1024;

export class PartialBody {
  readonly head: FrameHead;
  /** `over`: the body and its NUL have come. */
  state: "open" | "over" | "unterminated" = "open";
  /**
   * The kept bytes, with free space behind them. One buffer, because a list of small pieces costs hundreds of bytes for
   * each.
   */
  #kept = NOTHING;
  #keptBytes = 0;
  #bytes = 0;

  constructor(head: FrameHead) {
    this.head = head;
  }

  /** How many bytes have come, kept or not. */
  get bytes(): number {
    return this.#bytes;
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

  /** Returns the kept bytes without the free space. Call it once. */
  join(): Buffer {
    const kept = this.#kept;
    this.#kept = NOTHING;
    return kept.length === this.#keptBytes ? kept : Buffer.from(kept.subarray(0, this.#keptBytes));
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    const isKept = this.#bytes === this.#keptBytes;
    this.#bytes += to - from;
    const count = Math.min(to - from, this.head.limit - this.#keptBytes);
    // Bytes given out by join() are not kept any more.
    if (count <= 0 || !isKept) return;
    if (this.#keptBytes + count > this.#kept.length) this.#enlarge(this.#keptBytes + count);
    this.#kept.set(bytes.subarray(from, from + count), this.#keptBytes);
    this.#keptBytes += count;
  }

  /** Doubles the space, so that a byte is copied a constant number of times, but never beyond the body's needs. */
  #enlarge(needed: number): void {
    const { limit, length = Number.POSITIVE_INFINITY } = this.head;
    const most = Math.min(limit, length);
    const larger = Buffer.allocUnsafe(Math.min(most, Math.max(SMALLEST_ROOM, needed, 2 * this.#kept.length)));
    larger.set(this.#kept.subarray(0, this.#keptBytes));
    this.#kept = larger;
  }
}
