/**
 * A queue of what waits to be written: sends, and functions to call when everything before them is stored or refused.
 */

import { FifoQueue } from "../../async/fifo-queue.ts";
import type { OutgoingSend } from "../../messaging/port/messaging-session.ts";

export type QueueItem<Send extends OutgoingSend = OutgoingSend> = Send | (() => void);

/** A queue this long is searched for sends whose callers have given up. */
const PURGE_FROM = 1_024;

export class SendQueue<Send extends OutgoingSend = OutgoingSend> {
  readonly #items = new FifoQueue<QueueItem<Send>>();
  #purgeAt = PURGE_FROM;

  get size(): number {
    return this.#items.size;
  }

  /**
   * Adds an item at the end. A send that is given up frees its place among the pending sends but stays here; at most as
   * many such sends stay as others wait.
   */
  push(item: QueueItem<Send>): void {
    this.#items.push(item);
    if (this.#items.size < this.#purgeAt) return;
    for (const one of this.#items.drain()) if (typeof one === "function" || !one.abandoned) this.#items.push(one);
    this.#purgeAt = Math.max(PURGE_FROM, 2 * this.#items.size);
  }

  /** Puts sends back before all others. Its cost grows with the length of the queue. */
  unshift(sends: readonly Send[]): void {
    const waiting = this.#items.drain();
    for (const item of [...sends, ...waiting]) this.#items.push(item);
  }

  peek(): QueueItem<Send> | undefined {
    return this.#items.peek();
  }

  shift(): void {
    this.#items.shift();
  }

  drain(): QueueItem<Send>[] {
    return this.#items.drain();
  }
}
