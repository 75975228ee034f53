/** A consumer: the deliveries of a standing subscription, read as an async iterable, one by one, or by `run`. */

import type { WaitOptions } from "../../../async/deadline.ts";
import { inBackground } from "../../../async/in-background.ts";
import { onAbort } from "../../../async/on-abort.ts";
import { settledOr, startTimer } from "../../../async/timer.ts";
import type { WorkScope } from "../../../async/work-scope.ts";
import { AbortError, type MasterSlaveError } from "../../../errors/errors.ts";
import { checkTimeout, readOptions } from "../../messages/argument-checks.ts";
import { type Destination, formatDestination } from "../../messages/destination.ts";
import type { ConnectionWarning } from "../../port/adapter-settings.ts";
import type { Settlement, SettlementTerms, SubscriptionRequest } from "../../port/messaging-session.ts";
import { Deduplication, type DeduplicationOptions } from "../deliveries/deduplication.ts";
import type { Delivery, SettleResult } from "../deliveries/delivery.ts";
import { type Arrival, DeliveryQueue } from "../deliveries/delivery-queue.ts";
import type { CountedDeliveries, DeliveryTally } from "../deliveries/delivery-tally.ts";
import { warnOfLostMessage, warnOfSelfWait } from "../handling/close-in-handler.ts";
import type { HandlerFailures } from "../handling/handler-failures.ts";
import type { ProcessMessage, ProcessTransacted } from "../handling/process-context.ts";
import { type RunOptions, runConsumer } from "../handling/run-consumer.ts";
import type { Transact } from "../handling/transact.ts";
import { StandingSubscription, type SubscriptionHost, type SubscriptionReader } from "./standing-subscription.ts";

/** What a consumer reports to the connection it belongs to, and asks of it. */
export interface ConsumerOwner extends SubscriptionHost {
  readonly tally: DeliveryTally;
  readonly failures: HandlerFailures;
  /** Called when one delivery less is unsettled. */
  deliverySettled(): void;
  readonly transact: Transact;
  /** The handlers and the work of transactions of the connection. */
  readonly work: WorkScope;
  warn(warning: ConnectionWarning): boolean;
  readonly drainTimeoutMs: number;
}

export interface ConsumerParts {
  readonly request: SubscriptionRequest;
  readonly deduplicate?: DeduplicationOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the new address whenever a session has created the temporary queue anew. */
  readonly onSubscribed?: ((address: Destination | undefined) => void) | undefined;
}

let consumersMade = 0;

/** Messages from one destination, over failovers, until it is closed: a loop with `for await`, receive() or run(). */
export class Consumer implements AsyncIterableIterator<Delivery>, AsyncDisposable {
  /** For use within messaging: what is requested on every session. */
  readonly subscription: StandingSubscription;
  /** For use within messaging: resolves when the subscription may be requested. */
  readonly prepared: Promise<void> | undefined;
  readonly #owner: ConsumerOwner;
  /** Recognises calls that come from this consumer's handlers. */
  readonly #work: WorkScope;
  /** Delivery counts, and the scope of message ids: a queue delivers a message once, a topic once to each consumer. */
  readonly #counted: { readonly scope: string; readonly figures: CountedDeliveries };
  readonly #intake = new DeliveryQueue((arrival) => this.#handOver(arrival));
  #deduplication: Deduplication | undefined;
  #closing: Promise<void> | undefined;

  constructor({ request, deduplicate, signal, onSubscribed }: ConsumerParts, owner: ConsumerOwner) {
    const { destination, browse } = request;
    // A browser only shows messages: their first real delivery comes when they are consumed.
    const ofItsOwn = destination.kind === "topic" || browse;
    const scope = `${formatDestination(destination)}${ofItsOwn ? `#${consumersMade++}` : ""} `;
    this.#owner = owner;
    this.#work = owner.work.inner();
    this.#counted = { scope, figures: owner.tally.of(destination) };
    this.subscription = new StandingSubscription(request, this.#reader(onSubscribed), owner);
    this.prepared = deduplicate && this.#loadDeduplication(deduplicate);
    for (const name of ["subscription", "prepared"]) Object.defineProperty(this, name, { enumerable: false });
    if (signal) this.#obey(signal);
  }

  /** Resolves when the broker has the subscription for the first time; rejects when the consumer ends before that. */
  get ready(): Promise<void> {
    return this.subscription.ready;
  }

  /** The next delivery; done when the consumer is closed. Rejects with why, once, when it was refused or the connection failed. */
  next(): Promise<IteratorResult<Delivery>> {
    const delivery = this.#intake.take();
    if (delivery) return Promise.resolve({ done: false, value: delivery });
    if (!this.subscription.takesIn) return this.#intake.ended({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#intake.wait((value) => resolve(value ? { done: false, value } : { done: true, value: undefined }), reject);
    });
  }

  /**
   * The next delivery, or undefined when none came within `timeoutMs` or the consumer is closed. A failover meanwhile
   * does not end the wait. Rejects with ABORTED when `signal` fires, and as next() does.
   */
  receive(options: WaitOptions = {}): Promise<Delivery | undefined> {
    return new Promise((resolve, reject) => {
      const read = readOptions("receive", options, ["timeoutMs", "signal"]);
      const { timeoutMs, signal } = read;
      checkTimeout(timeoutMs);
      const delivery = this.#intake.take();
      if (delivery) resolve(delivery);
      else if (!this.subscription.takesIn) resolve(this.#intake.ended(undefined));
      else if (signal?.aborted) reject(new AbortError("receive() was aborted before it began", signal.reason));
      else this.#wait(resolve, reject, read);
    });
  }

  /** Stops delivering until resume(). The broker goes on sending until `prefetch` is reached. */
  pause(): void {
    this.#intake.hold("paused");
  }

  /** Delivers again after pause(). */
  resume(): void {
    this.#intake.release("paused");
  }

  /** Closes the consumer; a `break` in a loop calls this. */
  async return(): Promise<IteratorResult<Delivery>> {
    await this.close();
    return { done: true, value: undefined };
  }

  /** Iterates over the deliveries as they come; the loop settles them. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Same as close(), for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Calls `handler` for each message and settles for it: accepts when it resolves; when it throws, calls it again as
   * `redelivery` says (not at all unless said), then rejects the message with its error. With `transacted`, each message
   * is accepted in a transaction of its own, together with what the handler sends in it. Several readers of one consumer
   * share its deliveries: each goes to one of them. Resolves when the consumer is
   * closed and every handler has finished; rejects, after closing it, when it or a settlement failed.
   */
  run(handler: ProcessTransacted, options: RunOptions & { readonly transacted: true }): Promise<void>;
  run(handler: ProcessMessage, options?: RunOptions): Promise<void>;
  run(handler: ProcessMessage | ProcessTransacted, options: RunOptions = {}): Promise<void> {
    return runConsumer(this, handler as ProcessMessage, options, {
      transact: this.#owner.transact,
      work: this.#work,
      intakeOver: this.#intake.over,
      destination: this.#destination,
      handlerFailed: (...failure) => {
        this.#counted.figures.handlerFailures += 1;
        this.#owner.failures.add(...failure);
      },
    });
  }

  /**
   * Stops delivering, waits until all deliveries are settled or `timeoutMs` has passed (the connection's drainTimeoutMs
   * by default), then closes. Rejects only for invalid options.
   */
  async drain(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    const { timeoutMs = this.#owner.drainTimeoutMs } = readOptions("drain", options, ["timeoutMs"]);
    if (timeoutMs !== 0) checkTimeout(timeoutMs);
    const idle = new Promise<void>((resolve) => this.subscription.onceIdle(resolve));
    const forget = this.#work.isCaller ? this.#warnOfSelfWait(timeoutMs) : undefined;
    this.subscription.stopIntake();
    await settledOr(timeoutMs, idle);
    forget?.();
    await this.#close();
  }

  /**
   * Ends the subscription; unsettled deliveries go back to the broker and become stale. A durable subscription goes on
   * collecting. Resolves when the broker has answered, or after 2 s without an answer. Idempotent; never rejects. In a
   * handler of this consumer call drain(), without await: its message would come again.
   */
  close(): Promise<void> {
    const losesMessage = this.subscription.unsettled > 0 && this.#work.isCaller;
    const closing = this.#close();
    // After the close, because a listener of the warning may call close() too.
    if (losesMessage) warnOfLostMessage((warning) => this.#owner.warn(warning), this.#destination);
    return closing;
  }

  get #destination(): string {
    return formatDestination(this.subscription.request.destination);
  }

  #warnOfSelfWait(timeoutMs: number): () => void {
    const what = `drain() of the consumer of ${this.#destination} was called in a handler of it`;
    const waits = () => this.subscription.unsettled > 0;
    return warnOfSelfWait((warning) => this.#owner.warn(warning), { what, timeoutMs, waits });
  }

  #close(unready?: MasterSlaveError): Promise<void> {
    this.#closing ??= this.subscription.close({ unready });
    return this.#closing;
  }

  #wait(
    resolve: (delivery: Delivery | undefined) => void,
    reject: (error: MasterSlaveError) => void,
    { timeoutMs, signal }: WaitOptions,
  ): void {
    let forget = () => {};
    const leave = this.#intake.wait(
      (delivery) => {
        forget();
        resolve(delivery);
      },
      (error) => {
        forget();
        reject(error);
      },
    );
    const end = (act: () => void) => () => {
      forget();
      leave();
      act();
    };
    const stopTimer =
      timeoutMs === undefined
        ? () => {}
        : startTimer(
            timeoutMs,
            end(() => resolve(undefined)),
          );
    const aborted = () => reject(new AbortError("receive() was aborted", signal?.reason));
    const stopListening = signal ? onAbort(signal, end(aborted)) : () => {};
    forget = () => {
      stopTimer();
      stopListening();
    };
  }

  #reader(onSubscribed: ConsumerParts["onSubscribed"]): SubscriptionReader {
    return {
      arrived: (arrival) => this.#intake.add(arrival),
      subscribed: (address) => onSubscribed?.(address),
      releasing: () => this.#intake.hold("releasing"),
      givenBack: () => {
        this.#deduplication?.forgetAside();
        const count = this.#intake.clear();
        this.#intake.release("releasing");
        return count;
      },
      // A browser is closed only after its readers have taken everything that arrived.
      browsed: () => this.#intake.onceEmpty(() => inBackground("Closing a browser", this.close())),
      draining: () => this.#intake.end(),
      ended: (failure) => this.#intake.end(failure),
      settled: (delivery, settlement, result, terms) => this.#settled(delivery, settlement, result, terms),
      left: (delivery) => this.#doneWith(delivery, false),
      concluded: (delivery, committed) => this.#doneWith(delivery, committed),
    };
  }

  #handOver(arrival: Arrival): Delivery | undefined {
    const { incoming, deliveries } = arrival;
    const verdict = this.#deduplication?.judge(arrival) ?? "new";
    if (verdict === "twin") {
      const settled = deliveries.subscription?.settle(incoming, { kind: "accepted" });
      if (settled instanceof Promise) inBackground("Accepting a duplicate", settled);
      this.#owner.tally.twinSettled();
    }
    if (verdict !== "new") return undefined;
    const { scope, figures } = this.#counted;
    const told = { scope, id: incoming.message.id, flagged: incoming.redelivered };
    const redelivered = this.#owner.tally.handedOver(told, figures);
    return deliveries.handOver(incoming, redelivered);
  }

  #settled(delivery: Delivery, { kind }: Settlement, result: SettleResult, terms: SettlementTerms | undefined): void {
    this.#owner.tally.settled(result, kind, this.#counted.figures);
    this.#owner.deliverySettled();
    // A delivery accepted in a transaction counts as accepted only once that commits; a stale one never does.
    if (terms?.transaction === undefined) this.#doneWith(delivery, kind === "accepted");
    else if (result === "stale") this.#doneWith(delivery, false);
  }

  /** Judges the duplicates that waited for this delivery again, if they are still there and wanted. */
  #doneWith({ message }: Delivery, accepted: boolean): void {
    for (const twin of this.#deduplication?.done(message, accepted) ?? []) {
      if (this.subscription.takesIn && this.subscription.isCurrent(twin.deliveries)) this.#intake.add(twin);
    }
  }

  async #loadDeduplication(options: DeduplicationOptions): Promise<void> {
    this.#deduplication = await Deduplication.load(options);
  }

  #obey(signal: AbortSignal): void {
    const aborted = () =>
      new AbortError("The consumer's signal fired before the broker had its subscription", signal.reason);
    const close = () => inBackground("Closing a consumer", this.#close(aborted()));
    if (signal.aborted) queueMicrotask(close);
    else {
      const forget = onAbort(signal, close);
      this.#intake.over.addEventListener("abort", forget, { once: true });
    }
  }
}
