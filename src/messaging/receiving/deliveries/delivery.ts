/** A delivery: one message, given to a consumer once, to be settled once. */
import {
  AlreadySettledError,
  InvalidArgumentError,
  type MasterSlaveError,
  StaleDeliveryError,
  type UnsupportedError,
} from "../../../errors/errors.ts";
import { checkFlags, readOptions } from "../../messages/argument-checks.ts";
import type { ReceivedMessage } from "../../messages/received-message.ts";
import type { IncomingDelivery, MessagingSession, Settlement, SettlementTerms } from "../../port/messaging-session.ts";

/**
 * `"settled"`: written to the session that the delivery came by. The broker's effect is not confirmed: if the session
 * ends right then, the message may come again. `"stale"`: that session or subscription is gone; nothing was written,
 * and the message comes again.
 */
export type SettleResult = "settled" | "stale";

/** The options of modify(), and common options of the other settlements. */
export interface SettleOptions {
  /** Reject with StaleDeliveryError instead of resolving to `"stale"`. */
  readonly strict?: boolean | undefined;
}

/** The options of accept(). */
export interface AcceptOptions extends SettleOptions {
  /**
   * Resolve to `"settled"` only when the broker has confirmed, and to `"stale"` if the session ends before that: then
   * the message may come again. STOMP only: AMQP brokers do not answer a receiver's disposition, so there it rejects
   * with UNSUPPORTED.
   */
  readonly confirmed?: boolean | undefined;
}

/** What a delivery needs of the subscription that it came by. */
export interface DeliveryOrigin {
  /** @throws UnsupportedError if the broker and protocol cannot do it. */
  settle(delivery: Delivery, settlement: Settlement, terms?: SettlementTerms): SettleResult | Promise<SettleResult>;
  /** Whether the delivery can still be settled. */
  holds(delivery: Delivery): boolean;
  /** Nobody will settle the delivery: it goes back to the broker with its subscription. */
  leave(delivery: Delivery): void;
  /**
   * Calls `act` once, with the reason, when the delivery can no longer be settled; at once if that is so already.
   * Returns a function that cancels the call.
   */
  onceEnded(act: (why: MasterSlaveError) => void): () => void;
  /** The session that the delivery came by. */
  readonly session: MessagingSession;
  /** The transaction that accepted the delivery is over. */
  concluded(delivery: Delivery, committed: boolean): void;
}

export interface DeliveryFacts {
  readonly message: ReceivedMessage;
  /** The broker's redelivered flag, or our own record that this connection has delivered the message id before. */
  readonly redelivered: boolean;
  /** How many earlier deliveries the broker counted; undefined over STOMP. Brokers forget it when they crash. */
  readonly deliveryCount: number | undefined;
  /**
   * Why the message can be read and released, but not accepted or rejected; undefined for nearly all (docs/brokers.md).
   */
  readonly unsettleable: UnsupportedError | undefined;
}

const ACCEPTED: Settlement = { kind: "accepted" };
const CONFIRMED: SettlementTerms = { confirmed: true };

/** A message that was delivered and must be settled. */
export class Delivery implements DeliveryFacts {
  /** The message itself. */
  readonly message: ReceivedMessage;
  readonly redelivered: boolean;
  readonly deliveryCount: number | undefined;
  readonly unsettleable: UnsupportedError | undefined;
  /** Private, so that printing a delivery with its message does not print the whole connection. */
  readonly #origin: DeliveryOrigin;
  #held: IncomingDelivery | undefined;
  /**
   * `enlisted`: accepted in a transaction that may still be open. `undone`: accepted in a transaction that was not
   * committed. `stale`: settled after its session had ended.
   */
  #phase: "unsettled" | "settling" | "settled" | "enlisted" | "undone" | "stale" = "unsettled";

  constructor({ message, redelivered, deliveryCount, unsettleable }: DeliveryFacts, origin: DeliveryOrigin) {
    this.message = message;
    this.redelivered = redelivered;
    this.deliveryCount = deliveryCount;
    this.unsettleable = unsettleable;
    this.#origin = origin;
  }

  /** For use within this package. */
  get origin(): DeliveryOrigin {
    return this.#origin;
  }

  /** Whether nobody has settled the delivery or begun to. For use within messaging. @internal */
  get unsettled(): boolean {
    return this.#phase === "unsettled";
  }

  /**
   * What settles the delivery: one of its own methods, or a transaction that has not been rolled back. Undefined if it
   * is unsettled, or was settled too late, or in a transaction that was not committed. For use within messaging.
   * @internal
   */
  get settledBy(): "itself" | "transaction" | undefined {
    if (this.#phase === "enlisted") return "transaction";
    return this.#phase === "settling" || this.#phase === "settled" ? "itself" : undefined;
  }

  /** Whether it was settled after its session had ended. For use within messaging. @internal */
  get stale(): boolean {
    return this.#phase === "stale";
  }

  /** Notes that the transaction that accepted the delivery is over. For use within messaging. @internal */
  concluded(committed: boolean): void {
    this.#phase = committed ? "settled" : "undone";
  }

  /**
   * For use by the delivery's origin: what the session needs to settle it. It is kept here because a Map of deliveries
   * would cost more than everything else.
   */
  get held(): IncomingDelivery | undefined {
    return this.#held;
  }

  set held(held: IncomingDelivery | undefined) {
    this.#held = held;
  }

  /**
   * Processing is done: the broker may delete the message. Never replayed after a failover. Rejects with
   * ALREADY_SETTLED for a second settlement.
   */
  accept(options?: AcceptOptions): Promise<SettleResult> {
    // Not async, because it runs once per message and that would add a promise.
    if (options === undefined) return this.settle(ACCEPTED);
    try {
      const read = readOptions("accept", options, ["strict", "confirmed"]);
      checkFlags({ strict: read.strict, confirmed: read.confirmed });
      return this.settle(ACCEPTED, read, read.confirmed ? CONFIRMED : undefined);
    } catch (reason) {
      return Promise.reject(reason);
    }
  }

  /**
   * The message can never be processed: makes it a dead letter. Artemis over STOMP discards rejected messages: there a
   * copy is sent to `deadLetterDestination` first, the result waits for its confirmation, and it rejects as a send does
   * when the copy is refused.
   */
  async reject(reason?: string, options: SettleOptions = {}): Promise<SettleResult> {
    if (reason !== undefined && typeof reason !== "string")
      throw new InvalidArgumentError(
        `The reason of reject() is a string, such as an error's message, not ${typeof reason}`,
      );
    return this.settle({ kind: "rejected", reason }, readSettling("reject", options));
  }

  /**
   * Returns the message to the queue. Over STOMP the consumer stops delivering, waits up to `releaseWaitMs` for its
   * other deliveries to be settled, and subscribes again: what is unsettled then becomes stale and comes again too.
   */
  async release(options: SettleOptions = {}): Promise<SettleResult> {
    return this.settle({ kind: "released" }, readSettling("release", options));
  }

  /**
   * Returns the message to the queue with a note: it failed here, or this consumer should not get it again. UNSUPPORTED
   * if the protocol has no such note.
   */
  async modify(
    modification: { readonly deliveryFailed?: boolean; readonly undeliverableHere?: boolean },
    options: SettleOptions = {},
  ): Promise<SettleResult> {
    const read = readOptions("modify", modification, ["deliveryFailed", "undeliverableHere"]);
    checkFlags(read);
    const { deliveryFailed = false, undeliverableHere = false } = read;
    return this.settle({ kind: "modified", deliveryFailed, undeliverableHere }, readSettling("modify", options));
  }

  /**
   * For use within this package: all settlements above end here. Not async, because most settlements are done when the
   * call returns.
   */
  settle(
    settlement: Settlement,
    { strict = false }: SettleOptions = {},
    terms?: SettlementTerms,
  ): Promise<SettleResult> {
    if (this.#phase !== "unsettled")
      return Promise.reject(new AlreadySettledError(`The delivery of message ${this.#name} was settled before`));
    this.#phase = terms?.transaction ? "enlisted" : "settling";
    try {
      const result = this.#origin.settle(this, settlement, terms);
      if (typeof result === "string") return this.#settled(result, strict);
      return result.then(
        (outcome) => this.#settled(outcome, strict),
        (reason) => this.#unsettled(reason),
      );
    } catch (reason) {
      return this.#unsettled(reason);
    }
  }

  #settled(result: SettleResult, strict: boolean): Promise<SettleResult> {
    if (result === "stale") this.#phase = "stale";
    else if (this.#phase === "settling") this.#phase = "settled";
    if (result !== "stale" || !strict) return Promise.resolve(result);
    const text = `The delivery of message ${this.#name} is stale: its session or subscription is gone, the message comes again`;
    return Promise.reject(new StaleDeliveryError(text));
  }

  #unsettled(reason: unknown): Promise<never> {
    this.#phase = "unsettled";
    return Promise.reject(reason);
  }

  get #name(): string {
    return this.message.id ?? "(no id)";
  }
}

/** A settlement cannot be undone, so misspelt options are reported before anything is written. */
function readSettling(call: string, options: SettleOptions): SettleOptions {
  const read = readOptions(call, options, ["strict"]);
  checkFlags({ strict: read.strict });
  return read;
}
