/** What connection.transaction() is asked for and gives. */

import type { WaitOptions } from "../../../async/deadline.ts";
import type { MessageBody } from "../../messages/outgoing-message.ts";
import type { SendOptions } from "../../sending/call-options.ts";
import type { Delivery } from "../deliveries/delivery.ts";

/** What the work of connection.transaction() is given. */
export interface Transaction {
  /**
   * Resolves when the broker has taken the message into the transaction; it is stored with the commit. Options as of
   * Connection.send; the id is a fresh one each time the work runs, unless it is given. Rejects as Connection.send does,
   * with TRANSACTION_INTERRUPTED when the session has ended; after any rejection the transaction cannot be committed.
   */
  send(destination: string, body: MessageBody, options?: SendOptions): Promise<{ readonly id: string }>;
  /**
   * Accepts a delivery of this connection when the transaction is committed. Rejects with STALE_DELIVERY when its session
   * is gone, and with UNSUPPORTED over STOMP on Artemis, which would accept it at once; it cannot be committed then.
   */
  accept(delivery: Delivery): Promise<void>;
}

/** What transaction() may be told. */
export interface TransactionOptions extends WaitOptions {
  /** How often the work is run again, in a new transaction, when the session ended before its commit and it had accepted no delivery; 0 unless said. */
  readonly retries?: number | undefined;
}

/** What is done in a transaction: it is committed when this has settled, and rolled back when it throws or rejects. */
export type TransactedWork<T> = (transaction: Transaction) => T | Promise<T>;
export type Transact = <T>(work: TransactedWork<T>, options?: TransactionOptions) => Promise<T>;
