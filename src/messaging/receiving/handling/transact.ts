/** The options of connection.transaction(), and the transaction that its work function gets. */

import type { WaitOptions } from "../../../async/deadline.ts";
import type { MessageBody } from "../../messages/outgoing-message.ts";
import type { SendOptions } from "../../sending/call-options.ts";
import type { Delivery } from "../deliveries/delivery.ts";

/** The argument of the work of connection.transaction(). */
export interface Transaction {
  /**
   * Resolves when the broker has taken the message into the transaction; it is stored with the commit. Options as of
   * Connection.send; the id is new each time the work runs, unless you give one. Rejects as Connection.send does, with
   * TRANSACTION_INTERRUPTED when the session has ended; after any rejection the transaction cannot be committed.
   */
  send(destination: string, body: MessageBody, options?: SendOptions): Promise<{ readonly id: string }>;
  /**
   * Accepts a delivery of this connection when the transaction is committed. Rejects with STALE_DELIVERY if its session
   * is gone, and with UNSUPPORTED over STOMP on Artemis, which would accept it at once; then the transaction cannot be
   * committed.
   */
  accept(delivery: Delivery): Promise<void>;
}

/** The options of transaction(). */
export interface TransactionOptions extends WaitOptions {
  /**
   * How often the work is run again, in a new transaction, if the session ended before the commit and it had accepted
   * no delivery; 0 by default.
   */
  readonly retries?: number | undefined;
}

/** The work of a transaction: the transaction commits when it resolves, and rolls back when it throws or rejects. */
export type TransactedWork<T> = (transaction: Transaction) => T | Promise<T>;
export type Transact = <T>(work: TransactedWork<T>, options?: TransactionOptions) => Promise<T>;
