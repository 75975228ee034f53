/** How a program's steps are carried out: the seam at which a test can put a broker or a client that does it wrong. */
import type {
  Connection,
  Delivery,
  SendOptions,
  SendResult,
  SettleResult,
  TransactedWork,
} from "../../../src/index.ts";
import type { EmbeddedGroup } from "../../../src/testing/index.ts";
import type { How } from "./program.ts";

export interface Hands {
  send(connection: Connection, destination: string, body: string, options: SendOptions): Promise<SendResult>;
  settle(delivery: Delivery, how: How): Promise<SettleResult>;
  transact(connection: Connection, work: TransactedWork<void>, retries: number): Promise<void>;
  /** The group has a new active member. */
  tookOver(group: EmbeddedGroup): Promise<void>;
}

/** What the library does. */
export const honest: Hands = {
  send: (connection, destination, body, options) => connection.send(destination, body, options),
  settle,
  transact: (connection, work, retries) => connection.transaction(work, { retries }),
  tookOver: async () => {},
};

function settle(delivery: Delivery, how: How): Promise<SettleResult> {
  switch (how) {
    case "accept":
      return delivery.accept();
    case "accept-confirmed":
      return delivery.accept({ confirmed: true });
    case "reject":
      return delivery.reject("the model says so");
    case "release":
      return delivery.release();
    case "fail-here":
      return delivery.modify({ deliveryFailed: true });
    case "undeliverable":
      return delivery.modify({ undeliverableHere: true });
  }
}
