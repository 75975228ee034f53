/** A consumer: a standing request for messages, renewed on every session, read as an async iterable or by `run`. */
import {
  ConnectionClosedError,
  InvalidArgumentError,
  type MasterSlaveError,
  SubscriptionRefusedError,
} from "../errors.ts";
import type { Delivery, SettleResult } from "./delivery.ts";
import { formatDestination } from "./destination.ts";
import type { IncomingDelivery, MessagingSession, SubscriptionRequest, SubscriptionSink } from "./messaging-session.ts";
import { onAbort } from "./on-abort.ts";
import type { Suspect } from "./poison-rule.ts";
import { type ProcessMessage, runConsumer } from "./run-consumer.ts";
import { SubscriptionLink } from "./subscription-link.ts";
import { settledOr } from "./timer.ts";
import { WaitingLine } from "./waiting-line.ts";

export interface RunOptions {
  /** How many messages are worked on at once; 1 unless said. */
  readonly concurrency?: number;
}

/** What a consumer tells the connection it belongs to. */
export interface ConsumerOwner {
  /** A message is handed over, flagged redelivered by the broker or not; returns whether it is redelivered. Ids are told apart by `scope`. */
  handedOver(scope: string, id: string | undefined, flagged: boolean): boolean;
  deliverySettled(result: SettleResult): void;
  /** Deliveries became stale without being settled. */
  deliveriesVoided(): void;
  consumerClosed(consumer: Consumer): void;
}

type ConsumerState =
  /** No session has it at the moment. */
  | { readonly name: "waiting" }
  | { readonly name: "subscribing"; readonly link: SubscriptionLink }
  | { readonly name: "ready"; readonly link: SubscriptionLink }
  /** Nothing more is handed over; what was can still be settled. */
  | { readonly name: "draining"; readonly link: SubscriptionLink }
  | { readonly name: "closed"; readonly failure: MasterSlaveError | undefined };

type Reader = {
  readonly resolve: (result: IteratorResult<Delivery>) => void;
  readonly reject: (error: MasterSlaveError) => void;
};

/** A broker that does not answer the end of a subscription is waited for no longer: `break` would never be over. */
const UNANSWERED_CLOSE_MS = 2_000;

let consumersMade = 0;

export class Consumer implements AsyncIterableIterator<Delivery>, AsyncDisposable, Suspect {
  /** Resolves when the broker has the subscription for the first time; rejects when the consumer ends before that. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }
  /** How many sessions in a row died while the subscription was asked for and unanswered. */
  deaths = 0;
  readonly #request: SubscriptionRequest;
  /** Within what a message id stands for one message: a queue hands each out once, a topic once to each consumer. */
  readonly #scope: string;
  readonly #owner: ConsumerOwner;
  readonly #buffer = new WaitingLine<{ incoming: IncomingDelivery; link: SubscriptionLink }>();
  readonly #readers = new WaitingLine<Reader>();
  #state: ConsumerState = { name: "waiting" };
  readonly #ready = settleable();
  #closing: Promise<void> | undefined;
  #onceAnswered: (() => void) | undefined;
  #forgetSignal: (() => void) | undefined;

  constructor(request: SubscriptionRequest, owner: ConsumerOwner, signal: AbortSignal | undefined) {
    this.#request = request;
    const { destination } = request;
    this.#scope = `${formatDestination(destination)}${destination.kind === "topic" ? `#${consumersMade++}` : ""} `;
    this.#owner = owner;
    if (signal) this.#obey(signal);
  }

  /** The next delivery; done when the consumer is closed. Rejects with why, once, when it was refused or the connection failed. */
  next(): Promise<IteratorResult<Delivery>> {
    const delivery = this.#take();
    if (delivery) return Promise.resolve({ done: false, value: delivery });
    if (this.#state.name === "closed") return this.#ended(this.#state.failure);
    if (this.#state.name === "draining") return this.#ended(undefined);
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** Closes; what `break` calls. */
  async return(): Promise<IteratorResult<Delivery>> {
    await this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Calls `handler` for each message and settles for it: accepts when it resolves, rejects with its error when it
   * throws. Resolves when the consumer is closed; rejects when it failed.
   */
  run(handler: ProcessMessage, { concurrency = 1 }: RunOptions = {}): Promise<void> {
    if (!(Number.isInteger(concurrency) && concurrency > 0)) {
      return Promise.reject(new InvalidArgumentError(`concurrency is a positive whole number, not ${concurrency}`));
    }
    // Found out by the first message it would have sent that to the dead letter queue.
    if (typeof handler !== "function") {
      return Promise.reject(new InvalidArgumentError(`run() is given a function, not ${typeof handler}`));
    }
    return runConsumer(this, handler, concurrency);
  }

  /**
   * Ends the subscription; unsettled deliveries go back to the broker and become stale. Resolves when the broker has
   * answered, or after 2 s without an answer. Idempotent; never rejects.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { link } = this.#end(undefined);
    if (link?.subscription) await settledOr(UNANSWERED_CLOSE_MS, link.subscription.close());
  }

  /** No more is handed over; what was can still be settled. */
  stopIntake(): void {
    const link = this.#link;
    if (!link) {
      this.#end(undefined);
      return;
    }
    this.#state = { name: "draining", link };
    this.#buffer.drain();
    for (const reader of this.#readers.drain()) reader.resolve({ done: true, value: undefined });
  }

  /** The broker has not answered this session's request yet. */
  get unanswered(): boolean {
    return this.#state.name === "subscribing";
  }

  /** How many handed-over deliveries can still be settled. */
  get unsettled(): number {
    return this.#link?.unsettled ?? 0;
  }

  /** Asks a session for the messages, unless that has been done. */
  resume(session: MessagingSession): void {
    if (this.#state.name !== "waiting") return;
    const link = new SubscriptionLink((result) => this.#owner.deliverySettled(result));
    this.#state = { name: "subscribing", link };
    link.subscription = session.subscribe(this.#request, this.#sink(link));
  }

  /** Asks a session for the messages; resolves when it has answered, or is over. */
  async alone(session: MessagingSession): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.#onceAnswered = resolve;
    });
    this.resume(session);
    if (this.unanswered) await Promise.race([answered, session.ended]);
  }

  /** The session ended. Returns how many of its deliveries will come again. */
  interrupt(): number {
    const link = this.#link;
    if (!link) return 0;
    const voided = this.#buffer.drain().length + link.void();
    if (this.#state.name === "subscribing") this.deaths += 1;
    if (this.#state.name === "draining") this.#end(undefined);
    else this.#state = { name: "waiting" };
    return voided;
  }

  /** The connection is over. */
  fail(failure: MasterSlaveError | undefined): void {
    this.#end(failure);
  }

  failAsPoison(cause: MasterSlaveError): void {
    const text = `Asking for ${formatDestination(this.#request.destination)} was in flight when ${this.deaths} sessions in a row died, in the last one alone`;
    this.#end(new SubscriptionRefusedError(text, { cause, endpoint: cause.endpoint }));
  }

  get #link(): SubscriptionLink | undefined {
    return "link" in this.#state ? this.#state.link : undefined;
  }

  /** What the session calls; silent once `link` is no longer the current one. */
  #sink(link: SubscriptionLink): SubscriptionSink {
    const current = () => this.#link === link;
    return {
      onReady: () => {
        if (!current()) return;
        this.#onceAnswered?.();
        if (this.#state.name !== "subscribing") return;
        this.#state = { name: "ready", link };
        this.deaths = 0;
        this.#ready.resolve();
      },
      onDelivery: (incoming) => {
        if (current()) this.#receive(incoming, link);
      },
      onBrowsed: () => {},
      onReleasing: (idle) => idle(),
      onGivenBack: () => {
        if (!current()) return;
        this.#buffer.drain();
        link.void();
        this.#owner.deliveriesVoided();
      },
      onRefused: (error) => {
        if (current()) this.#end(error);
      },
    };
  }

  #receive(incoming: IncomingDelivery, link: SubscriptionLink): void {
    if (this.#state.name === "draining") return;
    const reader = this.#readers.shift();
    if (reader) reader.resolve({ done: false, value: this.#handOver(incoming, link) });
    else this.#buffer.push({ incoming, link });
  }

  #take(): Delivery | undefined {
    const next = this.#buffer.shift();
    return next && this.#handOver(next.incoming, next.link);
  }

  #handOver(incoming: IncomingDelivery, link: SubscriptionLink): Delivery {
    const redelivered = this.#owner.handedOver(this.#scope, incoming.message.id, incoming.redelivered);
    return link.handOver(incoming, redelivered);
  }

  #ended(failure: MasterSlaveError | undefined): Promise<IteratorResult<Delivery>> {
    if (failure === undefined) return Promise.resolve({ done: true, value: undefined });
    // The failure is told once; from then on the iteration is simply over.
    this.#state = { name: "closed", failure: undefined };
    return Promise.reject(failure);
  }

  /** Closed, with what the readers are told. Returns the link that was current. */
  #end(failure: MasterSlaveError | undefined): { link: SubscriptionLink | undefined } {
    const link = this.#link;
    if (this.#state.name === "closed") return { link: undefined };
    this.#forgetSignal?.();
    this.#buffer.drain();
    link?.void();
    const readers = this.#readers.drain();
    // One reader hears of the failure; without any, the next call of next() does.
    const [first, ...others] = readers;
    this.#state = { name: "closed", failure: first ? undefined : failure };
    if (failure) first?.reject(failure);
    else first?.resolve({ done: true, value: undefined });
    for (const reader of others) reader.resolve({ done: true, value: undefined });
    this.#onceAnswered?.();
    this.#ready.reject(failure ?? new ConnectionClosedError("The consumer was closed before the broker answered"));
    this.#owner.consumerClosed(this);
    return { link };
  }

  #obey(signal: AbortSignal): void {
    const close = () => void this.close();
    if (signal.aborted) queueMicrotask(close);
    else this.#forgetSignal = onAbort(signal, close);
  }
}

function settleable(): { promise: Promise<void>; resolve: () => void; reject: (error: MasterSlaveError) => void } {
  let settle: { resolve: () => void; reject: (error: MasterSlaveError) => void } | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever does not wait for `ready` hears of a refusal from the iteration.
  promise.catch(() => {});
  return { promise, resolve: () => settle?.resolve(), reject: (error) => settle?.reject(error) };
}
