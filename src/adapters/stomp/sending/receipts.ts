/**
 * The waiters for receipts. Receipts are numbered in the order of requests and answered in that order, so an array with
 * a moving start finds each at once; a Map would keep the young generation alive (see async/linked-set.ts).
 */

/** When the array reaches this length, waiters that block its start are moved aside. */
const LONG_LINE = 8192;
/** The empty start of the array is cut off when it has this length. */
const CUT = 1024;

export class Receipts<W extends object> {
  /** The waiter for receipt `#first + index`. */
  #line: (W | undefined)[] = [];
  #first = 1;
  /** All entries before this index are undefined. */
  #head = 0;
  /** Waiters that were moved aside because they waited too long. */
  readonly #aside = new Map<number, W>();
  #shortenAt = LONG_LINE;

  /** The highest number given so far; 0 before the first. */
  get last(): number {
    return this.#first + this.#line.length - 1;
  }

  /** Adds a waiter and returns the number of its receipt. */
  add(waiter: W): number {
    if (this.#line.length >= this.#shortenAt) this.#shorten();
    this.#line.push(waiter);
    return this.last;
  }

  /** Removes and returns the waiter for this receipt. */
  take(receipt: number): W | undefined {
    const index = receipt - this.#first;
    if (index < 0) return this.#takeAside(receipt);
    const waiter = this.#line[index];
    if (waiter === undefined) return undefined;
    this.#line[index] = undefined;
    if (index === this.#head) this.#step();
    return waiter;
  }

  /** Iterates in the order of requests. */
  *[Symbol.iterator](): Generator<[receipt: number, waiter: W]> {
    yield* this.#aside;
    for (const [index, waiter] of this.#line.entries()) if (waiter) yield [this.#first + index, waiter];
  }

  /** Removes all waiters and returns them. */
  drain(): W[] {
    const waiters = [...this].map(([, waiter]) => waiter);
    this.#aside.clear();
    this.#first += this.#line.length;
    this.#line = [];
    this.#head = 0;
    return waiters;
  }

  #takeAside(receipt: number): W | undefined {
    const waiter = this.#aside.get(receipt);
    this.#aside.delete(receipt);
    return waiter;
  }

  #step(): void {
    while (this.#head < this.#line.length && this.#line[this.#head] === undefined) this.#head += 1;
    if (this.#head >= CUT && this.#head * 2 >= this.#line.length) this.#cut(this.#head);
  }

  #cut(count: number): void {
    this.#line = this.#line.slice(count);
    this.#first += count;
    this.#head = 0;
  }

  /** If few waiters are left in the first half, moves them aside and keeps the rest. */
  #shorten(): void {
    const half = this.#line.length >> 1;
    const waiting: [number, W][] = [];
    for (let index = this.#head; index < half; index++) {
      const waiter = this.#line[index];
      if (waiter) waiting.push([this.#first + index, waiter]);
    }
    const isCrowded = waiting.length > half / 8;
    // The next look comes when the array has doubled, so that the cost per receipt is constant.
    this.#shortenAt = isCrowded ? 2 * this.#line.length : Math.max(LONG_LINE, this.#line.length);
    if (isCrowded) return;
    for (const [receipt, waiter] of waiting) this.#aside.set(receipt, waiter);
    this.#cut(half);
    this.#step();
  }
}
