/** A standing request for messages: repeated on every session until it is ended or refused. */
import { settledOr, startTimer } from "../../../async/timer.ts";
import {
  ConsumerClosedError,
  MasterSlaveError,
  StaleDeliveryError,
  SubscriptionRefusedError,
} from "../../../errors/errors.ts";
import { type Destination, formatDestination } from "../../messages/destination.ts";
import type { ConnectionWarning } from "../../port/adapter-settings.ts";
import type { MessagingSession, SubscriptionRequest, SubscriptionSink } from "../../port/messaging-session.ts";
import type { Suspect } from "../../port/suspect.ts";
import type { Arrival } from "../deliveries/delivery-queue.ts";
import { type DeliveriesOwner, SessionDeliveries } from "../deliveries/session-deliveries.ts";

/** The reader of the deliveries, which is also told what becomes of them. */
export interface SubscriptionReader extends DeliveriesOwner {
  arrived(arrival: Arrival): void;
  /** Stop delivering until `givenBack`. */
  releasing(): void;
  /** Drops what has arrived and is not delivered yet, because it comes again. Returns how many messages that is. */
  givenBack(): number;
  /** The browser has been shown every message. */
  browsed(): void;
  /** A session has accepted the subscription; `address` is that of a temporary queue. */
  subscribed(address: Destination | undefined): void;
  /** No further deliveries come; earlier ones can still be settled. */
  draining(): void;
  /** The subscription is over for good; `failure` is set unless the user ended it. */
  ended(failure: MasterSlaveError | undefined): void;
}

/** What the subscriptions of a connection share. */
export interface SubscriptionHost {
  /** How long a subscription that another session holds is requested again, in ms. */
  readonly durableRetryMs: number;
  warn(warning: ConnectionWarning): void;
  /** Called when deliveries became stale without being settled. */
  voided(): void;
  over(subscription: StandingSubscription): void;
}

/** What waiting callers are told when the user ends the subscription. */
export interface AskedEnd {
  /** What `ready` rejects with if it has not resolved. */
  readonly unready?: MasterSlaveError | undefined;
  /** Why unsettled deliveries can no longer be settled. */
  readonly stale?: MasterSlaveError | undefined;
}

type State =
  /** No session has the subscription at the moment. */
  | { readonly name: "waiting" }
  | { readonly name: "subscribing"; readonly deliveries: SessionDeliveries }
  | { readonly name: "ready"; readonly deliveries: SessionDeliveries }
  /** Another session holds it; it is requested again. */
  | { readonly name: "retrying"; readonly stop: () => void }
  /** Nothing more is delivered; earlier deliveries can still be settled. */
  | { readonly name: "draining"; readonly deliveries: SessionDeliveries }
  | { readonly name: "closed" };

/** How long to wait for the broker's answer to the end of a subscription; otherwise a `break` could wait for ever. */
const UNANSWERED_CLOSE_MS = 2_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;

export class StandingSubscription implements Suspect {
  readonly request: SubscriptionRequest;
  /** How many sessions in a row ended while it was requested and unanswered. */
  deaths = 0;
  readonly #reader: SubscriptionReader;
  readonly #host: SubscriptionHost;
  readonly #ready = settleable();
  #state: State = { name: "waiting" };
  /** Since when, and how often, it has been refused because another session holds it. */
  #heldElsewhere: { readonly sinceMs: number; readonly retries: number } | undefined;
  #onceAnswered: (() => void) | undefined;

  constructor(request: SubscriptionRequest, reader: SubscriptionReader, host: SubscriptionHost) {
    this.request = request;
    this.#reader = reader;
    this.#host = host;
  }

  /** Resolves when the broker has the subscription for the first time; rejects when it ends before that. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Whether messages are delivered, now or on the next session. */
  get takesIn(): boolean {
    return this.#state.name !== "closed" && this.#state.name !== "draining";
  }

  /** Whether the present session has not answered the request yet. */
  get unanswered(): boolean {
    return this.#state.name === "subscribing";
  }

  /** Number of deliveries that can still be settled. */
  get unsettled(): number {
    return this.#deliveries?.unsettled ?? 0;
  }

  isCurrent(deliveries: SessionDeliveries): boolean {
    return this.#deliveries === deliveries;
  }

  /** Requests the messages from a session, unless that has been done. */
  resume(session: MessagingSession): void {
    if (this.#state.name !== "waiting") return;
    const deliveries = new SessionDeliveries(session, this.#reader);
    this.#state = { name: "subscribing", deliveries };
    try {
      deliveries.subscription = session.subscribe(this.request, this.#sink(deliveries));
    } catch (reason) {
      // A bug that concerns this subscription only: the other consumers and the sends go on.
      this.fail(MasterSlaveError.from(reason));
    }
  }

  /** Requests the messages from a session. Resolves when it has answered, or is over. */
  async alone(session: MessagingSession): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.#onceAnswered = resolve;
    });
    this.resume(session);
    if (this.unanswered) await Promise.race([answered, session.ended]);
  }

  /** The session ended because of `cause`. Returns how many of its deliveries will come again. */
  interrupt(cause: MasterSlaveError): number {
    // The retry time does not include an outage, and the next broker may know of no other holder.
    this.#heldElsewhere = undefined;
    if (this.#state.name === "retrying") {
      this.#state.stop();
      this.#state = { name: "waiting" };
    }
    const deliveries = this.#deliveries;
    if (!deliveries) return 0;
    const stale = this.#stale("its session ended", cause);
    const voided = this.#reader.givenBack() + deliveries.unsettled;
    if (this.#state.name === "subscribing") this.deaths += 1;
    if (this.#state.name === "draining") this.end(undefined, { stale });
    else this.#state = { name: "waiting" };
    // Here as elsewhere last: it runs abort listeners of handlers, and those may close the consumer.
    deliveries.end(stale);
    return voided;
  }

  /** Delivers nothing more; earlier deliveries can still be settled. */
  stopIntake(asked?: AskedEnd): void {
    const deliveries = this.#deliveries;
    if (!deliveries) {
      this.end(undefined, asked);
      return;
    }
    if (this.#state.name === "draining") return;
    this.#state = { name: "draining", deliveries };
    this.#reader.draining();
  }

  /** Calls `act` once, as soon as every delivery is settled. */
  onceIdle(act: () => void): void {
    const deliveries = this.#deliveries;
    if (deliveries) deliveries.onceIdle(act);
    else act();
  }

  /** Ends the subscription. Resolves when the broker has answered, or after 2 s without an answer. Never rejects. */
  async close(asked?: AskedEnd): Promise<void> {
    const subscription = this.#deliveries?.subscription;
    this.end(undefined, asked);
    if (subscription) await settledOr(UNANSWERED_CLOSE_MS, subscription.close());
  }

  /** The subscription is over for good; `failure` says why, unless the user ended it. */
  end(failure: MasterSlaveError | undefined, { unready, stale }: AskedEnd = {}): void {
    if (this.#state.name === "closed") return;
    if (this.#state.name === "retrying") this.#state.stop();
    const deliveries = this.#deliveries;
    this.#state = { name: "closed" };
    this.#onceAnswered?.();
    this.#ready.reject(failure ?? unready ?? closedUnready(this.#name));
    this.#reader.ended(failure);
    this.#host.over(this);
    deliveries?.end(failure ?? stale ?? this.#stale("its consumer was closed"));
  }

  fail(error: MasterSlaveError): void {
    this.end(error);
  }

  failAsPoison(cause: MasterSlaveError): void {
    const text = `Asking for ${this.#name} was in flight when ${this.deaths} sessions in a row ended, alone in the last one`;
    this.end(new SubscriptionRefusedError(text, { cause, endpoint: cause.endpoint }));
  }

  get #name(): string {
    return formatDestination(this.request.destination);
  }

  get #deliveries(): SessionDeliveries | undefined {
    return "deliveries" in this.#state ? this.#state.deliveries : undefined;
  }

  #stale(why: string, cause?: MasterSlaveError): StaleDeliveryError {
    const text = `Messages of ${this.#name} can no longer be settled and come again: ${why}`;
    return new StaleDeliveryError(text, { cause, endpoint: cause?.endpoint });
  }

  /** The callbacks for the session; they do nothing once its deliveries are no longer the current ones. */
  #sink(first: SessionDeliveries): SubscriptionSink {
    let deliveries = first;
    const ifCurrent =
      <Args extends unknown[]>(act: (...args: Args) => void) =>
      (...args: Args) => {
        if (this.#deliveries === deliveries) act(...args);
      };
    return {
      onReady: ifCurrent((address?: Destination) => this.#onReady(deliveries, address)),
      onDelivery: (incoming) => {
        if (this.#deliveries === deliveries && this.#state.name !== "draining")
          this.#reader.arrived({ incoming, deliveries });
      },
      onBrowsed: ifCurrent(() => this.#reader.browsed()),
      onReleasing: ifCurrent((idle: () => void) => {
        this.#reader.releasing();
        deliveries.onceIdle(idle);
      }),
      onGivenBack: ifCurrent(() => {
        deliveries = this.#beginAnew(deliveries);
      }),
      onRefused: ifCurrent((error: SubscriptionRefusedError) => this.#onRefused(error, deliveries)),
    };
  }

  /** All deliveries went back to the broker, and the same session delivers from the beginning again. */
  #beginAnew(old: SessionDeliveries): SessionDeliveries {
    const deliveries = new SessionDeliveries(old.session, this.#reader);
    deliveries.subscription = old.subscription;
    this.#reader.givenBack();
    if (this.#deliveries === old) this.#state = { ...this.#state, deliveries } as State;
    old.end(this.#stale("another message was released, and over STOMP all of them go back with it"));
    this.#host.voided();
    return deliveries;
  }

  #onReady(deliveries: SessionDeliveries, address: Destination | undefined): void {
    this.#onceAnswered?.();
    if (this.#state.name !== "subscribing") return;
    this.#state = { name: "ready", deliveries };
    this.deaths = 0;
    this.#heldElsewhere = undefined;
    this.#reader.subscribed(address);
    this.#ready.resolve();
  }

  /** A session of a dead client or of another process may hold a named subscription. This passes, so we retry. */
  #onRefused(error: SubscriptionRefusedError, deliveries: SessionDeliveries): void {
    const { sinceMs, retries } = this.#heldElsewhere ?? { sinceMs: performance.now(), retries: 0 };
    const retry = error.retryable && this.request.subscription?.durable && this.#state.name !== "draining";
    if (!retry || performance.now() - sinceMs >= this.#host.durableRetryMs) {
      this.end(error);
      return;
    }
    this.#heldElsewhere = { sinceMs, retries: retries + 1 };
    this.deaths = 0;
    this.#onceAnswered?.();
    this.#reader.givenBack();
    const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 1.5 ** retries);
    const stop = startTimer(delayMs, () => {
      this.#state = { name: "waiting" };
      this.resume(deliveries.session);
    });
    this.#state = { name: "retrying", stop };
    deliveries.end(error);
    if (retries === 0 && this.takesIn) this.#warnOfHolder(error);
  }

  #warnOfHolder(error: SubscriptionRefusedError): void {
    if (!error.endpoint) return;
    const message = `${error.message}. It is asked for again for up to ${this.#host.durableRetryMs} ms (durableRetryMs). If no client of this name has died lately, two live ones use it: give each a clientId of its own, or share the subscription`;
    this.#host.warn({ code: "SUBSCRIPTION_IN_USE", message, endpoint: error.endpoint });
  }
}

function closedUnready(destination: string): ConsumerClosedError {
  return new ConsumerClosedError(`The consumer of ${destination} was closed before the broker had its subscription`);
}

function settleable(): { promise: Promise<void>; resolve: () => void; reject: (error: MasterSlaveError) => void } {
  let settle: { resolve: () => void; reject: (error: MasterSlaveError) => void } | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // A user who never looks at `ready` gets the failure from the iteration.
  promise.catch(() => {});
  return { promise, resolve: () => settle?.resolve(), reject: (error) => settle?.reject(error) };
}
