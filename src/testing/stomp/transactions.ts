/** The open transactions of one STOMP connection, by the client's names. */
import type { Destinations } from "../destinations/destinations.ts";
import { Refusal } from "../destinations/refusal.ts";
import { Transaction } from "../destinations/transaction.ts";

export class Transactions {
  readonly #destinations: Destinations;
  readonly #open = new Map<string, Transaction>();

  constructor(destinations: Destinations) {
    this.#destinations = destinations;
  }

  /** @throws Refusal */
  begin(id: string | undefined): void {
    if (id === undefined) throw new Refusal("amqp:invalid-field", "BEGIN needs the header transaction");
    if (this.#open.has(id)) {
      throw new Refusal("amqp:transaction:rollback", `The transaction was already started: ${id}`);
    }
    this.#open.set(id, new Transaction(this.#destinations));
  }

  /** @throws Refusal with Classic's text if there is none of that name. */
  get(id: string | undefined): Transaction {
    const transaction = this.#open.get(id ?? "");
    if (!transaction) throw new Refusal("amqp:transaction:unknown-id", `Invalid transaction id: ${id}`);
    return transaction;
  }

  /** Removes it, which frees its name. @throws Refusal as get(). */
  take(id: string | undefined): Transaction {
    const transaction = this.get(id);
    this.#open.delete(id ?? "");
    return transaction;
  }

  /** The connection is gone. */
  rollbackAll(): void {
    for (const transaction of this.#open.values()) transaction.rollback();
    this.#open.clear();
  }
}
