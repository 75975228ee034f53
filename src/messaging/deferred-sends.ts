/**
 * Sends that a full broker has refused, and those to the same destinations that came after them: one tries again after a
 * wait that grows, and lets the others follow.
 */

import { startTimer } from "../async/timer.ts";
import { formatDestination } from "./destination.ts";
import type { PendingSend } from "./pending-send.ts";

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

export class DeferredSends {
  readonly #give: (send: PendingSend) => void;
  readonly #sends = new Set<PendingSend>();
  /** How many of them go to each destination. */
  readonly #destinations = new Map<string, number>();
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

  /** The broker has refused it. */
  add(send: PendingSend): void {
    this.#put(send);
    this.resume();
  }

  /**
   * Keeps a send back that would be refused too: another one to the same destination waits here for room. Returns whether
   * it does. Artemis over STOMP ends the session with each refusal.
   */
  keepBack(send: PendingSend): boolean {
    if (this.#sends.size === 0 || send.policy.whenFull !== "hold") return false;
    if (!this.#destinations.has(formatDestination(send.destination))) return false;
    this.#put(send);
    return true;
  }

  /** The send's caller has an answer. If the broker confirmed it there is room again: all others are given to the session. */
  over(send: PendingSend, confirmed: boolean): void {
    this.#remove(send);
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
    this.#remove(send);
    this.#give(send);
  }

  #put(send: PendingSend): void {
    if (this.#sends.has(send)) return;
    this.#sends.add(send);
    const destination = formatDestination(send.destination);
    this.#destinations.set(destination, (this.#destinations.get(destination) ?? 0) + 1);
  }

  #remove(send: PendingSend): void {
    if (!this.#sends.delete(send)) return;
    const destination = formatDestination(send.destination);
    const left = (this.#destinations.get(destination) ?? 0) - 1;
    if (left > 0) this.#destinations.set(destination, left);
    else this.#destinations.delete(destination);
  }
}
