/** What waits to be written, in order: sends, and what is to be called when all before it is stored or refused. */
import type { OutgoingSend } from "../../messaging/messaging-session.ts";
import { WaitingLine } from "../../messaging/waiting-line.ts";

export type LineItem = OutgoingSend | (() => void);

/** A line this long is looked through for what its callers have given up. */
const PURGE_FROM = 1_024;

export class SendLine {
  readonly #items = new WaitingLine<LineItem>();
  #purgeAt = PURGE_FROM;

  get size(): number {
    return this.#items.size;
  }

  /** Callers that give up make room for others above, but not here: what is given up is at most as much as what waits. */
  push(item: LineItem): void {
    this.#items.push(item);
    if (this.#items.size < this.#purgeAt) return;
    for (const one of this.#items.drain()) if (typeof one === "function" || !one.abandoned) this.#items.push(one);
    this.#purgeAt = Math.max(PURGE_FROM, 2 * this.#items.size);
  }

  peek(): LineItem | undefined {
    return this.#items.peek();
  }

  shift(): void {
    this.#items.shift();
  }

  drain(): LineItem[] {
    return this.#items.drain();
  }
}
