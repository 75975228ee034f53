/**
 * Sends that a full broker has refused, and those to the same destinations that came after them. After a wait that grows,
 * the oldest to one destination tries again; when it is confirmed the others to its destination follow in order.
 */

import { startTimer } from "../../async/timer.ts";
import { formatDestination } from "../messages/destination.ts";
import type { PendingSend } from "./pending-send.ts";

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

export class DeferredSends {
  readonly #give: (send: PendingSend) => void;
  /** The sends by destination, and the destinations in the order in which they try. */
  readonly #waiting = new Map<string, Set<PendingSend>>();
  #size = 0;
  #waitMs = FIRST_WAIT_MS;
  #stop = () => {};
  /** The one that tries for the others to its destination. */
  #probe: PendingSend | undefined;

  /** `give` hands a send to the session of the moment. */
  constructor(give: (send: PendingSend) => void) {
    this.#give = give;
  }

  get size(): number {
    return this.#size;
  }

  has(send: PendingSend): boolean {
    return this.#waiting.get(formatDestination(send.destination))?.has(send) ?? false;
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
    if (this.#size === 0 || send.policy.whenFull !== "hold") return false;
    if (!this.#waiting.has(formatDestination(send.destination))) return false;
    this.#put(send);
    return true;
  }

  /** The send's caller has an answer. If the broker confirmed it there is room: the others there are given to the session. */
  over(send: PendingSend, confirmed: boolean): void {
    this.#remove(send);
    if (confirmed && this.#giveAllTo(formatDestination(send.destination))) return;
    // Whoever tried for the others has left.
    if (send === this.#probe) this.resume();
  }

  /** There is a session. The wait goes on over sessions: to Artemis over STOMP each refusal is the end of one. */
  resume(): void {
    this.#probe = undefined;
    if (this.#size === 0) return;
    this.#stop();
    this.#stop = startTimer(this.#waitMs, () => {
      this.#waitMs = Math.min(LONGEST_WAIT_MS, 2 * this.#waitMs);
      this.#tryNext();
    });
  }

  /** There is none. */
  interrupt(): void {
    this.#stop();
    this.#probe = undefined;
  }

  /** The oldest to the destination whose turn it is. Another destination is next. */
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
