/** The sends within the bounds of a connection, in the order of the calls, and the room they take. */
import { LinkedSet } from "../../async/linked-set.ts";
import type { PendingSend } from "./pending-send.ts";

/** How much may be pending. */
export interface SendBounds {
  readonly maxPendingSends: number;
  readonly maxPendingBytes: number;
}

export class SendRoom {
  readonly #bounds: SendBounds;
  readonly #admitted = new LinkedSet<PendingSend>();
  /** Written sends whose callers gave up: until they are answered their bytes are with the session, and take room. */
  readonly #givenUp = new LinkedSet<PendingSend>();
  #bytes = 0;

  constructor(bounds: SendBounds) {
    this.#bounds = bounds;
  }

  /** How many sends take room. */
  get size(): number {
    return this.#admitted.size + this.#givenUp.size;
  }

  /** What they weigh. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Sends that somebody waits for, in order. */
  get admitted(): Iterable<PendingSend> {
    return this.#admitted;
  }

  get admittedCount(): number {
    return this.#admitted.size;
  }

  isFor(bytes: number): boolean {
    const { maxPendingSends, maxPendingBytes } = this.#bounds;
    return this.size < maxPendingSends && this.#bytes + bytes <= maxPendingBytes;
  }

  admit(send: PendingSend): void {
    this.#admitted.add(send);
    this.#bytes += send.bytes;
  }

  /** What is sent meanwhile goes before it. */
  moveToEnd(send: PendingSend): void {
    this.#admitted.delete(send);
    this.#admitted.add(send);
  }

  /** Nobody waits for it any more. Returns whether it was admitted. */
  leave(send: PendingSend): boolean {
    if (!this.#admitted.delete(send)) return false;
    if (send.unanswered) this.#givenUp.add(send);
    else this.#bytes -= send.bytes;
    return true;
  }

  /** The broker has answered a send that its caller gave up. Returns whether it took room. */
  answered(send: PendingSend): boolean {
    if (!this.#givenUp.delete(send)) return false;
    this.#bytes -= send.bytes;
    return true;
  }

  /** What callers had given up went with its session. */
  forgetGivenUp(): void {
    for (const { bytes } of this.#givenUp) this.#bytes -= bytes;
    this.#givenUp.clear();
  }
}
