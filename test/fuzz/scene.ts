/** What a client does with one session, step by step, and what must hold of it whatever the peer says. */
import { MasterSlaveError, UnsupportedError } from "../../src/errors/errors.ts";
import { type Destination, parseDestination } from "../../src/messaging/messages/destination.ts";
import {
  createOutgoingMessage,
  type MessageBody,
  type MessageOptions,
} from "../../src/messaging/messages/outgoing-message.ts";
import type {
  IncomingDelivery,
  MessagingSession,
  SessionSubscription,
  SessionTransaction,
  Settlement,
  SettlementTerms,
  SubscriptionRequest,
} from "../../src/messaging/port/messaging-session.ts";

/** A step that the end of the session has made pointless. */
export const OVER = Symbol("the session is over");

export class Scene {
  readonly session: MessagingSession;
  /** What was broken; empty as it should be. */
  readonly violations: string[] = [];
  /** Everything that has to settle when the session has ended. */
  readonly promises: { readonly what: string; readonly settled: () => boolean }[] = [];
  readonly #over: Promise<typeof OVER>;
  #ended = false;

  constructor(session: MessagingSession) {
    this.session = session;
    this.#over = session.ended.then(({ error }) => {
      this.#ended = true;
      this.expectTyped("the end of the session", error);
      return OVER;
    });
  }

  /** Of a MasterSlaveError that is no mistake of ours. */
  expectTyped(what: string, error: unknown): void {
    if (!(error instanceof MasterSlaveError)) this.violations.push(`${what} is no error of ours: ${String(error)}`);
    else if (error.code === "INTERNAL") this.violations.push(`${what} is a mistake: ${error.stack} ${error.cause}`);
  }

  /** The promise's value. @throws OVER when the session ends first. */
  async unlessOver<T>(promise: Promise<T>): Promise<T> {
    const first = await Promise.race([promise, this.#over]);
    if (first === OVER) throw OVER;
    return first as T;
  }

  /** The same for a promise that has to settle itself when the session ends. */
  settles<T>(what: string, promise: Promise<T>): Promise<T> {
    let settled = false;
    this.promises.push({ what, settled: () => settled });
    promise.then(
      () => {
        settled = true;
      },
      (error: unknown) => {
        settled = true;
        this.expectTyped(what, error);
      },
    );
    return this.unlessOver(promise);
  }

  /** Resolves with whether it was confirmed. */
  send(to: string | Destination, body: MessageBody, options: MessageOptions = {}, by: Sending = this.session) {
    const destination = typeof to === "string" ? parseDestination(to) : to;
    let outcomes = 0;
    const outcome = new Promise<boolean>((resolve) => {
      by.send({
        destination,
        message: createOutgoingMessage(body, options),
        abandoned: false,
        inDoubt: false,
        encoded: undefined,
        onWritten: () => {},
        onOutcome: (one) => {
          outcomes += 1;
          if (outcomes > 1) this.violations.push("a send has two outcomes");
          if (one.kind === "failed") this.expectTyped("the outcome of a send", one.error);
          resolve(one.kind === "confirmed");
        },
      });
    });
    return this.unlessOver(outcome);
  }

  consume(to: string | Destination, request: Partial<SubscriptionRequest> = {}): PlayedSubscription {
    return new PlayedSubscription(this, typeof to === "string" ? parseDestination(to) : to, request);
  }

  checkOpen(what: string): void {
    if (this.#ended) this.violations.push(`${what} after the end of the session`);
  }
}

type Sending = Pick<MessagingSession | SessionTransaction, "send">;

export class PlayedSubscription {
  readonly deliveries: IncomingDelivery[] = [];
  readonly subscription: SessionSubscription;
  readonly #scene: Scene;
  readonly #ready: Promise<Destination | undefined>;
  readonly #browsed: Promise<void>;
  #wakes: (() => void)[] = [];

  constructor(scene: Scene, destination: Destination, request: Partial<SubscriptionRequest>) {
    this.#scene = scene;
    let [onReady, onBrowsed] = [(_address?: Destination) => {}, () => {}];
    let onRefused = (_error: Error) => {};
    this.#ready = new Promise((resolve, reject) => {
      onReady = resolve;
      onRefused = reject;
    });
    this.#browsed = new Promise((resolve) => {
      onBrowsed = resolve;
    });
    this.#ready.catch(() => {});
    this.subscription = scene.session.subscribe(
      { destination, prefetch: 10, ...request },
      {
        onReady,
        onDelivery: (delivery) => this.#take(delivery),
        onBrowsed,
        onReleasing: (idle) => idle(),
        onGivenBack: () => {},
        onRefused: (error) => {
          scene.expectTyped("a refused subscription", error);
          onRefused(error);
        },
      },
    );
  }

  /** @throws what it was refused with. */
  get ready(): Promise<Destination | undefined> {
    return this.#scene.unlessOver(this.#ready);
  }

  get browsed(): Promise<void> {
    return this.#scene.unlessOver(this.#browsed);
  }

  async delivery(nth: number): Promise<IncomingDelivery> {
    while (this.deliveries.length <= nth) {
      await this.#scene.unlessOver(new Promise<void>((resolve) => this.#wakes.push(resolve)));
    }
    return this.deliveries[nth] as IncomingDelivery;
  }

  /** Settles it plainly where the protocol cannot do it on these terms. */
  settle(delivery: IncomingDelivery, settlement: Settlement, terms?: SettlementTerms): Promise<unknown> {
    try {
      const settled = this.subscription.settle(delivery, settlement, terms);
      return typeof settled === "string" ? Promise.resolve(settled) : this.#scene.settles("a settlement", settled);
    } catch (error) {
      if (!(error instanceof UnsupportedError) || terms === undefined) throw error;
      return this.settle(delivery, settlement);
    }
  }

  close(): Promise<void> {
    return this.#scene.settles("the close of a subscription", this.subscription.close());
  }

  #take(delivery: IncomingDelivery): void {
    this.#scene.checkOpen("a delivery");
    read(delivery, this.#scene);
    this.deliveries.push(delivery);
    for (const wake of this.#wakes.splice(0)) wake();
  }
}

/** Everything a handler may ask a message for. */
function read({ message, redelivered, deliveryCount }: IncomingDelivery, scene: Scene): void {
  for (const take of [
    () => message.text(),
    () => message.json(),
    () => message.bytes(),
    () => JSON.stringify([message.properties, message.id, message.replyTo, redelivered, deliveryCount]),
  ]) {
    try {
      take();
    } catch (error) {
      if (!(error instanceof MasterSlaveError)) scene.violations.push(`reading a message threw ${String(error)}`);
    }
  }
}
