/** A view of what queues hold: one consumer gets copies of everything present when it attaches; nothing is removed. */
import type { DeliverySource, EntryHome, QueueConsumer, QueueEntry } from "./queue/queue-entry.ts";

/** Settling a shown copy has no effect. */
const NOWHERE: EntryHome = { accept: () => {}, deadLetter: () => {}, release: () => {}, complete: () => false };

export class Browse implements DeliverySource {
  readonly #look: () => Iterable<QueueEntry>;
  /** The last one first: shift() moves every element of a long array. */
  #left: QueueEntry[] = [];
  #consumer: QueueConsumer | undefined;
  /** Runs once, when everything has been shown. */
  onEnd: () => void = () => {};
  #ended = false;

  /** `look` is called when the consumer attaches. */
  constructor(look: () => Iterable<QueueEntry>) {
    this.#look = look;
  }

  attach(consumer: QueueConsumer): void {
    this.#consumer = consumer;
    const now = Date.now();
    const shown = [...this.#look()].filter(
      ({ message }) => (message.expiresAtMs ?? Number.POSITIVE_INFINITY) > now && (consumer.selects?.(message) ?? true),
    );
    this.#left = shown.map((entry) => ({ ...entry, home: NOWHERE })).reverse();
    this.dispatch();
  }

  detach(): void {
    this.#consumer = undefined;
  }

  dispatch(): void {
    while (this.#consumer?.ready) {
      const entry = this.#left.pop();
      if (entry === undefined) break;
      this.#consumer.take(entry);
    }
    if (this.#left.length > 0 || this.#ended || !this.#consumer) return;
    this.#ended = true;
    this.onEnd();
  }
}
