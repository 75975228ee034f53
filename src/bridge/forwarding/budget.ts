/** Limits what a link has in flight, by count and bytes. */

interface Waiter {
  readonly bytes: number;
  readonly go: (taken: boolean) => void;
}

export class InFlightBudget {
  readonly #maxCount: number;
  readonly #maxBytes: number;
  readonly #waiting: Waiter[] = [];
  #count = 0;
  #bytes = 0;
  #closed = false;

  constructor({ maxCount, maxBytes }: { readonly maxCount: number; readonly maxBytes: number }) {
    this.#maxCount = maxCount;
    this.#maxBytes = maxBytes;
  }

  /**
   * Resolves with true when there is room, in the order of the calls; with false when the budget is closed. A message
   * larger than the whole budget goes alone. At most one caller per consumer waits.
   */
  acquire(bytes: number): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#take(bytes);
      return Promise.resolve(true);
    }
    return new Promise((go) => this.#waiting.push({ bytes, go }));
  }

  release(bytes: number): void {
    this.#count -= 1;
    this.#bytes -= bytes;
    for (let next = this.#waiting[0]; next && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#take(next.bytes);
      next.go(true);
    }
  }

  /** Closes the budget: nobody waits any longer. */
  close(): void {
    this.#closed = true;
    for (const { go } of this.#waiting.splice(0)) go(false);
  }

  #fits(bytes: number): boolean {
    if (this.#count === 0) return true;
    return this.#count < this.#maxCount && this.#bytes + bytes <= this.#maxBytes;
  }

  #take(bytes: number): void {
    this.#count += 1;
    this.#bytes += bytes;
  }
}
