/** Sends and subscriptions as messaging would make them, for sessions with a scripted peer. */

import type { MasterSlaveError, SubscriptionRefusedError } from "../../../../src/errors/errors.ts";
import { type Destination, parseDestination } from "../../../../src/messaging/messages/destination.ts";
import {
  createOutgoingMessage,
  type MessageBody,
  type MessageOptions,
  type OutgoingMessage,
} from "../../../../src/messaging/messages/outgoing-message.ts";
import type {
  IncomingDelivery,
  MessagingSession,
  OutgoingSend,
  SendOutcome,
  SessionSubscription,
  SubscriptionRequest,
} from "../../../../src/messaging/port/messaging-session.ts";

export class TestSend implements OutgoingSend {
  readonly destination: Destination;
  readonly message: OutgoingMessage;
  readonly outcomes: SendOutcome[] = [];
  readonly outcome: Promise<SendOutcome>;
  abandoned = false;
  inDoubt = false;
  encoded: unknown;
  written = 0;
  #resolve: (outcome: SendOutcome) => void = () => {};

  constructor(body: MessageBody, options: MessageOptions = {}, destination = "queue://orders") {
    this.destination = parseDestination(destination);
    this.message = createOutgoingMessage(body, options);
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  onWritten(): void {
    this.written++;
  }

  onOutcome(outcome: SendOutcome): void {
    this.outcomes.push(outcome);
    this.#resolve(outcome);
  }
}

export class TestConsumer {
  readonly deliveries: IncomingDelivery[] = [];
  readonly refusals: SubscriptionRefusedError[] = [];
  /** How many deliveries had come each time they were given back. */
  readonly givenBack: number[] = [];
  /** What to call when nothing is unsettled, for each release; called at once unless `idleAtOnce` is false. */
  readonly releasing: (() => void)[] = [];
  idleAtOnce = true;
  ready = 0;
  browsed = 0;
  /** Of the temporary queue that was made. */
  address: Destination | undefined;
  readonly subscription: SessionSubscription;
  #waiters: (() => void)[] = [];

  constructor(
    session: MessagingSession,
    destination = "queue://orders",
    prefetch = 100,
    selector?: string,
    more: Partial<SubscriptionRequest> = {},
  ) {
    const changed = (change: () => void) => () => {
      change();
      for (const wake of this.#waiters.splice(0)) wake();
    };
    this.subscription = session.subscribe(
      { destination: parseDestination(destination), prefetch, selector, ...more },
      {
        onReady: (address) =>
          changed(() => {
            this.ready++;
            this.address = address;
          })(),
        onDelivery: (delivery) => changed(() => this.deliveries.push(delivery))(),
        onBrowsed: changed(() => this.browsed++),
        onReleasing: (idle) =>
          changed(() => {
            this.releasing.push(idle);
            if (this.idleAtOnce) idle();
          })(),
        onGivenBack: changed(() => this.givenBack.push(this.deliveries.length)),
        onRefused: (error) => changed(() => this.refusals.push(error))(),
      },
    );
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** The nth delivery (from 0) that came. */
  async delivery(nth: number): Promise<IncomingDelivery> {
    await this.until(() => this.deliveries.length > nth);
    return this.deliveries[nth] as IncomingDelivery;
  }
}

export async function lossOf(session: MessagingSession): Promise<MasterSlaveError> {
  return (await session.ended).error;
}

/** Lets everything that is under way in this process and on the loopback happen. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 30));
}
