/**
 * The temporary queues of one AMQP connection: created for a dynamic source or target, deleted with its link or the
 * connection.
 */
import type { Queue } from "../destinations/queue/queue.ts";
import type { Queues } from "../destinations/queues.ts";
import { Refusal } from "../destinations/refusal.ts";

export class TemporaryAddresses {
  readonly #queues: Queues;
  readonly #made = new Set<string>();

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  create(): { readonly name: string; readonly queue: Queue } {
    const name = this.#queues.createTemporary();
    this.#made.add(name);
    return { name, queue: this.own(name) };
  }

  /** @throws Refusal if it belongs to another connection, or is gone. */
  own(name: string): Queue {
    const queue = this.#made.has(name) ? this.#queues.temporary(name) : undefined;
    if (queue) return queue;
    throw new Refusal("amqp:not-allowed", `The temporary queue "${name}" is not of this connection`);
  }

  remove(name: string): void {
    this.#made.delete(name);
    this.#queues.removeTemporary(name);
  }

  end(): void {
    for (const name of this.#made) this.remove(name);
  }
}
