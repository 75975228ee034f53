/**
 * The deliveries of one subscription on one session. Only this object decides whether a delivery can still be settled.
 * It is created when the session is asked for messages, and is never used again after the session has ended or all
 * deliveries were given back.
 */

import type { MasterSlaveError } from "../../../errors/errors.ts";
import type {
  IncomingDelivery,
  MessagingSession,
  SessionSubscription,
  Settlement,
  SettlementTerms,
} from "../../port/messaging-session.ts";
import { Delivery, type DeliveryOrigin, type SettleResult } from "./delivery.ts";

/** What the deliveries of a session report to their consumer. */
export interface DeliveriesOwner {
  /** Called once for each delivery that a user has settled, or tried to. */
  settled(delivery: Delivery, settlement: Settlement, result: SettleResult, terms: SettlementTerms | undefined): void;
  /** Nobody will settle the delivery. */
  left(delivery: Delivery): void;
  /** The transaction that accepted the delivery is over. */
  concluded(delivery: Delivery, committed: boolean): void;
}

export class SessionDeliveries implements DeliveryOrigin {
  readonly session: MessagingSession;
  /** Settles with the broker; undefined while the session is being asked. */
  subscription: SessionSubscription | undefined;
  readonly #owner: DeliveriesOwner;
  /** Number of deliveries not settled. */
  #open = 0;
  /** Why none of its deliveries can be settled any more. */
  #ended: MasterSlaveError | undefined;
  /** Deliveries accepted in transactions that are not over: they may come back. */
  readonly #enlisted = new Set<Delivery>();
  readonly #onceIdle: (() => void)[] = [];
  readonly #onceEnded = new Set<(why: MasterSlaveError) => void>();

  constructor(session: MessagingSession, owner: DeliveriesOwner) {
    this.session = session;
    this.#owner = owner;
  }

  get unsettled(): number {
    return this.#open;
  }

  handOver(incoming: IncomingDelivery, redelivered: boolean): Delivery {
    const { message, deliveryCount, unsettleable } = incoming;
    const delivery = new Delivery({ message, redelivered, deliveryCount, unsettleable }, this);
    delivery.held = incoming;
    this.#open += 1;
    return delivery;
  }

  holds(delivery: Delivery): boolean {
    return this.#ended === undefined && delivery.held !== undefined;
  }

  settle(delivery: Delivery, settlement: Settlement, terms?: SettlementTerms): SettleResult | Promise<SettleResult> {
    const incoming = this.#ended === undefined ? delivery.held : undefined;
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
    delivery.concluded(committed);
    this.#owner.concluded(delivery, committed);
    this.#tellIdle();
  }

  /** Calls `act` once, as soon as no delivery is unsettled, or accepted in an open transaction. */
  onceIdle(act: () => void): void {
    this.#onceIdle.push(act);
    this.#tellIdle();
  }

  /**
   * Calls `act` once no delivery can be settled any more, at once if that is so already. Returns a function that
   * cancels the call.
   */
  onceEnded(act: (why: MasterSlaveError) => void): () => void {
    if (this.#ended) act(this.#ended);
    else this.#onceEnded.add(act);
    return () => this.#onceEnded.delete(act);
  }

  /** Makes every unsettled delivery stale. Returns how many there were. */
  end(why: MasterSlaveError): number {
    if (this.#ended) return 0;
    const count = this.#open;
    this.#ended = why;
    this.#open = 0;
    this.#enlisted.clear();
    for (const act of this.#onceEnded) act(why);
    this.#onceEnded.clear();
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
    if (terms?.transaction && result === "settled" && this.#ended === undefined) this.#enlisted.add(delivery);
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
