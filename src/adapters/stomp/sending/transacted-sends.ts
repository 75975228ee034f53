/**
 * The sends of a session with Artemis: members of transactions, or checked one by one if the broker may have stored
 * them already (docs/decisions/0021).
 */
import { formatAddress, MasterSlaveError, SendRejectedError } from "../../../errors/errors.ts";
import type { OutgoingSend } from "../../../messaging/port/messaging-session.ts";
import type { GroupAnswer, GroupTransaction, GroupWriter } from "../../shared/group-writer.ts";
import { SendGroups } from "../../shared/send-groups.ts";
import { DestinationSet } from "../opening/destination-set.ts";
import type { BrokerRefusal } from "../opening/refusal.ts";
import { CheckedSends, type CheckedSendsDeps } from "./checked-sends.ts";
import type { ReceiptWaiter } from "./receipt-waiters.ts";
import { refusedMembers } from "./refused-members.ts";
import { encodedFor, failSend, refusedSend, sendLines } from "./sends.ts";
import type { SessionSends } from "./wire.ts";

export class TransactedSends implements GroupWriter, SessionSends {
  readonly expectsMore = false;
  readonly room = Number.POSITIVE_INFINITY;
  readonly quiet = true;
  readonly #deps: CheckedSendsDeps;
  readonly #groups = new SendGroups(this);
  /**
   * Destinations that have taken a send. The first send to a destination asks for a receipt: if the address cannot be
   * created or is forbidden, Artemis's ERROR may come after the receipt of COMMIT (measured).
   */
  readonly #proven = new DestinationSet();
  #transactions = 0;

  constructor(deps: CheckedSendsDeps) {
    this.#deps = deps;
  }

  get open(): boolean {
    return this.#deps.wire.open;
  }

  guard(act: () => void): void {
    this.#deps.wire.guard(act);
  }

  /** Whether an ERROR without a receipt id may concern a member. */
  get awaitsUnnamed(): boolean {
    return this.#groups.unanswered.length > 0;
  }

  send(send: OutgoingSend): void {
    if (this.open) this.#groups.send(send);
  }

  behind(act: () => void): void {
    this.#groups.behind(act);
  }

  /** Commits what is written before the session is closed. */
  flush(): void {
    this.#groups.close();
  }

  end(): void {
    this.#groups.end();
  }

  /**
   * Another session, or another process with the same id, may have stored it, or the whole group could be refused
   * because of it.
   */
  mustCheck({ inDoubt, message, destination }: OutgoingSend): boolean {
    return inDoubt || message.idGiven || this.#deps.wire.peer.memory.isRefusing(destination);
  }

  checksAlone({ destination }: OutgoingSend): boolean {
    return this.#deps.wire.peer.memory.isRefusing(destination);
  }

  begin(answer: GroupAnswer): GroupTransaction {
    const { wire, markUseful } = this.#deps;
    const transaction = `group-${++this.#transactions}`;
    /** Number of receipts still expected: those of COMMIT and of members that ask for one. */
    let unanswered = 1;
    const onReceipt = () => {
      unanswered -= 1;
      if (unanswered > 0) return;
      markUseful();
      answer.stored();
    };
    wire.write("BEGIN", { transaction });
    return {
      write: (send) => {
        const asks = !this.#proven.has(send.destination);
        if (asks) unanswered += 1;
        return this.#writeMember(send, transaction, asks ? onReceipt : undefined);
      },
      // Any ERROR ends the session; then the members are checked on the next one.
      commit: () => wire.request("COMMIT", { transaction }, { onReceipt, onRefused: () => {} }),
      rollBack: () => wire.write("ABORT", { transaction }),
    };
  }

  check(sends: readonly OutgoingSend[], onDone: () => void): void {
    new CheckedSends(this.#deps, sends, onDone);
  }

  unanswered(send: OutgoingSend): MasterSlaveError {
    const { endpoint } = this.#deps.wire.peer;
    const { id } = send.message;
    return new SendRejectedError(`${formatAddress(endpoint)} did not say whether message ${id} is stored`, {
      id,
      endpoint,
      inDoubt: true,
    });
  }

  findUnnamed({ asSaid }: BrokerRefusal): ReceiptWaiter | undefined {
    const refused = refusedMembers(asSaid(), this.#groups.unanswered);
    if (refused.length === 0) return undefined;
    return {
      onReceipt: () => {},
      onRefused: (refusal) => {
        for (const send of refused) failSend(send, refusedSend(send, refusal, this.#deps.wire.peer));
      },
    };
  }

  /** With `onReceipt` the member asks for a receipt. */
  #writeMember(send: OutgoingSend, transaction: string, onReceipt?: () => void): boolean {
    const { wire } = this.#deps;
    const encoded = encodedFor(wire, send);
    if (encoded instanceof MasterSlaveError) {
      failSend(send, encoded);
      onReceipt?.();
      return false;
    }
    const lines = sendLines(wire.peer, send, encoded, transaction);
    if (onReceipt) {
      const onRefused = (refusal: BrokerRefusal) => failSend(send, refusedSend(send, refusal, wire.peer));
      wire.request("SEND", lines, { onReceipt: () => this.#prove(send, onReceipt), onRefused }, encoded.body);
    } else wire.write("SEND", lines, encoded.body);
    send.onWritten();
    return true;
  }

  #prove({ destination }: OutgoingSend, onReceipt: () => void): void {
    this.#proven.add(destination);
    onReceipt();
  }
}
