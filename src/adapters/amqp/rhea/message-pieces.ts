/** Joins the bytes of a message that comes in several transfers: kept singly, a piece of one byte costs a hundred. */

const SMALLEST_BLOCK = 4 * 1024;
const LARGEST_BLOCK = 1024 * 1024;
/** How much is kept of a message that is too large: enough to read its id. */
export const MAX_HEAD_BYTES = 4 * 1024;

export class MessagePieces {
  readonly #maxBytes: number;
  readonly #blocks: Buffer[] = [];
  /** How much of the last block is used. */
  #filled = 0;
  #size = 0;

  /**
   * Collects one message. If it is larger than `maxBytes`, only its first {@link MAX_HEAD_BYTES} bytes stay in memory and
   * the others are counted.
   */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Number of bytes that have come, kept or not. */
  get size(): number {
    return this.#size;
  }

  add(piece: Buffer): void {
    const before = this.#size;
    this.#size += piece.length;
    if (before > this.#maxBytes) return;
    this.#keep(piece);
    if (this.#size <= this.#maxBytes) return;
    const head = Buffer.from(this.#joined(MAX_HEAD_BYTES));
    this.#blocks.splice(0, this.#blocks.length, head);
    this.#filled = head.length;
  }

  /** Returns the message, or the head of one that is too large. */
  take(): Buffer {
    return this.#joined(this.#size);
  }

  #keep(piece: Buffer): void {
    let at = 0;
    while (at < piece.length) {
      const last = this.#blocks.at(-1);
      if (last && this.#filled < last.length) {
        const copied = piece.copy(last, this.#filled, at);
        this.#filled += copied;
        at += copied;
      } else {
        const wanted = Math.max(SMALLEST_BLOCK, Math.min(this.#size, LARGEST_BLOCK));
        this.#blocks.push(Buffer.allocUnsafeSlow(wanted));
        this.#filled = 0;
      }
    }
  }

  #joined(maxBytes: number): Buffer {
    const last = this.#blocks.length - 1;
    const parts = this.#blocks.map((block, index) => (index === last ? block.subarray(0, this.#filled) : block));
    const kept = parts.reduce((sum, { length }) => sum + length, 0);
    return Buffer.concat(parts, Math.min(kept, maxBytes));
  }
}
