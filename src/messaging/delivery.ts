/** One message handed over once, to be settled once. */
import { AlreadySettledError, StaleDeliveryError } from "../errors.ts";
import type { Settlement } from "./messaging-session.ts";
import type { ReceivedMessage } from "./received-message.ts";

/**
 * `"settled"`: written to the session the delivery came by; what the broker makes of it is not confirmed, and if the
 * session ends right then the message may come again. `"stale"`: that session or subscription is gone; nothing was
 * written, and the message comes again.
 */
export type SettleResult = "settled" | "stale";

export interface SettleOptions {
  /** Reject with StaleDeliveryError instead of resolving to `"stale"`. */
  readonly strict?: boolean;
}

/** What a delivery needs of the subscription it came by. */
export interface DeliveryOrigin {
  /** @throws UnsupportedError where broker and protocol cannot do it. */
  settle(delivery: Delivery, settlement: Settlement): SettleResult;
}

export interface DeliveryFacts {
  readonly message: ReceivedMessage;
  /** The broker's flag, or our own memory of having handed this message id over on this connection. */
  readonly redelivered: boolean;
  /** How often the broker says it was delivered before; undefined over STOMP. Brokers forget it when they crash. */
  readonly deliveryCount: number | undefined;
}

export class Delivery implements DeliveryFacts {
  readonly message: ReceivedMessage;
  readonly redelivered: boolean;
  readonly deliveryCount: number | undefined;
  readonly #origin: DeliveryOrigin;
  #settled = false;

  constructor({ message, redelivered, deliveryCount }: DeliveryFacts, origin: DeliveryOrigin) {
    this.message = message;
    this.redelivered = redelivered;
    this.deliveryCount = deliveryCount;
    this.#origin = origin;
  }

  /** Done: the broker may forget the message. Never replayed after a failover. Rejects with ALREADY_SETTLED for a second settlement. */
  async accept(options?: SettleOptions): Promise<SettleResult> {
    return this.#settle({ kind: "accepted" }, options);
  }

  /** Cannot be processed, ever: to the dead letter queue. UNSUPPORTED over STOMP on Artemis, which would discard it. */
  async reject(reason?: string, options?: SettleOptions): Promise<SettleResult> {
    return this.#settle({ kind: "rejected", reason }, options);
  }

  /** Not now: back to the queue. Over STOMP this gives back every unsettled delivery of the consumer: its other ones become stale. */
  async release(options?: SettleOptions): Promise<SettleResult> {
    return this.#settle({ kind: "released" }, options);
  }

  /** Back to the queue with a note (AMQP only): it failed here, or no consumer like this one should get it. */
  async modify(
    modification: { readonly deliveryFailed?: boolean; readonly undeliverableHere?: boolean },
    options?: SettleOptions,
  ): Promise<SettleResult> {
    const { deliveryFailed = false, undeliverableHere = false } = modification;
    return this.#settle({ kind: "modified", deliveryFailed, undeliverableHere }, options);
  }

  #settle(settlement: Settlement, { strict = false }: SettleOptions = {}): SettleResult {
    const name = this.message.id ?? "(no id)";
    if (this.#settled) throw new AlreadySettledError(`The delivery of message ${name} was settled before`);
    const result = this.#origin.settle(this, settlement);
    this.#settled = true;
    if (result === "stale" && strict) {
      throw new StaleDeliveryError(
        `The delivery of message ${name} is stale: its session or subscription is gone, the message comes again`,
      );
    }
    return result;
  }
}
