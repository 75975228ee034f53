/** One message handed over once, to be settled once. */
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
 * `"settled"`: written to the session the delivery came by; what the broker makes of it is not confirmed, and if the
 * session ends right then the message may come again. `"stale"`: that session or subscription is gone; nothing was
 * written, and the message comes again.
 */
export type SettleResult = "settled" | "stale";

/** What modify() may be told. */
export interface SettleOptions {
  /** Reject with StaleDeliveryError instead of resolving to `"stale"`. */
  readonly strict?: boolean | undefined;
}

/** What accept() may be told. */
export interface AcceptOptions extends SettleOptions {
  /**
   * Resolve to `"settled"` only when the broker has said so, and to `"stale"` when the session ends before: the message
   * may come again then. STOMP only: AMQP has no answer to a receiver's disposition, and refuses with UNSUPPORTED.
   */
  readonly confirmed?: boolean | undefined;
}

/** What a delivery needs of the subscription it came by. */
export interface DeliveryOrigin {
  /** @throws UnsupportedError where broker and protocol cannot do it. */
  settle(delivery: Delivery, settlement: Settlement, terms?: SettlementTerms): SettleResult | Promise<SettleResult>;
  /** Whether it can still be settled. */
  holds(delivery: Delivery): boolean;
  /** Nobody will settle it: it goes back to the broker with its subscription. */
  leave(delivery: Delivery): void;
  /** Calls `act` once, when it can no longer be settled, with why: at once if that is so. Returns what forgets it. */
  onceEnded(act: (why: MasterSlaveError) => void): () => void;
  /** The session it came by. */
  readonly session: MessagingSession;
  /** The transaction that accepted it is over. */
  concluded(delivery: Delivery, committed: boolean): void;
}

export interface DeliveryFacts {
  readonly message: ReceivedMessage;
  /** The broker's flag, or our own memory of having handed this message id over on this connection. */
  readonly redelivered: boolean;
  /** How often the broker says it was delivered before; undefined over STOMP. Brokers forget it when they crash. */
  readonly deliveryCount: number | undefined;
  /** Why it can be read and released but not accepted or rejected; undefined for nearly all (docs/brokers.md). */
  readonly unsettleable: UnsupportedError | undefined;
}

const ACCEPTED: Settlement = { kind: "accepted" };
const CONFIRMED: SettlementTerms = { confirmed: true };

/** A message that was handed out and is to be settled. */
export class Delivery implements DeliveryFacts {
  /** The message itself. */
  readonly message: ReceivedMessage;
  readonly redelivered: boolean;
  readonly deliveryCount: number | undefined;
  readonly unsettleable: UnsupportedError | undefined;
  /** Private, so that a delivery that is printed with its message does not show what it hangs on. */
  readonly #origin: DeliveryOrigin;
  #held: IncomingDelivery | undefined;
  #phase: "unsettled" | "settling" | "settled" = "unsettled";

  constructor({ message, redelivered, deliveryCount, unsettleable }: DeliveryFacts, origin: DeliveryOrigin) {
    this.message = message;
    this.redelivered = redelivered;
    this.deliveryCount = deliveryCount;
    this.unsettleable = unsettleable;
    this.#origin = origin;
  }

  /** Of messaging alone. */
  get origin(): DeliveryOrigin {
    return this.#origin;
  }

  /** Nobody has settled it, or begun to. Of messaging alone. @internal */
  get unsettled(): boolean {
    return this.#phase === "unsettled";
  }

  /** Of its origin alone: what it settles with the session, kept here because a Map of them would cost more than all the rest. */
  get held(): IncomingDelivery | undefined {
    return this.#held;
  }

  set held(held: IncomingDelivery | undefined) {
    this.#held = held;
  }

  /** Done: the broker may forget the message. Never replayed after a failover. Rejects with ALREADY_SETTLED for a second settlement. */
  accept(options?: AcceptOptions): Promise<SettleResult> {
    // Once per message: not async, for that would be a second promise.
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
   * Cannot be processed, ever: a dead letter. Over STOMP on Artemis, which discards what is rejected, a copy is sent to
   * `deadLetterDestination` first, and the result waits for its confirmation; rejects as a send does when it is refused.
   */
  async reject(reason?: string, options: SettleOptions = {}): Promise<SettleResult> {
    if (reason !== undefined && typeof reason !== "string")
      throw new InvalidArgumentError(
        `The reason of reject() is a string, such as an error's message, not ${typeof reason}`,
      );
    return this.settle({ kind: "rejected", reason }, readSettling("reject", options));
  }

  /**
   * Not now: back to the queue. Over STOMP the consumer hands over nothing more, waits up to `releaseWaitMs` for its
   * other deliveries to be settled, and subscribes anew: what is unsettled then becomes stale and comes again too.
   */
  async release(options: SettleOptions = {}): Promise<SettleResult> {
    return this.settle({ kind: "released" }, readSettling("release", options));
  }

  /** Back to the queue with a note: it failed here, or no consumer like this one should get it. UNSUPPORTED where the protocol has no such note. */
  async modify(
    modification: { readonly deliveryFailed?: boolean; readonly undeliverableHere?: boolean },
    options: SettleOptions = {},
  ): Promise<SettleResult> {
    const read = readOptions("modify", modification, ["deliveryFailed", "undeliverableHere"]);
    checkFlags(read);
    const { deliveryFailed = false, undeliverableHere = false } = read;
    return this.settle({ kind: "modified", deliveryFailed, undeliverableHere }, readSettling("modify", options));
  }

  /** Of messaging alone: what all of the above come to. Not async: most settlements are done when the call returns. */
  settle(
    settlement: Settlement,
    { strict = false }: SettleOptions = {},
    terms?: SettlementTerms,
  ): Promise<SettleResult> {
    if (this.#phase !== "unsettled")
      return Promise.reject(new AlreadySettledError(`The delivery of message ${this.#name} was settled before`));
    this.#phase = "settling";
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
    this.#phase = "settled";
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

/** A settlement cannot be taken back: what is misspelt is told before it is written. */
function readSettling(call: string, options: SettleOptions): SettleOptions {
  const read = readOptions(call, options, ["strict"]);
  checkFlags({ strict: read.strict });
  return read;
}
