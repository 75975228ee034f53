/**
 * Keeps bytes until those behind them come. Each byte is copied a constant number of times, however small the chunks
 * are.
 */

const NOTHING = Buffer.alloc(0);

export class ByteCarry {
  #bytes = NOTHING;
  /** How many of `#bytes` are used; the rest is free space. */
  #length = 0;

  /** Returns the kept bytes and `chunk` in one piece, to be passed to keep(). */
  join(chunk: Buffer): Buffer {
    if (this.#length === 0) return chunk;
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    return this.#bytes.subarray(0, length);
  }

  /** Keeps the bytes from `from` on. */
  keep(bytes: Buffer, from: number): void {
    if (from === bytes.length) {
      if (this.#length > 0) this.clear();
      return;
    }
    // Bytes from join() are already in place.
    const joined = this.#length > 0;
    if (!joined || from > 0) this.#bytes = Buffer.from(bytes.subarray(from));
    this.#length = bytes.length - from;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  clear(): void {
    this.#bytes = NOTHING;
    this.#length = 0;
  }
}
