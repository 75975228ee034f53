/** A transaction that carries several sends, and which of them the broker has refused by name. */
import type { OutgoingSend, SendOutcome } from "../../messaging/port/messaging-session.ts";
import type { GroupTransaction } from "./group-writer.ts";

/** The most members of one transaction. */
const MAX_MEMBERS = 500;
/** The most bytes that the bodies of several members have together; a larger message is a transaction of its own. */
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
    // One that was refused may come again, and its outcome is known by its object alone.
    if (this.#refused.size > 0) return false;
    if (this.members.length === 0) return true;
    return this.members.length < MAX_MEMBERS && this.#bytes + message.body.length <= MAX_GROUP_BYTES;
  }

  write(send: OutgoingSend): void {
    if (!this.transaction.write(send)) return;
    this.members.push(send);
    this.#bytes += send.message.body.length;
  }

  /** The broker has refused the member by name. Nobody is told once the group is given up: the member goes again. */
  refuse(send: OutgoingSend, outcome: SendOutcome): void {
    if (this.#over) return;
    this.#refused.add(send);
    send.onOutcome(outcome);
  }

  /** Its outcome is known, or it was rolled back. Returns the members that were not refused by name. */
  giveUp(): OutgoingSend[] {
    this.#over = true;
    return this.members.filter((member) => !this.#refused.has(member));
  }
}
