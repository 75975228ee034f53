/** The deliveries of one subscription that were accepted in transactions that are not over. */
import type { Delivery } from "rhea";
import type { AmqpTransaction } from "./transaction.ts";

/** How the subscription settles a delivery at the end of its transaction. */
export interface EnlistedSettlement {
  accept(delivery: Delivery, txnId: Buffer): void;
  giveBack(delivery: Delivery): void;
}

export class EnlistedDeliveries {
  readonly #transactions = new Map<Delivery, AmqpTransaction>();
  readonly #settlement: EnlistedSettlement;

  constructor(settlement: EnlistedSettlement) {
    this.#settlement = settlement;
  }

  enlist(delivery: Delivery, transaction: AmqpTransaction): void {
    this.#transactions.set(delivery, transaction);
    const ifStillHere = (settle: () => void) => {
      if (this.#transactions.delete(delivery)) settle();
    };
    transaction.enlist({
      accept: (txnId) => ifStillHere(() => this.#settlement.accept(delivery, txnId)),
      giveBack: () => ifStillHere(() => this.#settlement.giveBack(delivery)),
    });
  }

  /** The subscription is about to end, so their transactions must be rolled back. Returns the deliveries, unsettled. */
  abandon(reason: string): readonly Delivery[] {
    const deliveries = [...this.#transactions.keys()];
    for (const transaction of new Set(this.#transactions.values())) transaction.fail(reason);
    this.#transactions.clear();
    return deliveries;
  }
}
