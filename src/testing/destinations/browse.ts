/** A look at what queues hold: one consumer is shown copies of all there is when it comes, and nothing is taken out. */
import type { DeliverySource, EntryHome, QueueConsumer, QueueEntry } from "./queue/queue-entry.ts";

/** Nothing becomes of what was only shown. */
const NOWHERE: EntryHome = { accept: () => {}, deadLetter: () => {}, release: () => {}, complete: () => false };

export class Browse implements DeliverySource {
  readonly #look: () => Iterable<QueueEntry>;
  /** The last one first: shift() moves every element of a long array. */
  #left: QueueEntry[] = [];
  #consumer: QueueConsumer | undefined;
  /** Runs once, when all has been shown. */
  onEnd: () => void = () => {};
  #ended = false;

  /** It looks when its consumer attaches. */
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
