/**
 * Sends that a full broker refused, and later sends to the same destinations. After a growing wait the oldest send to
 * one destination is tried again; when it is confirmed, the others to that destination follow in order.
 */

import { startTimer } from "../../async/timer.ts";
import { formatDestination } from "../messages/destination.ts";
import type { PendingSend } from "./pending-send.ts";

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

export class DeferredSends {
  readonly #give: (send: PendingSend) => void;
  /** The waiting sends by destination; the destinations are in the order of their next try. */
  readonly #waiting = new Map<string, Set<PendingSend>>();
  #size = 0;
  #waitMs = FIRST_WAIT_MS;
  #stop = () => {};
  /** The send that is being tried on behalf of its destination. */
  #probe: PendingSend | undefined;

  /** `give` passes a send to the present session. */
  constructor(give: (send: PendingSend) => void) {
    this.#give = give;
  }

  get size(): number {
    return this.#size;
  }

  has(send: PendingSend): boolean {
    return this.#waiting.get(formatDestination(send.destination))?.has(send) ?? false;
  }

  /** Adds a send that the broker has refused. */
  add(send: PendingSend): void {
    this.#put(send);
    this.resume();
  }

  /**
   * Keeps a send back if another send to the same destination waits here for room, because it would be refused too:
   * Artemis over STOMP ends the session with each refusal. Returns whether the send is kept.
   */
  keepBack(send: PendingSend): boolean {
    if (this.#size === 0 || send.policy.whenFull !== "hold") return false;
    if (!this.#waiting.has(formatDestination(send.destination))) return false;
    this.#put(send);
    return true;
  }

  /**
   * The send has its outcome. If the broker confirmed it there is room again: the other sends to its destination are
   * given to the session.
   */
  over(send: PendingSend, confirmed: boolean): void {
    this.#remove(send);
    if (confirmed && this.#giveAllTo(formatDestination(send.destination))) return;
    // The send that was being tried is gone.
    if (send === this.#probe) this.resume();
  }

  /**
   * A session was opened. The wait goes on across sessions, because with Artemis over STOMP each refusal ends a
   * session.
   */
  resume(): void {
    this.#probe = undefined;
    if (this.#size === 0) return;
    this.#stop();
    this.#stop = startTimer(this.#waitMs, () => {
      this.#waitMs = Math.min(LONGEST_WAIT_MS, 2 * this.#waitMs);
      this.#tryNext();
    });
  }

  /** The session ended. */
  interrupt(): void {
    this.#stop();
    this.#probe = undefined;
  }

  /** Tries the oldest send of the next destination. */
  #tryNext(): void {
    const [next] = this.#waiting;
    if (!next) return;
    const [destination, sends] = next;
    this.#waiting.delete(destination);
    this.#waiting.set(destination, sends);
    let oldest: PendingSend | undefined;
    for (const send of sends) if (!oldest || send.number < oldest.number) oldest = send;
    if (!oldest) return;
    this.#probe = oldest;
    this.#giveAgain(oldest);
  }

  /** Returns whether there were any. */
  #giveAllTo(destination: string): boolean {
    const sends = this.#waiting.get(destination);
    if (!sends) return false;
    this.#stop();
    this.#waitMs = FIRST_WAIT_MS;
    for (const send of [...sends].sort((a, b) => a.number - b.number)) this.#giveAgain(send);
    this.resume();
    return true;
  }

  #giveAgain(send: PendingSend): void {
    this.#remove(send);
    this.#give(send);
  }

  #put(send: PendingSend): void {
    const destination = formatDestination(send.destination);
    const sends = this.#waiting.get(destination) ?? new Set();
    if (sends.has(send)) return;
    sends.add(send);
    this.#size += 1;
    this.#waiting.set(destination, sends);
  }

  #remove(send: PendingSend): void {
    const destination = formatDestination(send.destination);
    const sends = this.#waiting.get(destination);
    if (!sends?.delete(send)) return;
    this.#size -= 1;
    if (sends.size === 0) this.#waiting.delete(destination);
  }
}
