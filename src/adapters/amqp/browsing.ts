/** Shows all of a queue in batches: each asks for so many messages, or for word that there are no more (AMQP 1.0, 2.6.7). */
import type { Receiver } from "rhea";

export class Browsing {
  readonly #receiver: Receiver;
  readonly #batch: number;
  readonly #onBrowsed: () => void;
  #received = 0;
  /** Classic ends a batch after its last message; what it is asked for meanwhile it drains along with it. */
  #mayEndEarly = false;

  constructor(receiver: Receiver, batch: number, onBrowsed: () => void) {
    this.#receiver = receiver;
    this.#batch = batch;
    this.#onBrowsed = onBrowsed;
  }

  ask(): void {
    this.#received = 0;
    this.#receiver.add_credit(this.#batch);
    this.#receiver.drain_credit();
  }

  onMessage(): void {
    this.#received += 1;
    if (this.#received < this.#batch) return;
    // A batch that is full leaves no credit to drain: no broker says anything more of it.
    this.#mayEndEarly = true;
    this.ask();
  }

  onDrained(): void {
    if (!this.#mayEndEarly) {
      this.#onBrowsed();
      return;
    }
    this.#mayEndEarly = false;
    this.ask();
  }
}
