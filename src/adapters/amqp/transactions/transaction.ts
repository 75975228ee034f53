/** One transaction: declared at once; sends are written as they come, and acceptances together with its commit. */
import {
  formatAddress,
  type MasterSlaveError,
  SendRejectedError,
  SessionLostError,
  TransactionRolledBackError,
} from "../../../errors/errors.ts";
import { formatDestination } from "../../../messaging/messages/destination.ts";
import type { CommitOutcome, OutgoingSend, SessionTransaction } from "../../../messaging/port/messaging-session.ts";
import type { SessionDeps } from "../opening/session-deps.ts";
import { DECLARE, dischargeOf, sentIn, type TransferState } from "../rhea/transactional-state.ts";
import type { Coordinator, CoordinatorAnswer } from "./coordinator.ts";
import { type LinkSend, type SendWatch, TransactionalSend } from "./transactional-send.ts";

/**
 * A delivery accepted in the transaction. Its acceptance is written only at the commit: Classic keeps acceptances per
 * consumer and not per transaction (AmqpSender, dispatchedInTx), so one transaction would commit or roll back
 * another's.
 */
export interface EnlistedDelivery {
  accept(txnId: Buffer): void;
  giveBack(): void;
}

/** Writes the sends of a transaction, on the links of its session. */
export interface TransactionalSends {
  send(send: LinkSend): void;
  /**
   * Calls `act` when everything that was sent to these destinations so far, outside of the user's transactions, is
   * stored or refused.
   */
  behind(destinations: ReadonlySet<string>, act: () => void): void;
}

type Phase =
  | { readonly name: "declaring" }
  | { readonly name: "open"; readonly txnId: Buffer; readonly state: TransferState }
  /** The transaction is complete, and waits for what was sent before it. */
  | { readonly name: "behind"; readonly txnId: Buffer }
  /** `committing`: the broker may have been asked to commit. */
  | { readonly name: "discharging"; committing: boolean }
  | { readonly name: "over" };

export class AmqpTransaction implements SessionTransaction {
  readonly #context: SessionDeps;
  readonly #sends: TransactionalSends;
  readonly #coordinator: Coordinator | undefined;
  readonly #onOver: () => void;
  readonly #waiting: OutgoingSend[] = [];
  readonly #enlisted: EnlistedDelivery[] = [];
  readonly #destinations = new Set<string>();
  readonly #outcome: Promise<CommitOutcome>;
  readonly #resolve: (outcome: CommitOutcome) => void;
  #phase: Phase = { name: "declaring" };
  /**
   * Number of written sends without an outcome: Classic treats a send that arrives after the discharge as an error of
   * ours.
   */
  #unanswered = 0;
  readonly #watch: SendWatch = {
    isOver: () => this.#phase.name !== "open" || this.#wanted !== undefined,
    onWritten: () => {
      this.#unanswered += 1;
    },
    onOutcome: (outcome, written) => {
      if (written) this.#unanswered -= 1;
      if (outcome.kind === "failed") this.#failure ??= outcome.error;
    },
    onAnswered: () => this.#discharge(),
  };
  #wanted: "commit" | "rollback" | undefined;
  /** Why the transaction must be rolled back. */
  #failure: MasterSlaveError | undefined;

  /** Declares the transaction, unless the session is over and has no coordinator; `onOver` is called once. */
  constructor(
    context: SessionDeps,
    sends: TransactionalSends,
    coordinator: Coordinator | undefined,
    onOver: () => void,
  ) {
    this.#context = context;
    this.#sends = sends;
    this.#coordinator = coordinator;
    this.#onOver = onOver;
    let resolve: (outcome: CommitOutcome) => void = () => {};
    this.#outcome = new Promise((resolved) => {
      resolve = resolved;
    });
    this.#resolve = resolve;
    if (!coordinator) return;
    coordinator.onGone = (reason) => this.#lose(reason);
    coordinator.ask({ write: () => DECLARE, onAnswer: (answer) => this.#onDeclared(answer) });
  }

  belongsTo(context: SessionDeps): boolean {
    return this.#context === context;
  }

  /** The reason why nothing more can join the transaction. */
  get over(): MasterSlaveError | undefined {
    if (this.#failure) return this.#failure;
    if (this.#wanted === undefined && this.#phase.name !== "over") return undefined;
    return this.#rolledBack("it is over");
  }

  enlist(delivery: EnlistedDelivery): void {
    this.#enlisted.push(delivery);
  }

  /** From now on the transaction can only be rolled back. */
  fail(reason: string): void {
    this.#failure ??= this.#rolledBack(reason);
  }

  send(send: OutgoingSend): void {
    if (this.#phase.name === "declaring" && this.#wanted === undefined) this.#waiting.push(send);
    else if (this.#phase.name === "open" && this.#wanted === undefined) {
      this.#destinations.add(formatDestination(send.destination));
      this.#sends.send(new TransactionalSend(send, this.#phase.state, this.#watch));
    } else this.#reject(send, this.over?.message ?? "it is over");
  }

  commit(): Promise<CommitOutcome> {
    this.#wanted ??= "commit";
    this.#discharge();
    return this.#outcome;
  }

  async rollback(): Promise<void> {
    this.#wanted ??= "rollback";
    this.#discharge();
    await this.#outcome;
  }

  /** The session is over. If the broker was asked to commit, the outcome is unknown. */
  end(cause: MasterSlaveError): void {
    const committing = this.#phase.name === "discharging" && this.#phase.committing;
    if (!committing) this.#failure ??= cause;
    // The broker takes these deliveries back with the session.
    this.#enlisted.length = 0;
    this.#finish({ kind: committing ? "in-doubt" : "rolled-back", error: this.#failure ?? cause });
  }

  #onDeclared(answer: CoordinatorAnswer): void {
    if (this.#phase.name !== "declaring") return;
    if (answer.kind !== "declared") {
      this.#lose(answer.kind === "refused" ? answer.reason : "it did not name the transaction");
      return;
    }
    const { txnId } = answer;
    this.#phase = { name: "open", txnId, state: sentIn(txnId) };
    for (const send of this.#waiting.splice(0)) this.send(send);
    this.#discharge();
  }

  #discharge(): void {
    if (this.#phase.name !== "open" || this.#wanted === undefined || this.#unanswered > 0) return;
    const { txnId } = this.#phase;
    this.#phase = { name: "behind", txnId };
    // What was sent to its destinations before it, outside of it, is stored before it.
    if (this.#wanted === "commit") this.#sends.behind(this.#destinations, () => this.#writeDischarge());
    else this.#writeDischarge();
  }

  #writeDischarge(): void {
    if (this.#phase.name !== "behind") return;
    const { txnId } = this.#phase;
    const phase = { name: "discharging", committing: false } as Extract<Phase, { name: "discharging" }>;
    this.#phase = phase;
    let accepted = 0;
    this.#coordinator?.ask({
      write: () => {
        phase.committing = this.#wanted === "commit" && this.#failure === undefined;
        accepted = this.#enlisted.length;
        for (const delivery of this.#enlisted.splice(0)) {
          if (phase.committing) delivery.accept(txnId);
          else delivery.giveBack();
        }
        return dischargeOf(txnId, !phase.committing);
      },
      onAnswer: (answer) => this.#onDischarged(answer, phase.committing, accepted),
    });
  }

  #onDischarged(answer: CoordinatorAnswer, committing: boolean, accepted: number): void {
    if (committing && answer.kind === "accepted") {
      this.#finish({ kind: "committed" });
      return;
    }
    const { endpoint, broker } = this.#context;
    if (answer.kind === "refused") this.fail(`${formatAddress(endpoint)} refused it: ${answer.reason}`);
    this.#finish({ kind: "rolled-back", error: this.#failure ?? this.#rolledBack("as was asked") });
    // Artemis redelivers what was accepted; Classic does so once its consumer is gone (PrefetchSubscription,
    // afterRollback).
    if (committing && accepted > 0 && broker.product !== "artemis") {
      const text = `${formatAddress(endpoint)} refused a commit: what was accepted in it comes again on the next session`;
      throw new SessionLostError("SESSION_LOST", text, { endpoint, cause: this.#failure });
    }
  }

  /** The coordinator is gone or was refused: the broker has rolled the transaction back (AMQP 1.0, 4.2). */
  #lose(reason: string): void {
    if (this.#phase.name === "over" || this.#phase.name === "discharging") return;
    this.fail(`${formatAddress(this.#context.endpoint)} has no transaction for it: ${reason}`);
    const waiting = this.#waiting.splice(0);
    this.#finish({ kind: "rolled-back", error: this.#failure ?? this.#rolledBack(reason) });
    for (const send of waiting) this.#reject(send, reason);
  }

  #finish(outcome: CommitOutcome): void {
    if (this.#phase.name === "over") return;
    this.#phase = { name: "over" };
    this.#waiting.length = 0;
    for (const delivery of this.#enlisted.splice(0)) delivery.giveBack();
    this.#resolve(outcome);
    this.#onOver();
  }

  #reject(send: OutgoingSend, reason: string): void {
    // The end of the session is reported separately.
    if (this.#context.isOver()) return;
    const { endpoint } = this.#context;
    const text = `Message ${send.message.id} is part of no transaction: ${reason}`;
    send.onOutcome({ kind: "failed", error: new SendRejectedError(text, { id: send.message.id, endpoint }) });
  }

  #rolledBack(reason: string): MasterSlaveError {
    const { endpoint } = this.#context;
    return new TransactionRolledBackError(`The transaction is rolled back: ${reason}`, { endpoint });
  }
}
