/** Shows all of a queue in batches: each asks for so many messages, or for word that there are no more (AMQP 1.0, 2.6.7). */
import type { Receiver } from "rhea";

export class Browsing {
  readonly #receiver: Receiver;
  readonly #batch: number;
  readonly #onBrowsed: () => void;
  #received = 0;
  /** Handed over and not settled: a batch is asked for when the one before has been read. */
  #unread = 0;
  #waiting = false;
  /** Classic ends a batch after its last message; what it is asked for meanwhile it drains along with it. */
  #mayEndEarly = false;

  constructor(receiver: Receiver, batch: number, onBrowsed: () => void) {
    this.#receiver = receiver;
    this.#batch = batch;
    this.#onBrowsed = onBrowsed;
  }

  ask(): void {
    this.#waiting = this.#unread > 0;
    if (this.#waiting) return;
    this.#received = 0;
    this.#receiver.add_credit(this.#batch);
    this.#receiver.drain_credit();
  }

  /** Before it is handed over, if it can be read at all. */
  onMessage(readable: boolean): void {
    this.#received += 1;
    if (readable) this.#unread += 1;
  }

  /** After it was handed over. A batch that is full leaves no credit to drain: no broker says anything more of it. */
  onHandedOver(): void {
    if (this.#received < this.#batch) return;
    this.#mayEndEarly = true;
    this.ask();
  }

  onRead(): void {
    this.#unread -= 1;
    if (this.#waiting) this.ask();
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
