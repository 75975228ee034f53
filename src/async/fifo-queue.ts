/** A first-in-first-out line whose both ends cost the same however long it is, and whose members may leave from anywhere. */
export class FifoQueue<T extends object> {
  readonly #hasLeft: (item: T) => boolean;
  #items: (T | undefined)[] = [];
  #head = 0;
  /** How many between head and end have left. */
  #gone = 0;

  /** `hasLeft`: whether an item waits no more; each that leaves is to be told of by `noteLeft()`. */
  constructor(hasLeft: (item: T) => boolean = () => false) {
    this.#hasLeft = hasLeft;
  }

  /** How many wait. */
  get size(): number {
    return this.#items.length - this.#head - this.#gone;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  peek(): T | undefined {
    for (;;) {
      const item = this.#items[this.#head];
      if (item === undefined || !this.#hasLeft(item)) return item;
      this.#step();
      this.#gone -= 1;
    }
  }

  shift(): T | undefined {
    const item = this.peek();
    if (item !== undefined) this.#step();
    return item;
  }

  /** Takes everything out. */
  drain(): T[] {
    const items = this.#waiting();
    this.#restart([]);
    return items;
  }

  /** Those that wait, in order; they stay. */
  live(): readonly T[] {
    return this.#waiting();
  }

  /** One of those that wait here has left (or had been drained: then nothing is to be done). What it holds is let go of soon: at the latest when as many have left as wait. */
  noteLeft(): void {
    if (this.size === 0) return;
    this.#gone += 1;
    if (this.#gone > 64 && this.#gone > this.size) this.#restart(this.#waiting());
  }

  #waiting(): T[] {
    return this.#items.slice(this.#head).filter((item) => item !== undefined && !this.#hasLeft(item)) as T[];
  }

  #restart(items: T[]): void {
    this.#items = items;
    this.#head = 0;
    this.#gone = 0;
  }

  #step(): void {
    this.#items[this.#head] = undefined;
    this.#head += 1;
    // Copying half of the line once in its length keeps the cost per item constant.
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}
