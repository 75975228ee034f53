/**
 * Reads a whole queue in batches: each asks for a number of messages, or for word that there are no more (AMQP 1.0,
 * 2.6.7).
 */
import type { Receiver } from "rhea";

export class Browsing {
  readonly #receiver: Receiver;
  readonly #batch: number;
  readonly #onBrowsed: () => void;
  #received = 0;
  /** Number of messages delivered and not settled: the next batch is requested when the previous one has been read. */
  #unread = 0;
  #waiting = false;
  /** Classic ends a batch after its last message; credit that is granted meanwhile it drains along. */
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

  /** Called before a message is delivered, with whether it can be read. */
  onMessage(readable: boolean): void {
    this.#received += 1;
    if (readable) this.#unread += 1;
  }

  /** Called after it was delivered. A full batch leaves no credit to drain, so no broker announces its end. */
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
