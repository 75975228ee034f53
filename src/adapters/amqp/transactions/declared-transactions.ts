/**
 * Transactions declared in advance, so that a group of sends and its commit leave in one write. Each is declared and
 * discharged on a coordinator link of its own, which does one thing at a time: Artemis counts the answers of an AMQP
 * session instead of distinguishing them, and would answer the first of two discharges when the second is stored
 * (docs/decisions/0021).
 */

import type { SessionDeps } from "../opening/session-deps.ts";
import { DECLARE, dischargeOf } from "../rhea/transactional-state.ts";
import { Coordinator, type CoordinatorAnswer } from "./coordinator.ts";

/** The most links that commit at once; further transactions wait for one of them. */
const MAX_COORDINATORS = 16;
/** Idle coordinators beyond this number are closed. */
const MAX_IDLE = 4;

export interface DeclaredTransaction {
  readonly txnId: Buffer;
  /**
   * Ends the transaction; call it when all its transfers are written. `onAnswer` gets whether the broker has done it;
   * it also gets false when the coordinator is gone and the outcome is unknown.
   */
  discharge(kind: "commit" | "roll back", onAnswer: (done: boolean) => void): void;
}

export class DeclaredTransactions {
  readonly #context: SessionDeps;
  readonly #declared: DeclaredTransaction[] = [];
  /** Callbacks of those that wait for a declared transaction. */
  readonly #waiting = new Set<() => void>();
  #coordinators = 0;
  #declaring = 0;
  #unavailable = false;

  constructor(context: SessionDeps) {
    this.#context = context;
  }

  /** Whether the broker refuses to declare transactions: then nothing can be grouped. */
  get unavailable(): boolean {
    return this.#unavailable;
  }

  /** Returns a declared transaction, or undefined: then `whenDeclared` is called when it is worth asking again. */
  take(whenDeclared: () => void): DeclaredTransaction | undefined {
    const transaction = this.#declared.shift();
    if (!transaction) this.#waiting.add(whenDeclared);
    this.#declareWanted();
    return transaction;
  }

  /** Called when the session is over; nobody is called after this. */
  end(): void {
    this.#declared.length = 0;
    this.#waiting.clear();
  }

  /** Declares one transaction more than is waited for, so that the next group need not wait. */
  #declareWanted(): void {
    while (this.#declaring + this.#declared.length <= this.#waiting.size && this.#coordinators < MAX_COORDINATORS) {
      const coordinator = this.#attach();
      if (!coordinator) return;
      this.#coordinators += 1;
      this.#declare(coordinator);
    }
  }

  /** Returns undefined if the broker accepts no further link of this connection. */
  #attach(): Coordinator | undefined {
    try {
      return new Coordinator(this.#context);
    } catch {
      if (this.#coordinators === 0) {
        this.#unavailable = true;
        queueMicrotask(this.#context.guard(() => this.#tellWaiting()));
      }
      return undefined;
    }
  }

  #declare(coordinator: Coordinator): void {
    this.#declaring += 1;
    coordinator.ask({ write: () => DECLARE, onAnswer: (answer) => this.#onDeclared(coordinator, answer) });
  }

  #onDeclared(coordinator: Coordinator, answer: CoordinatorAnswer): void {
    this.#declaring -= 1;
    if (answer.kind === "declared") {
      const { txnId } = answer;
      this.#declared.push({
        txnId,
        discharge: (kind, onAnswer) => this.#discharge(coordinator, { txnId, kind, onAnswer }),
      });
    } else {
      this.#unavailable = true;
      this.#drop(coordinator);
    }
    this.#tellWaiting();
  }

  #discharge(coordinator: Coordinator, { txnId, kind, onAnswer }: Discharge): void {
    coordinator.ask({
      write: () => dischargeOf(txnId, kind === "roll back"),
      onAnswer: (answer) => {
        const isSpare = this.#waiting.size === 0 && this.#declaring + this.#declared.length >= MAX_IDLE;
        if (isSpare || !coordinator.usable) {
          this.#drop(coordinator);
          this.#declareWanted();
        } else this.#declare(coordinator);
        onAnswer(answer.kind === "accepted");
      },
    });
  }

  #drop(coordinator: Coordinator): void {
    this.#coordinators -= 1;
    if (coordinator.usable) coordinator.close();
  }

  #tellWaiting(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const whenDeclared of waiting) whenDeclared();
  }
}

interface Discharge {
  readonly txnId: Buffer;
  readonly kind: "commit" | "roll back";
  readonly onAnswer: (done: boolean) => void;
}
