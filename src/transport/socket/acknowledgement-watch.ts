/** Notices that a peer acknowledges nothing any more, though its own packets may still arrive: a path that is broken one way. */
import type { Socket } from "node:net";
import type { SocketTable, Stall } from "./tcp-retransmissions.ts";

/** So often must the same bytes have been sent in vain: on a path that loses packets, once or twice proves nothing. */
const MIN_RETRANSMISSIONS = 3;
/** Between two looks at a connection that is well, in parts of the limit. */
const LOOKS_PER_LIMIT = 3;
/** How old an answer may be that only says that all is well, in parts of the limit. */
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
