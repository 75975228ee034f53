/**
 * Detects that a peer acknowledges nothing any more, though its own packets may still arrive: a path that is broken in
 * one direction.
 */
import type { Socket } from "node:net";
import type { SocketTable, Stall } from "./tcp-retransmissions.ts";

/** How often the same bytes must have been sent in vain: with packet loss, once or twice proves nothing. */
const MIN_RETRANSMISSIONS = 3;
/** How many checks of a healthy connection are made in one time limit. */
const LOOKS_PER_LIMIT = 3;
/** A healthy answer may be this fraction of the time limit old. */
const AGES_PER_LIMIT = 6;
const SOON_MS = 50;

export class AcknowledgementWatch {
  readonly #socket: Socket;
  readonly #limitMs: number;
  readonly #table: SocketTable;
  readonly #onStalled: (stall: Stall) => void;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  /** `onStalled` is called once, when nothing was acknowledged for `limitMs`. */
  constructor(socket: Socket, limitMs: number, table: SocketTable, onStalled: (stall: Stall) => void) {
    this.#socket = socket;
    this.#limitMs = limitMs;
    this.#table = table;
    this.#onStalled = onStalled;
    this.#lookIn(limitMs / LOOKS_PER_LIMIT, limitMs / AGES_PER_LIMIT);
  }

  end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #lookIn(ms: number, maxAgeMs: number): void {
    this.#timer = setTimeout(() => void this.#look(maxAgeMs), Math.ceil(ms));
  }

  async #look(maxAgeMs: number): Promise<void> {
    const stall = await this.#table.stallOf(this.#socket, maxAgeMs);
    if (this.#over) return;
    const usualMs = this.#limitMs / LOOKS_PER_LIMIT;
    if (stall === undefined) {
      this.#lookIn(usualMs, this.#limitMs / AGES_PER_LIMIT);
    } else if (stall.forMs >= this.#limitMs && stall.retransmissions >= MIN_RETRANSMISSIONS) {
      this.#onStalled(stall);
    } else {
      const leftMs = this.#limitMs - stall.forMs;
      this.#lookIn(Math.min(usualMs, Math.max(SOON_MS, leftMs)), 0);
    }
  }
}
