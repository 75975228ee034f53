/** A transaction that carries several sends, and the members that the broker has refused by name. */
import type { OutgoingSend, SendOutcome } from "../../messaging/port/messaging-session.ts";
import type { GroupTransaction } from "./group-writer.ts";

/** The largest number of members in one transaction. */
const MAX_MEMBERS = 500;
/** The most bytes of several members' bodies together; a larger message gets a transaction of its own. */
const MAX_GROUP_BYTES = 1024 * 1024;

export class SendGroup {
  readonly transaction: GroupTransaction;
  readonly members: OutgoingSend[] = [];
  readonly #refused = new Set<OutgoingSend>();
  #bytes = 0;
  #over = false;

  constructor(transaction: GroupTransaction) {
    this.transaction = transaction;
  }

  fits({ message }: OutgoingSend): boolean {
    // A refused send may come again, but its outcome is stored by its object, so a group with a refusal takes no more
    // members.
    if (this.#refused.size > 0) return false;
    if (this.members.length === 0) return true;
    return this.members.length < MAX_MEMBERS && this.#bytes + message.body.length <= MAX_GROUP_BYTES;
  }

  write(send: OutgoingSend): void {
    if (!this.transaction.write(send)) return;
    this.members.push(send);
    this.#bytes += send.message.body.length;
  }

  /** The broker has refused this member by name. After giveUp() no caller is told: the member is sent again. */
  refuse(send: OutgoingSend, outcome: SendOutcome): void {
    if (this.#over) return;
    this.#refused.add(send);
    send.onOutcome(outcome);
  }

  /** Ends the group: its outcome is known, or it was rolled back. Returns the members that were not refused by name. */
  giveUp(): OutgoingSend[] {
    this.#over = true;
    return this.members.filter((member) => !this.#refused.has(member));
  }
}
