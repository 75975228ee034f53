/** Sends that a full broker has refused: one of them tries again after a wait that grows, and lets the others follow. */
import type { PendingSend } from "./pending-send.ts";
import { startTimer } from "./timer.ts";

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

export class DeferredSends {
  readonly #give: (send: PendingSend) => void;
  readonly #sends = new Set<PendingSend>();
  #waitMs = FIRST_WAIT_MS;
  #stop = () => {};
  /** The one that tries for the others. */
  #probe: PendingSend | undefined;

  /** `give` hands a send to the session of the moment. */
  constructor(give: (send: PendingSend) => void) {
    this.#give = give;
  }

  get size(): number {
    return this.#sends.size;
  }

  has(send: PendingSend): boolean {
    return this.#sends.has(send);
  }

  add(send: PendingSend): void {
    this.#sends.add(send);
    this.resume();
  }

  /** Its caller has an answer. What is confirmed says that there is room again. */
  over(send: PendingSend, confirmed: boolean): void {
    this.#sends.delete(send);
    if (confirmed && this.#sends.size > 0) this.#giveAll();
    // Whoever tried for the others has left.
    else if (send === this.#probe) this.resume();
  }

  /** There is a session. The wait goes on over sessions: to Artemis over STOMP each refusal is the end of one. */
  resume(): void {
    if (this.#sends.size === 0) return;
    this.#stop();
    this.#stop = startTimer(this.#waitMs, () => {
      this.#waitMs = Math.min(LONGEST_WAIT_MS, 2 * this.#waitMs);
      const [probe] = this.#sends;
      this.#probe = probe;
      if (probe) this.#giveAgain(probe);
    });
  }

  /** There is none. */
  interrupt(): void {
    this.#stop();
  }

  #giveAll(): void {
    this.#stop();
    this.#waitMs = FIRST_WAIT_MS;
    for (const send of [...this.#sends]) this.#giveAgain(send);
  }

  #giveAgain(send: PendingSend): void {
    this.#sends.delete(send);
    this.#give(send);
  }
}
