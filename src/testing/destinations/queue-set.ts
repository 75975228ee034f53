/** Several queues that a consumer reads at once: those that a wildcard matches or a comma list names. */
import type { DeliverySource, QueueConsumer, QueueEntry } from "./queue/queue-entry.ts";

export class QueueSet implements DeliverySource {
  readonly #queues: DeliverySource[];
  #consumer: QueueConsumer | undefined;

  constructor(queues: Iterable<DeliverySource>) {
    this.#queues = [...queues];
  }

  /** Adds a queue that was created later. */
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
