/**
 * Joins the writes of one turn of the event loop into few large ones: a write to the kernel costs more than copying a
 * kilobyte.
 */

/** Past this size gathered bytes are written early, so that the kernel works while the turn goes on. */
const FLUSH_BYTES = 64 * 1024;
/** A chunk this large is written by itself: copying it would cost more than a write. */
const LARGE_CHUNK_BYTES = 16 * 1024;
const SMALLEST_BYTES = 1024;
/** One unit of a string's length has at most this many bytes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3;

export class WriteGatherer {
  readonly #write: (chunk: Buffer) => void;
  /** The gathered bytes are its first `#bytes`. It is handed to the kernel with them, which may still read it later. */
  #slab: Buffer | undefined;
  #bytes = 0;
  #scheduled = false;
  /** Written only if nothing else is written in this turn. */
  #filler: Buffer | undefined;
  /** The recent size of a turn, rounded up; an idle connection keeps no memory. */
  #expected = SMALLEST_BYTES;

  constructor(write: (chunk: Buffer) => void) {
    this.#write = write;
  }

  add(chunk: Buffer): void {
    const { length } = chunk;
    if (length >= LARGE_CHUNK_BYTES) {
      this.flush();
      this.#filler = undefined;
      this.#write(chunk);
      return;
    }
    const slab = this.#room(length);
    slab.set(chunk, this.#bytes);
    this.#bytes += length;
    this.#flushThisTurn();
  }

  addText(text: string): void {
    const most = text.length * MAX_BYTES_PER_UNIT;
    if (most >= LARGE_CHUNK_BYTES) {
      this.add(Buffer.from(text));
      return;
    }
    const slab = this.#room(most);
    this.#bytes += slab.write(text, this.#bytes);
    this.#flushThisTurn();
  }

  /** Adds bytes to write at the end of this turn unless anything else is written. */
  addFiller(chunk: Buffer): void {
    if (this.#bytes > 0) return;
    this.#filler = chunk;
    this.#flushThisTurn();
  }

  flush(): void {
    const slab = this.#slab;
    const bytes = this.#bytes;
    this.#slab = undefined;
    this.#bytes = 0;
    if (slab === undefined || bytes === 0) return;
    this.#filler = undefined;
    while (this.#expected < bytes && this.#expected < FLUSH_BYTES) this.#expected *= 2;
    if (bytes < this.#expected / 4 && this.#expected > SMALLEST_BYTES) this.#expected /= 2;
    this.#write(slab.length === bytes ? slab : slab.subarray(0, bytes));
  }

  /** Drops the gathered bytes. */
  clear(): void {
    this.#slab = undefined;
    this.#bytes = 0;
    this.#filler = undefined;
  }

  #room(bytes: number): Buffer {
    const slab = this.#slab;
    if (slab !== undefined && slab.length - this.#bytes >= bytes) return slab;
    if (this.#bytes + bytes >= FLUSH_BYTES) {
      this.flush();
      return this.#enlarge(bytes);
    }
    return this.#enlarge(this.#bytes + bytes);
  }

  /** Doubles the buffer, so that each byte is copied once more on average. */
  #enlarge(needed: number): Buffer {
    const old = this.#slab;
    let size = old === undefined ? this.#expected : 2 * old.length;
    while (size < needed) size *= 2;
    const slab = Buffer.allocUnsafe(size);
    if (old !== undefined) slab.set(old.subarray(0, this.#bytes));
    this.#slab = slab;
    return slab;
  }

  #flushThisTurn(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#atTurnEnd);
  }

  readonly #atTurnEnd = (): void => {
    this.#scheduled = false;
    this.flush();
    const filler = this.#filler;
    this.#filler = undefined;
    if (filler !== undefined) this.#write(filler);
  };
}
