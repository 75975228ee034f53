/** The sends of one link to Artemis: members of transactions, or checked one by one (docs/decisions/0021). */
import { formatAddress, type MasterSlaveError, SendRejectedError } from "../../../errors/errors.ts";
import type { OutgoingSend, SendOutcome } from "../../../messaging/port/messaging-session.ts";
import type { GroupAnswer, GroupTransaction, GroupWriter } from "../../shared/group-writer.ts";
import { SendGroups } from "../../shared/send-groups.ts";
import type { SessionDeps } from "../opening/session-deps.ts";
import { sentIn } from "../rhea/transactional-state.ts";
import type { DeclaredTransaction, DeclaredTransactions } from "../transactions/declared-transactions.ts";
import type { SenderLink, TransferTerms } from "./sender-link.ts";

/**
 * Artemis reads a message of `amqpMinLargeMessageSize` (100 KiB unless configured) or more into a file while it goes on
 * reading the connection, so its transaction would be discharged before the message is part of it. Such a message is
 * checked instead.
 */
const MAX_MEMBER_BYTES = 64 * 1024;

export interface TransactedSendsDeps {
  readonly context: SessionDeps;
  readonly transactions: DeclaredTransactions;
  readonly link: SenderLink;
}

export class TransactedSends implements GroupWriter {
  readonly groups = new SendGroups(this);
  readonly #deps: TransactedSendsDeps;
  readonly #onDeclared = () => this.groups.flush();

  constructor(deps: TransactedSendsDeps) {
    this.#deps = deps;
  }

  get open(): boolean {
    return !this.#deps.context.isOver();
  }

  get room(): number {
    return this.#deps.link.room;
  }

  get quiet(): boolean {
    return this.#deps.link.unanswered === 0;
  }

  guard(act: () => void): void {
    this.#deps.context.guard(act)();
  }

  mustCheck({ inDoubt, message }: OutgoingSend): boolean {
    return inDoubt || message.body.length > MAX_MEMBER_BYTES || this.#deps.transactions.unavailable;
  }

  begin(answer: GroupAnswer): GroupTransaction | undefined {
    const transaction = this.#deps.transactions.take(this.#onDeclared);
    return transaction && new AmqpGroup(this.#deps, transaction, answer);
  }

  check(sends: readonly OutgoingSend[], onDone: () => void): void {
    const { link, context } = this.#deps;
    const accepted: OutgoingSend[] = [];
    let left = sends.length;
    const answered = (isAnswer: boolean) => {
      left -= 1;
      if (left > 0) return;
      // Nothing else was written on this AMQP session, so the last answer shows that all before it are stored.
      if (accepted.length > 0 && isAnswer) context.proveUseful();
      for (const send of accepted) {
        if (isAnswer) send.onOutcome({ kind: "confirmed" });
        else send.onOutcome({ kind: "failed", error: this.unanswered(send) });
      }
      onDone();
    };
    const terms: TransferTerms = {
      onOutcome: (send, outcome) => {
        if (outcome.kind === "confirmed") accepted.push(send);
        else send.onOutcome(outcome);
        answered(outcome.kind === "confirmed" || !isInDoubt(outcome.error));
      },
    };
    for (const send of sends) if (!link.write(send, terms)) answered(true);
  }

  unanswered(send: OutgoingSend): MasterSlaveError {
    const { endpoint } = this.#deps.context;
    const { id } = send.message;
    const text = `${formatAddress(endpoint)} ended the link before it said that message ${id} is stored: it may be`;
    return new SendRejectedError(text, { id, endpoint, retryable: true, inDoubt: true });
  }
}

/** Whether the link ended before the broker answered the send. */
function isInDoubt(error: MasterSlaveError): boolean {
  return error instanceof SendRejectedError && error.inDoubt;
}

/**
 * One transaction of a link. It is over when the broker has answered its discharge and, if it was committed, each
 * member.
 */
class AmqpGroup implements GroupTransaction, TransferTerms {
  readonly state: TransferTerms["state"];
  readonly #deps: TransactedSendsDeps;
  readonly #transaction: DeclaredTransaction;
  readonly #answer: GroupAnswer;
  #unanswered = 0;
  #committed = false;

  constructor(deps: TransactedSendsDeps, transaction: DeclaredTransaction, answer: GroupAnswer) {
    this.#deps = deps;
    this.#transaction = transaction;
    this.#answer = answer;
    this.state = sentIn(transaction.txnId);
  }

  write(send: OutgoingSend): boolean {
    if (!this.#deps.link.write(send, this)) return false;
    this.#unanswered += 1;
    return true;
  }

  commit(): void {
    const onAnswer = (stored: boolean) => {
      if (!stored) {
        this.#answer.refused();
        return;
      }
      this.#committed = true;
      this.#finish();
    };
    this.#deps.link.whenWritten(() => this.#transaction.discharge("commit", onAnswer));
  }

  rollBack(): void {
    this.#deps.link.whenWritten(() => this.#transaction.discharge("roll back", () => {}));
  }

  onOutcome(send: OutgoingSend, outcome: SendOutcome): void {
    this.#unanswered -= 1;
    if (outcome.kind === "failed") this.#answer.memberRefused(send, outcome);
    this.#finish();
  }

  #finish(): void {
    if (!this.#committed || this.#unanswered > 0) return;
    this.#committed = false;
    this.#deps.context.proveUseful();
    this.#answer.stored();
  }
}
