/** The consumers of a connection: resumed together, interrupted together, drained together. */
import { IdleLatch } from "../../../async/idle-latch.ts";
import { inBackground } from "../../../async/in-background.ts";
import { ConnectionClosedError, MasterSlaveError } from "../../../errors/errors.ts";
import type { ConnectionWarning } from "../../port/adapter-settings.ts";
import type { MessagingSession, Settlement } from "../../port/messaging-session.ts";
import type { Suspect } from "../../port/suspect.ts";
import { DeliveredIds } from "../deliveries/delivered-ids.ts";
import type { SettleResult } from "../deliveries/delivery.ts";
import { type HandlerFailure, warnOfHandler } from "../handling/redelivery-policy.ts";
import type { Transact } from "../handling/transact.ts";
import { Consumer, type ConsumerOwner, type ConsumerParts } from "./consumer.ts";
import type { StandingSubscription } from "./standing-subscription.ts";

/** What the consumers of a connection are told once. */
export interface ConsumersSettings {
  readonly durableRetryMs: number;
  readonly drainTimeoutMs: number;
}

/** The figures of the consumers of one connection. */
export interface ConsumersStats {
  /** Consumers that are open. */
  readonly consumers: number;
  /** Deliveries handed over that can still be settled. */
  readonly unsettled: number;
  /** Deliveries handed to consumers. */
  readonly received: number;
  /** Those of them that had been handed out before, here or elsewhere. */
  readonly redelivered: number;
  /** Deliveries settled by accept(), reject(), release() or modify(). */
  readonly settled: number;
  /** Of the settled those that were accepted, also in a transaction. */
  readonly accepted: number;
  /** Of the settled those that were rejected: dead letters, where the broker keeps them. */
  readonly rejected: number;
  /** Of the settled those that went back to the broker, by release() or modify(). */
  readonly released: number;
  /** Calls of the handlers of run() and respond() that threw or rejected; each raised the event `handlerFailed`. */
  readonly handlerFailures: number;
  /** Deliveries that were settled after their session had ended; they come again. */
  readonly stale: number;
  /** Twins of accepted messages that were settled without being handed over. */
  readonly deduplicated: number;
}

const NO_COUNTS = {
  received: 0,
  redelivered: 0,
  settled: 0,
  accepted: 0,
  rejected: 0,
  released: 0,
  stale: 0,
  deduplicated: 0,
  handlerFailures: 0,
};

/** What consumers do for, and tell, the connection they belong to. */
export interface ConsumersHooks {
  readonly warn: (warning: ConnectionWarning) => void;
  /** Whether somebody listened. Never throws. */
  readonly handlerFailed: (failure: HandlerFailure) => boolean;
  readonly transact: Transact;
}

export class Consumers implements ConsumerOwner {
  readonly durableRetryMs: number;
  readonly drainTimeoutMs: number;
  readonly warn: (warning: ConnectionWarning) => void;
  readonly transact: Transact;
  readonly #tellFailure: ConsumersHooks["handlerFailed"];
  readonly #open = new Set<StandingSubscription>();
  /** What these need is being loaded; they are not to be asked for yet. */
  readonly #preparing = new Set<StandingSubscription>();
  /** Replies are taken in until the last request is answered, whatever close() stops. */
  readonly #forReplies = new Set<StandingSubscription>();
  readonly #handedOver = new DeliveredIds();
  readonly #counts = { ...NO_COUNTS };
  readonly #onceSettled = new IdleLatch();
  #session: MessagingSession | undefined;
  #voided = 0;
  #handlerWarned = false;

  constructor(settings: ConsumersSettings, hooks: ConsumersHooks) {
    this.durableRetryMs = settings.durableRetryMs;
    this.drainTimeoutMs = settings.drainTimeoutMs;
    this.warn = hooks.warn;
    this.transact = hooks.transact;
    this.#tellFailure = hooks.handlerFailed;
  }

  get stats(): ConsumersStats {
    return { consumers: this.#open.size, unsettled: this.unsettled, ...this.#counts };
  }

  /** How many deliveries are in users' hands and can still be settled. */
  get unsettled(): number {
    let count = 0;
    for (const subscription of this.#open) count += subscription.unsettled;
    return count;
  }

  /** A consumer, which is asked for on this and every later session until it is closed. */
  open(parts: ConsumerParts): Consumer {
    const consumer = new Consumer(parts, this);
    const { prepared, subscription } = consumer;
    this.#open.add(subscription);
    if (prepared) {
      this.#preparing.add(subscription);
      const asked = prepared.then(() => this.#prepared(subscription));
      inBackground(
        "Ending a consumer",
        asked.catch((reason: unknown) => subscription.end(MasterSlaveError.from(reason))),
      );
    } else this.#ask(subscription);
    return consumer;
  }

  /** The same, for replies to requests. */
  openForReplies(parts: ConsumerParts): Consumer {
    const consumer = this.open(parts);
    this.#forReplies.add(consumer.subscription);
    return consumer;
  }

  /** Whether a consumer of this connection has the subscription of this name. */
  has(name: string, shared: boolean): boolean {
    for (const { request } of this.#open) {
      const { subscription } = request;
      if (subscription?.name === name && subscription.shared === shared) return true;
    }
    return false;
  }

  suspects(poisonAfter: number): Suspect[] {
    return [...this.#open].filter(({ deaths }) => deaths >= poisonAfter);
  }

  resume(session: MessagingSession): void {
    this.#session = session;
    for (const subscription of this.#open) this.#ask(subscription);
  }

  /** The session ended. Returns how many of its deliveries come again. */
  interrupt(): number {
    this.#session = undefined;
    let voided = 0;
    for (const subscription of this.#open) voided += subscription.interrupt();
    this.#voided += voided;
    this.#onceSettled.tell();
    return voided;
  }

  /** What interruptions have voided since this was last asked. */
  takeVoided(): number {
    const voided = this.#voided;
    this.#voided = 0;
    return voided;
  }

  stopIntake(): void {
    for (const subscription of this.#open)
      if (!this.#forReplies.has(subscription)) subscription.stopIntake(closedUnready());
  }

  /** Resolves when every delivery in users' hands is settled or stale, or `signal` fires. */
  async settled(signal: AbortSignal): Promise<void> {
    while (this.unsettled > 0 && !signal.aborted) await this.#onceSettled.wait(false, signal);
  }

  /** Ends every subscription; resolves when the broker has answered, or `signal` fires. */
  async close(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race([
      aborted,
      Promise.all([...this.#open].map((subscription) => subscription.close(closedUnready()))),
    ]);
  }

  /** The connection is over. */
  end(failure: MasterSlaveError | undefined): void {
    this.#session = undefined;
    for (const subscription of [...this.#open]) subscription.end(failure, closedUnready());
    this.#onceSettled.tell();
  }

  handedOver(scope: string, id: string | undefined, flagged: boolean): boolean {
    const known = id !== undefined && this.#handedOver.note(scope + id);
    const redelivered = known || flagged;
    this.#counts.received += 1;
    if (redelivered) this.#counts.redelivered += 1;
    return redelivered;
  }

  deliverySettled(result: SettleResult, kind: Settlement["kind"]): void {
    this.#counts[result] += 1;
    if (result === "settled") this.#counts[kind === "modified" ? "released" : kind] += 1;
    this.#onceSettled.tell();
  }

  handlerFailed(failure: HandlerFailure, heard: boolean): void {
    this.#counts.handlerFailures += 1;
    // Nothing that goes wrong is silent, not even for a program that listens to nothing.
    if (this.#tellFailure(failure) || heard || this.#handlerWarned) return;
    this.#handlerWarned = true;
    warnOfHandler(failure);
  }

  twinSettled(): void {
    this.#counts.deduplicated += 1;
  }

  voided(): void {
    this.#onceSettled.tell();
  }

  over(subscription: StandingSubscription): void {
    for (const kept of [this.#open, this.#preparing, this.#forReplies]) kept.delete(subscription);
    this.#onceSettled.tell();
  }

  #prepared(subscription: StandingSubscription): void {
    if (this.#preparing.delete(subscription)) this.#ask(subscription);
  }

  #ask(subscription: StandingSubscription): void {
    if (this.#session && !this.#preparing.has(subscription)) subscription.resume(this.#session);
  }
}

/** What `ready` of a consumer rejects with whose connection closes first. */
function closedUnready(): ConnectionClosedError {
  return new ConnectionClosedError("The connection was closed before the broker had the subscription. Make a new one");
}
