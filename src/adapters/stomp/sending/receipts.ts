/**
 * Who waits for which receipt. Receipts are numbered in the order of asking and answered about in that order: a line with
 * a moving start finds each at once, where a Map would keep the young generation alive (see async/linked-set.ts).
 */

/** From this length on the line is looked at for those that hold it up. */
const LONG_LINE = 8192;
/** The start of the line is cut off when it is empty for so long. */
const CUT = 1024;

export class Receipts<W extends object> {
  /** The waiter of receipt `#first + index`. */
  #line: (W | undefined)[] = [];
  #first = 1;
  /** All before are undefined. */
  #head = 0;
  /** Those that waited too long to keep a line behind them. */
  readonly #aside = new Map<number, W>();
  #shortenAt = LONG_LINE;

  /** The highest number given so far; 0 before the first. */
  get last(): number {
    return this.#first + this.#line.length - 1;
  }

  /** Returns the number of its receipt. */
  add(waiter: W): number {
    if (this.#line.length >= this.#shortenAt) this.#shorten();
    this.#line.push(waiter);
    return this.last;
  }

  /** Who waits for this one; it waits no longer. */
  take(receipt: number): W | undefined {
    const index = receipt - this.#first;
    if (index < 0) return this.#takeAside(receipt);
    const waiter = this.#line[index];
    if (waiter === undefined) return undefined;
    this.#line[index] = undefined;
    if (index === this.#head) this.#step();
    return waiter;
  }

  /** In the order of asking. */
  *[Symbol.iterator](): Generator<[receipt: number, waiter: W]> {
    yield* this.#aside;
    for (const [index, waiter] of this.#line.entries()) if (waiter) yield [this.#first + index, waiter];
  }

  /** Takes all out. */
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

  /** Whoever waits in the first half goes aside, if it is few: the line is of those that came after. */
  #shorten(): void {
    const half = this.#line.length >> 1;
    const waiting: [number, W][] = [];
    for (let index = this.#head; index < half; index++) {
      const waiter = this.#line[index];
      if (waiter) waiting.push([this.#first + index, waiter]);
    }
    const isCrowded = waiting.length > half / 8;
    // Looked at again only when it has doubled: that costs each receipt the same however many wait.
    this.#shortenAt = isCrowded ? 2 * this.#line.length : Math.max(LONG_LINE, this.#line.length);
    if (isCrowded) return;
    for (const [receipt, waiter] of waiting) this.#aside.set(receipt, waiter);
    this.#cut(half);
    this.#step();
  }
}
