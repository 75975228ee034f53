/** What ties deliveries to the one subscription of the one session they came by. */
import { Delivery, type DeliveryOrigin, type SettleResult } from "./delivery.ts";
import type { IncomingDelivery, SessionSubscription, Settlement } from "./messaging-session.ts";

export class SubscriptionLink implements DeliveryOrigin {
  subscription: SessionSubscription | undefined;
  readonly #onSettled: (result: SettleResult) => void;
  /** Handed over and not settled. */
  readonly #open = new Map<Delivery, IncomingDelivery>();

  constructor(onSettled: (result: SettleResult) => void) {
    this.#onSettled = onSettled;
  }

  get unsettled(): number {
    return this.#open.size;
  }

  handOver(incoming: IncomingDelivery, redelivered: boolean): Delivery {
    const { message, deliveryCount } = incoming;
    const delivery = new Delivery({ message, redelivered, deliveryCount }, this);
    this.#open.set(delivery, incoming);
    return delivery;
  }

  settle(delivery: Delivery, settlement: Settlement): SettleResult {
    const incoming = this.#open.get(delivery);
    const result = (
      incoming && this.subscription ? this.subscription.settle(incoming, settlement) : "stale"
    ) as SettleResult;
    this.#open.delete(delivery);
    this.#onSettled(result);
    return result;
  }

  /** Everything handed over is stale from now on. Returns how much that is. */
  void(): number {
    const count = this.#open.size;
    this.#open.clear();
    return count;
  }
}
