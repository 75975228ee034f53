/** What ties deliveries to the one subscription of the one session they came by. */

import type {
  IncomingDelivery,
  MessagingSession,
  SessionSubscription,
  Settlement,
  SettlementTerms,
} from "../../port/messaging-session.ts";
import { Delivery, type DeliveryOrigin, type SettleResult } from "./delivery.ts";

/** What a link tells the consumer it belongs to. */
export interface LinkOwner {
  /** Once for each delivery a user has settled, or tried to. */
  settled(delivery: Delivery, settlement: Settlement, result: SettleResult, terms: SettlementTerms | undefined): void;
  /** Nobody settles it. */
  left(delivery: Delivery): void;
  /** The transaction that accepted it is over. */
  concluded(delivery: Delivery, committed: boolean): void;
}

export class SessionDeliveries implements DeliveryOrigin {
  readonly session: MessagingSession;
  subscription: SessionSubscription | undefined;
  readonly #owner: LinkOwner;
  /** How many are handed over and not settled. */
  #open = 0;
  #epoch = {};
  /** Accepted in transactions that are not over: they may come back. */
  readonly #enlisted = new Set<Delivery>();
  readonly #onceIdle: (() => void)[] = [];

  constructor(session: MessagingSession, owner: LinkOwner) {
    this.session = session;
    this.#owner = owner;
  }

  get unsettled(): number {
    return this.#open;
  }

  handOver(incoming: IncomingDelivery, redelivered: boolean): Delivery {
    const { message, deliveryCount, unsettleable } = incoming;
    const delivery = new Delivery({ message, redelivered, deliveryCount, unsettleable }, this);
    delivery.held = { incoming, epoch: this.#epoch };
    this.#open += 1;
    return delivery;
  }

  holds(delivery: Delivery): boolean {
    return delivery.held?.epoch === this.#epoch;
  }

  settle(delivery: Delivery, settlement: Settlement, terms?: SettlementTerms): SettleResult | Promise<SettleResult> {
    const incoming = this.holds(delivery) ? delivery.held?.incoming : undefined;
    const result = incoming && this.subscription ? this.subscription.settle(incoming, settlement, terms) : "stale";
    if (typeof result === "string") return this.#settled(delivery, settlement, result, terms);
    return result.then((outcome) => this.#settled(delivery, settlement, outcome, terms));
  }

  leave(delivery: Delivery): void {
    this.#letGo(delivery);
    this.#owner.left(delivery);
    this.#tellIdle();
  }

  concluded(delivery: Delivery, committed: boolean): void {
    this.#enlisted.delete(delivery);
    this.#owner.concluded(delivery, committed);
    this.#tellIdle();
  }

  /** Calls `act` once, as soon as nothing that was handed over is unsettled, or accepted in a transaction that is open. */
  onceIdle(act: () => void): void {
    this.#onceIdle.push(act);
    this.#tellIdle();
  }

  /** Everything handed over is stale from now on. Returns how much that is. */
  void(): number {
    const count = this.#open;
    this.#open = 0;
    this.#epoch = {};
    this.#enlisted.clear();
    this.#tellIdle();
    return count;
  }

  #settled(
    delivery: Delivery,
    settlement: Settlement,
    result: SettleResult,
    terms: SettlementTerms | undefined,
  ): SettleResult {
    this.#letGo(delivery);
    if (terms?.transaction && result === "settled") this.#enlisted.add(delivery);
    this.#owner.settled(delivery, settlement, result, terms);
    this.#tellIdle();
    return result;
  }

  #letGo(delivery: Delivery): void {
    if (this.holds(delivery)) this.#open -= 1;
    delivery.held = undefined;
  }

  #tellIdle(): void {
    if (this.#open + this.#enlisted.size > 0) return;
    for (const act of this.#onceIdle.splice(0)) act();
  }
}
