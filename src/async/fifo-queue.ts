/**
 * A first-in-first-out queue: adding and taking cost the same whatever its length, and members may leave from the
 * middle.
 */
export class FifoQueue<T extends object> {
  readonly #hasLeft: (item: T) => boolean;
  #items: (T | undefined)[] = [];
  #head = 0;
  /** Number of items between the head and the end that have left. */
  #gone = 0;

  /** `hasLeft` says whether an item no longer waits. Report each item that leaves with `noteLeft()`. */
  constructor(hasLeft: (item: T) => boolean = () => false) {
    this.#hasLeft = hasLeft;
  }

  /** Number of waiting items. */
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

  /** Removes all waiting items and returns them. */
  drain(): T[] {
    const items = this.#waiting();
    this.#restart([]);
    return items;
  }

  /** The waiting items in order, without removing them. */
  live(): readonly T[] {
    return this.#waiting();
  }

  /**
   * Notes that one waiting item has left (no effect after `drain()`). The queue drops its reference at the latest when
   * as many items have left as wait.
   */
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
    // Copying the queue only when half of it is used up keeps the cost per item constant.
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}
