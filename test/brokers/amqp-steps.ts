/**
 * Shared by the AMQP adapter's tests on real brokers: a pair, sessions on its active member, subscriptions and sends.
 */
import { afterAll, beforeAll, expect } from "vitest";
import { type Destination, formatDestination } from "../../src/messaging/messages/destination.ts";
import type { MessageBody, MessageOptions } from "../../src/messaging/messages/outgoing-message.ts";
import type { AdapterSettings } from "../../src/messaging/port/adapter-settings.ts";
import type {
  IncomingDelivery,
  MessagingSession,
  SessionSubscription,
  SubscriptionRequest,
} from "../../src/messaging/port/messaging-session.ts";
import { openOn, type RecordedSink, recordedSend, recordedSink } from "../unit/adapters/amqp/scripted-peer.ts";
import { type GroupOptions, type Product, type RealGroup, startGroup } from "./real-group.ts";

export const PRODUCTS: readonly Product[] = ["classic", "artemis"];

export interface Subscribed {
  readonly sink: RecordedSink;
  readonly subscription: SessionSubscription;
  /** The address of the temporary queue, if the subscription has one. */
  readonly address: Destination | undefined;
  texts(): string[];
}

export interface AmqpSteps {
  readonly group: RealGroup;
  open(settings?: Partial<AdapterSettings>): Promise<MessagingSession>;
  /** Returns a destination that nobody has used. */
  fresh(kind?: Destination["kind"]): Destination;
}

let names = 0;

/** Call it within a describe: starts a pair before its tests, and ends it after them. */
export function amqpSteps(product: Product, options: GroupOptions = {}): AmqpSteps {
  let started: RealGroup | undefined;
  const group = () => {
    if (!started) throw new Error("The pair has not been started");
    return started;
  };
  beforeAll(async () => {
    started = await startGroup(product, options);
  }, 600_000);
  afterAll(async () => {
    await started?.close();
  });
  return {
    get group() {
      return group();
    },
    open: (settings = {}) => {
      const endpoint = { scheme: "amqp", ...group().endpoint("a", "amqp"), options: {} } as const;
      return openOn({ endpoint }, { credentials: () => group().credentials, heartbeatMs: 5000, ...settings });
    },
    fresh: (kind = "queue") => {
      names += 1;
      return { kind, name: `open.${product}-${process.pid}-${names}` };
    },
  };
}

/** Resolves with the refusal. */
export async function subscribed(
  session: MessagingSession,
  destination: Destination,
  request: Partial<SubscriptionRequest> = {},
): Promise<Subscribed> {
  const sink = recordedSink();
  const subscription = session.subscribe({ destination, prefetch: 10, ...request }, sink);
  const address = await Promise.race([sink.ready, sink.refused.then((error) => Promise.reject(error))]);
  return { sink, subscription, address, texts: () => sink.deliveries.map(({ message }) => message.text()) };
}

export async function confirmed(
  session: Pick<MessagingSession, "send">,
  to: Destination,
  body: MessageBody,
  options: MessageOptions = {},
): Promise<void> {
  const send = recordedSend(to, body, options);
  session.send(send);
  expect(await send.outcome, formatDestination(to)).toEqual({ kind: "confirmed" });
}

export async function received({ sink }: Subscribed, index: number): Promise<IncomingDelivery> {
  await sink.delivered(index + 1);
  return sink.deliveries[index] as IncomingDelivery;
}

/** Takes everything out of a queue: reads until nothing has come for a while, longer if more messages are expected. */
export async function emptied(session: MessagingSession, queue: Destination, atLeast = 0): Promise<string[]> {
  const rest = await subscribed(session, queue, { prefetch: 100 });
  let settled = 0;
  const patience = performance.now() + 20_000;
  do {
    for (const delivery of rest.sink.deliveries.slice(settled)) {
      rest.subscription.settle(delivery, { kind: "accepted" });
      settled += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  } while (settled < rest.sink.deliveries.length || (settled < atLeast && performance.now() < patience));
  await rest.subscription.close();
  return rest.texts();
}
