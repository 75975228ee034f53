/** One transaction of a session: BEGIN, its members each with a receipt, and COMMIT or ABORT. */
import {
  formatAddress,
  type MasterSlaveError,
  TransactionInDoubtError,
  TransactionInterruptedError,
  TransactionRolledBackError,
} from "../../../errors/errors.ts";
import type { CommitOutcome, OutgoingSend, SessionTransaction } from "../../../messaging/port/messaging-session.ts";
import { writeSend } from "../sending/sends.ts";
import type { SessionSends, Wire } from "../sending/wire.ts";

/** A delivery accepted in a transaction, and how to give it back if the transaction is rolled back. */
export interface AcceptedMember {
  /** The headers of its ACK, as they are written. */
  readonly lines: string;
  /** Gives the delivery back: after ABORT Classic does not redeliver it, though its ACK has no effect. */
  giveBack(): void;
}

export class StompTransaction implements SessionTransaction {
  readonly #wire: Wire;
  readonly #id: string;
  readonly #onConfirmed: () => void;
  readonly #sends: SessionSends;
  readonly #accepted: AcceptedMember[] = [];
  /**
   * Number of members, and BEGIN, without an answer. COMMIT waits for them, because Classic commits everything that it
   * has not refused.
   */
  #unanswered = 0;
  #onAllAnswered: (() => void) | undefined;
  /** The first refusal of BEGIN or a member: then the transaction must not commit. */
  #refusal: MasterSlaveError | undefined;
  #over: Promise<CommitOutcome> | undefined;

  /** `sends` are the session's sends outside of transactions. */
  constructor(wire: Wire, id: string, onConfirmed: () => void, sends: SessionSends) {
    this.#wire = wire;
    this.#id = id;
    this.#onConfirmed = onConfirmed;
    this.#sends = sends;
    this.#ask("BEGIN", "", "the transaction");
  }

  isOf(wire: Wire): boolean {
    return this.#wire === wire && !this.#over;
  }

  send(send: OutgoingSend): void {
    if (this.#over) {
      const error = this.#rolledBack("The transaction is over already", undefined);
      queueMicrotask(() => this.#wire.guard(() => send.onOutcome({ kind: "failed", error })));
      return;
    }
    const waits = writeSend(this.#wire, send, {
      transaction: this.#id,
      onConfirmed: () => {
        this.#onConfirmed();
        this.#answered();
      },
      onFailed: (error) => {
        this.#refusal ??= error;
        this.#answered();
      },
      onSessionEnd: () => this.#answered(),
    });
    if (waits) this.#unanswered++;
  }

  /**
   * Writes ACK as a member. Resolves with "settled" when the broker has taken it, or "stale" if it refused or the
   * session ended.
   */
  accept(member: AcceptedMember): Promise<"settled" | "stale"> {
    this.#accepted.push(member);
    return this.#ask("ACK", member.lines, "an acknowledgement");
  }

  commit(): Promise<CommitOutcome> {
    this.#over ??= this.#commit();
    return this.#over;
  }

  async rollback(): Promise<void> {
    if (this.#over) {
      await this.#over;
      return;
    }
    const { endpoint } = this.#wire.peer;
    const error = new TransactionRolledBackError("The transaction was rolled back", { endpoint });
    this.#over = this.#abort().then(() => ({ kind: "rolled-back", error }));
    await this.#over;
  }

  async #commit(): Promise<CommitOutcome> {
    if (this.#unanswered > 0) {
      await new Promise<void>((resolve) => {
        this.#onAllAnswered = resolve;
      });
    }
    if (this.#refusal) {
      const error = this.#rolledBack(`${this.#where} refused a part of the transaction`, this.#refusal);
      await this.#abort();
      return { kind: "rolled-back", error };
    }
    // What was sent before outside of the transaction is stored before it.
    return new Promise((resolve) => {
      this.#sends.behind(() => resolve(this.#writeCommit()));
    });
  }

  #writeCommit(): CommitOutcome | Promise<CommitOutcome> {
    if (!this.#wire.open) return { kind: "rolled-back", error: this.#interrupted() };
    const { endpoint, dialect } = this.#wire.peer;
    return new Promise((resolve) => {
      this.#wire.request(
        "COMMIT",
        { transaction: this.#id },
        {
          onReceipt: () => {
            this.#onConfirmed();
            resolve({ kind: "committed" });
          },
          onRefused: ({ text, cause }) => {
            // Artemis only says AMQ339013; usually it has seen one of the message ids before.
            const perhaps = dialect.errorEndsSession
              ? ". If one of its messages was sent before with the same id, the transaction has perhaps been committed already"
              : "";
            const error = this.#rolledBack(`${this.#where} refused to commit: ${text}${perhaps}`, cause);
            this.#giveBack();
            resolve({ kind: "rolled-back", error });
          },
          onSessionEnd: (cause) => {
            const message = `The session with ${this.#where} ended before the commit was answered: the transaction took effect whole, or not at all`;
            resolve({ kind: "in-doubt", error: new TransactionInDoubtError(message, { endpoint, cause }) });
          },
        },
      );
    });
  }

  #abort(): Promise<void> {
    const done = new Promise<void>((resolve) => {
      const over = () => resolve();
      const waiter = { onReceipt: over, onRefused: over, onSessionEnd: over };
      this.#wire.request("ABORT", { transaction: this.#id }, waiter);
    });
    this.#giveBack();
    return done;
  }

  /** Gives the accepted deliveries back; their frames follow the ABORT. */
  #giveBack(): void {
    for (const member of this.#accepted.splice(0)) member.giveBack();
  }

  #ask(command: string, lines: string, what: string): Promise<"settled" | "stale"> {
    this.#unanswered++;
    return new Promise((resolve) => {
      const settle = (result: "settled" | "stale") => {
        this.#answered();
        resolve(result);
      };
      this.#wire.request(command, `${lines}transaction:${this.#id}\n`, {
        onReceipt: () => settle("settled"),
        onRefused: ({ text, cause }) => {
          this.#refusal ??= this.#rolledBack(`${this.#where} refused ${what}: ${text}`, cause);
          settle("stale");
        },
        onSessionEnd: () => settle("stale"),
      });
    });
  }

  #answered(): void {
    this.#unanswered--;
    if (this.#unanswered === 0) this.#onAllAnswered?.();
  }

  get #where(): string {
    return formatAddress(this.#wire.peer.endpoint);
  }

  #rolledBack(message: string, cause: unknown): TransactionRolledBackError {
    return new TransactionRolledBackError(message, { endpoint: this.#wire.peer.endpoint, cause });
  }

  #interrupted(): TransactionInterruptedError {
    const message = `The session with ${this.#where} ended before the transaction was committed: it is rolled back`;
    return new TransactionInterruptedError(message, {
      endpoint: this.#wire.peer.endpoint,
      cause: this.#wire.whyClosed,
    });
  }
}
