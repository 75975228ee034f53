/** Several queues that a consumer takes from at once: those a wildcard matches, those a comma list names. */
import type { DeliverySource, QueueConsumer, QueueEntry } from "./queue/queue-entry.ts";

export class QueueSet implements DeliverySource {
  readonly #queues: DeliverySource[];
  #consumer: QueueConsumer | undefined;

  constructor(queues: Iterable<DeliverySource>) {
    this.#queues = [...queues];
  }

  /** A queue that came up later. */
  add(queue: DeliverySource): void {
    this.#queues.push(queue);
    if (this.#consumer) queue.attach(this.#consumer);
  }

  attach(consumer: QueueConsumer): void {
    this.#consumer = consumer;
    for (const queue of this.#queues) queue.attach(consumer);
  }

  detach(consumer: QueueConsumer, unsettled: readonly QueueEntry[]): void {
    this.#consumer = undefined;
    for (const queue of this.#queues) {
      queue.detach(
        consumer,
        unsettled.filter(({ home }) => (home as unknown) === queue),
      );
    }
  }

  dispatch(): void {
    for (const queue of this.#queues) queue.dispatch();
  }
}
