/** The sends within the limits of a connection, in the order of the calls, and the room that they take. */
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
  /**
   * Written sends whose callers gave up. The session holds their bytes until they are answered, so they still take
   * room.
   */
  readonly #givenUp = new LinkedSet<PendingSend>();
  #bytes = 0;

  constructor(bounds: SendBounds) {
    this.#bounds = bounds;
  }

  /** How many sends take room. */
  get size(): number {
    return this.#admitted.size + this.#givenUp.size;
  }

  /** How many bytes these sends take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Sends that a caller waits for, in order. */
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

  /** Moves the send behind those that were made meanwhile. */
  moveToEnd(send: PendingSend): void {
    this.#admitted.delete(send);
    this.#admitted.add(send);
  }

  /** The caller of a send no longer waits. Returns whether the send was admitted. */
  leave(send: PendingSend): boolean {
    if (!this.#admitted.delete(send)) return false;
    if (send.unanswered) this.#givenUp.add(send);
    else this.#bytes -= send.bytes;
    return true;
  }

  /** The broker has answered a send that its caller gave up on. Returns whether the send took room. */
  answered(send: PendingSend): boolean {
    if (!this.#givenUp.delete(send)) return false;
    this.#bytes -= send.bytes;
    return true;
  }

  /** Forgets the sends that callers had given up on: they went with their session. */
  forgetGivenUp(): void {
    for (const { bytes } of this.#givenUp) this.#bytes -= bytes;
    this.#givenUp.clear();
  }
}
