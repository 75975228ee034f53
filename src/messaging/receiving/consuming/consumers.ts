/** The consumers of a connection, which are resumed, interrupted and drained together. */
import { IdleLatch } from "../../../async/idle-latch.ts";
import { inBackground } from "../../../async/in-background.ts";
import type { WorkScope } from "../../../async/work-scope.ts";
import { ConnectionClosedError, MasterSlaveError } from "../../../errors/errors.ts";
import type { DestinationFigures } from "../../messages/destination-figures.ts";
import type { ConnectionWarning } from "../../port/adapter-settings.ts";
import type { CurrentSession } from "../../port/current-session.ts";
import type { MessagingSession } from "../../port/messaging-session.ts";
import type { Suspect } from "../../port/suspect.ts";
import { type DeliveryCounts, DeliveryTally } from "../deliveries/delivery-tally.ts";
import { HandlerFailures } from "../handling/handler-failures.ts";
import type { HandlerFailure } from "../handling/redelivery-policy.ts";
import type { Transact } from "../handling/transact.ts";
import { Consumer, type ConsumerOwner, type ConsumerParts } from "./consumer.ts";
import type { AskedEnd, StandingSubscription } from "./standing-subscription.ts";

/** The settings that all consumers of a connection share. */
export interface ConsumersSettings {
  readonly durableRetryMs: number;
  readonly drainTimeoutMs: number;
}

/** The figures of the consumers of one connection. */
export interface ConsumersStats extends DeliveryCounts {
  /** Consumers that are open. */
  readonly consumers: number;
  /** Deliveries that users have and can still settle. */
  readonly unsettled: number;
  /** Calls of handlers of run() and respond() that threw or rejected; each raised the event `handlerFailed`. */
  readonly handlerFailures: number;
}

/** What consumers report to the connection that they belong to. */
export interface ConsumersHooks {
  /** Raises a warning of the connection; returns whether anybody listened. Never throws. */
  readonly warn: (warning: ConnectionWarning) => boolean;
  /** Reports a failed handler; returns whether anybody listened. Never throws. */
  readonly handlerFailed: (failure: HandlerFailure) => boolean;
  readonly transact: Transact;
  /** The handlers and the work of transactions that close() of the connection waits for. */
  readonly work: WorkScope;
  /** Where deliveries are counted by their destination. */
  readonly figures: DestinationFigures;
}

/** The progress of a consumer, apart from its subscription. */
interface Standing {
  /** A module that the consumer needs is still being loaded, so it must not be requested yet. */
  preparing: boolean;
  /**
   * The consumer receives replies: it goes on delivering until the last request is answered, even while close() drains
   * the others.
   */
  forReplies: boolean;
}

export class Consumers implements ConsumerOwner {
  readonly tally: DeliveryTally;
  readonly failures: HandlerFailures;
  readonly #settings: ConsumersSettings;
  readonly #hooks: ConsumersHooks;
  readonly #sessions: CurrentSession;
  readonly #open = new Map<StandingSubscription, Standing>();
  readonly #onceSettled = new IdleLatch();
  #voided = 0;

  constructor(settings: ConsumersSettings, sessions: CurrentSession, hooks: ConsumersHooks) {
    this.#settings = settings;
    this.#sessions = sessions;
    this.#hooks = hooks;
    this.tally = new DeliveryTally(hooks.figures);
    this.failures = new HandlerFailures(hooks.handlerFailed);
  }

  get durableRetryMs(): number {
    return this.#settings.durableRetryMs;
  }

  get drainTimeoutMs(): number {
    return this.#settings.drainTimeoutMs;
  }

  get transact(): Transact {
    return this.#hooks.transact;
  }

  get work(): WorkScope {
    return this.#hooks.work;
  }

  get stats(): ConsumersStats {
    const { tally, failures, unsettled } = this;
    return { consumers: this.#open.size, unsettled, ...tally.counts, handlerFailures: failures.count };
  }

  /** Number of deliveries that users have and can still settle. */
  get unsettled(): number {
    let count = 0;
    for (const subscription of this.#open.keys()) count += subscription.unsettled;
    return count;
  }

  /** Opens a consumer, whose subscription is requested on this and every later session until it is closed. */
  open(parts: ConsumerParts): Consumer {
    const consumer = new Consumer(parts, this);
    const { prepared, subscription } = consumer;
    const standing = { preparing: prepared !== undefined, forReplies: false };
    this.#open.set(subscription, standing);
    if (prepared) {
      const asked = prepared.then(() => {
        standing.preparing = false;
        this.#ask(subscription);
      });
      inBackground(
        "Ending a consumer",
        asked.catch((reason: unknown) => subscription.end(MasterSlaveError.from(reason))),
      );
    } else this.#ask(subscription);
    return consumer;
  }

  /** Opens a consumer for replies to requests. */
  openForReplies(parts: ConsumerParts): Consumer {
    const consumer = this.open(parts);
    const standing = this.#open.get(consumer.subscription);
    if (standing) standing.forReplies = true;
    return consumer;
  }

  /** Whether a consumer of this connection uses the subscription with this name. */
  has(name: string, shared: boolean): boolean {
    for (const { request } of this.#open.keys()) {
      const { subscription } = request;
      if (subscription?.name === name && subscription.shared === shared) return true;
    }
    return false;
  }

  suspects(poisonAfter: number): Suspect[] {
    return [...this.#open.keys()].filter(({ deaths }) => deaths >= poisonAfter);
  }

  /** Requests every subscription from the session. */
  resume(session: MessagingSession): void {
    for (const [subscription, { preparing }] of this.#open) if (!preparing) subscription.resume(session);
  }

  /** The session ended because of `cause`. Returns how many of its deliveries will come again. */
  interrupt(cause: MasterSlaveError): number {
    let voided = 0;
    for (const subscription of this.#open.keys()) voided += subscription.interrupt(cause);
    this.#voided += voided;
    this.#onceSettled.tell();
    return voided;
  }

  /** Returns the number of deliveries made stale since the last call. */
  takeVoided(): number {
    const voided = this.#voided;
    this.#voided = 0;
    return voided;
  }

  stopIntake(): void {
    for (const [subscription, { forReplies }] of this.#open)
      if (!forReplies) subscription.stopIntake({ unready: closedUnready() });
  }

  /** Resolves when every delivery that users have is settled or stale, or when `signal` fires. */
  async settled(signal: AbortSignal): Promise<void> {
    while (this.unsettled > 0 && !signal.aborted) await this.#onceSettled.wait(false, signal);
  }

  /** Ends every subscription; resolves when the broker has answered, or when `signal` fires. */
  async close(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race([
      aborted,
      Promise.all([...this.#open.keys()].map((subscription) => subscription.close(connectionClosed()))),
    ]);
  }

  /** Ends every consumer when the connection is over. */
  end(failure: MasterSlaveError | undefined): void {
    for (const subscription of [...this.#open.keys()]) subscription.end(failure, connectionClosed());
    this.#onceSettled.tell();
  }

  warn(warning: ConnectionWarning): boolean {
    return this.#hooks.warn(warning);
  }

  deliverySettled(): void {
    this.#onceSettled.tell();
  }

  voided(): void {
    this.#onceSettled.tell();
  }

  over(subscription: StandingSubscription): void {
    this.#open.delete(subscription);
    this.#onceSettled.tell();
  }

  /**
   * Requests the subscription if a session takes requests and the consumer is prepared. Otherwise a later session is
   * asked for all of them.
   */
  #ask(subscription: StandingSubscription): void {
    const { target } = this.#sessions;
    if (target && this.#open.get(subscription)?.preparing === false) subscription.resume(target);
  }
}

/** What a consumer and its handlers are told when their connection closes first. */
function connectionClosed(): AskedEnd {
  const text = "The connection was closed, and waited for handlers no longer: the message comes again";
  return { unready: closedUnready(), stale: new ConnectionClosedError(text) };
}

/** The error with which `ready` of a consumer rejects when its connection closes first. */
function closedUnready(): ConnectionClosedError {
  return new ConnectionClosedError("The connection was closed before the broker had the subscription. Make a new one");
}
