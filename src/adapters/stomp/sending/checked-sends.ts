/**
 * Sends that Artemis may have stored already. They are written outside of transactions with their ids, so Artemis drops
 * those that it has. A receipt alone does not prove that a message is stored; the storage barrier behind it does
 * (docs/decisions/0021).
 */
import { MasterSlaveError } from "../../../errors/errors.ts";
import type { Destination } from "../../../messaging/messages/destination.ts";
import type { OutgoingSend } from "../../../messaging/port/messaging-session.ts";
import { encodedFor, writeSend } from "./sends.ts";
import type { StorageBarrier } from "./storage-barrier.ts";
import type { Wire } from "./wire.ts";

export interface CheckedSendsDeps {
  readonly wire: Wire;
  readonly barrier: StorageBarrier;
  /** Called when the broker has stored something. */
  readonly markUseful: () => void;
}

/** Sends that are checked together. Each is confirmed when it is certainly stored. */
export class CheckedSends {
  readonly #deps: CheckedSendsDeps;
  readonly #onAnswered: () => void;
  /**
   * Whether the barrier waits for the answers: a full address refuses the barrier, and then we must know what was
   * accepted.
   */
  readonly #barrierLast: boolean;
  readonly #destinations: Destination[] = [];
  /** The sends that have a receipt and are not confirmed yet. */
  #accepted: OutgoingSend[] = [];
  #unanswered: number;
  #stored = false;

  /** Writes the sends at once. `onAnswered` is called when each has its receipt or refusal. */
  constructor(deps: CheckedSendsDeps, sends: readonly OutgoingSend[], onAnswered: () => void) {
    this.#deps = deps;
    this.#onAnswered = onAnswered;
    this.#unanswered = sends.length;
    this.#barrierLast = sends.some(({ destination }) => deps.wire.peer.memory.isRefusing(destination));
    for (const send of sends) this.#write(send);
    // The broker answers everything written before the barrier first, except refusals, which may come later.
    if (!this.#barrierLast) this.#raiseBarrier();
  }

  #write(send: OutgoingSend): void {
    const { wire } = this.#deps;
    if (!(encodedFor(wire, send) instanceof MasterSlaveError)) this.#destinations.push(send.destination);
    const terms = {
      confirmedLater: true,
      onConfirmed: () => {
        this.#accepted.push(send);
        if (this.#stored) this.#confirm();
        this.#answered();
      },
      onFailed: () => this.#answered(),
    } as const;
    if (!writeSend(wire, send, terms)) this.#answered();
  }

  #answered(): void {
    this.#unanswered -= 1;
    if (this.#unanswered > 0) return;
    if (this.#barrierLast) this.#raiseBarrier();
    this.#onAnswered();
  }

  #raiseBarrier(): void {
    if (this.#destinations.length === 0) return;
    const stored = () => {
      this.#stored = true;
      this.#confirm();
    };
    this.#deps.barrier.after({
      destinations: this.#destinations,
      onStored: stored,
      onFull: stored,
      // No outcome is told: messaging sends them again.
      onSessionEnd: () => {},
    });
  }

  #confirm(): void {
    const confirmed = this.#accepted;
    this.#accepted = [];
    if (confirmed.length > 0) this.#deps.markUseful();
    for (const send of confirmed) send.onOutcome({ kind: "confirmed" });
  }
}
