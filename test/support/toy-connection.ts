/**
 * A real Connection over the real transport and a toy broker. It records the connection's events, and is closed at the
 * end of the test.
 */
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import type { MasterSlaveError } from "../../src/errors/errors.ts";
import { Connection } from "../../src/messaging/connection/connection.ts";
import type { ConnectionEvents } from "../../src/messaging/connection/connection-events.ts";
import type { ConnectionSettings } from "../../src/messaging/connection/connection-parts.ts";
import type { ConsumeOptions } from "../../src/messaging/receiving/consuming/consume-options.ts";
import type { Consumer } from "../../src/messaging/receiving/consuming/consumer.ts";
import type { Delivery } from "../../src/messaging/receiving/deliveries/delivery.ts";
import type { Endpoint } from "../../src/uri/endpoint.ts";
import { ToyBroker, type ToyMessagingSession, turns } from "./toy-messaging-session.ts";

const SETTINGS: ConnectionSettings = {
  attemptTimeout: 10_000,
  attemptStagger: 200,
  initialReconnectDelay: 1,
  delayAfterLoss: 0,
  maxReconnectDelay: 5,
  backOffFactor: undefined,
  maxReconnectRounds: Number.POSITIVE_INFINITY,
  startupMaxRounds: Number.POSITIVE_INFINITY,
  minConnectTime: 0,
  reconnectSpread: 0,
  authRetryMs: 60_000,
  randomize: false,
  connectTimeoutMs: undefined,
  sendTimeoutMs: undefined,
  drainTimeoutMs: 5_000,
  poisonAfter: 3,
  maxPendingSends: 10_000,
  maxPendingBytes: 16_777_216,
  inDoubt: "resend",
  overflow: "wait",
  whenInterrupted: "hold",
  whenFull: "reject",
  durableRetryMs: 60_000,
  clientId: undefined,
};

export const ENDPOINTS: readonly Endpoint[] = [
  { scheme: "stomp", host: "a.example", port: 61613, options: {} },
  { scheme: "stomp", host: "b.example", port: 61613, options: {} },
];

export type Told = {
  readonly [Name in keyof ConnectionEvents]: { readonly name: Name; readonly payload: ConnectionEvents[Name][0] };
}[keyof ConnectionEvents];

export interface ToyConnection {
  readonly broker: ToyBroker;
  readonly connection: Connection;
  /** Every event but "attempt", in order. */
  readonly told: readonly Told[];
}

/** An idle connection: call connect(). */
export function toyConnection(
  settings: Partial<ConnectionSettings> = {},
  habits: ToyBroker["habits"] = {},
): ToyConnection {
  const broker = new ToyBroker(habits);
  const connection = new Connection({
    endpoints: ENDPOINTS,
    open: broker.open,
    settings: { ...SETTINGS, ...settings },
  });
  const told: Told[] = [];
  for (const name of ["established", "interrupted", "restored", "failed", "closed", "warning"] as const) {
    connection.on(name, (payload: unknown) => told.push({ name, payload } as Told));
  }
  onTestFinished(() => connection.close({ drainTimeoutMs: 0 }));
  return { broker, connection, told };
}

/** A connection with a session. */
export async function toyConnected(
  settings: Partial<ConnectionSettings> = {},
  habits: ToyBroker["habits"] = {},
): Promise<ToyConnection & { readonly session: ToyMessagingSession }> {
  const toy = toyConnection(settings, habits);
  await toy.connection.connect();
  return { ...toy, session: toy.broker.session };
}

/** A connection with a session and a consumer of `destination`. */
export async function toyConsuming(destination: string, options: ConsumeOptions = {}) {
  const toy = await toyConnected();
  const consumer = toy.connection.consume(destination, options);
  await consumer.ready;
  return { ...toy, consumer, subscription: toy.session.to(destination) };
}

/** The next delivery. */
export async function take(consumer: Consumer): Promise<Delivery> {
  const { value } = await consumer.next();
  return value as Delivery;
}

/** Ends the present session and resolves with the next. */
export async function failover(broker: ToyBroker): Promise<ToyMessagingSession> {
  const next = broker.sessions.length + 1;
  broker.session.die();
  return broker.opened(next);
}

export type Fate =
  | { readonly kind: "pending" }
  | { readonly kind: "resolved"; readonly value: unknown }
  | { readonly kind: "rejected"; readonly error: MasterSlaveError };

/** Returns the present state of a promise. */
export async function fateOf(promise: Promise<unknown>): Promise<Fate> {
  await turns();
  const outcome = promise.then(
    (value): Fate => ({ kind: "resolved", value }),
    (error): Fate => ({ kind: "rejected", error }),
  );
  return Promise.race([outcome, turns(1).then((): Fate => ({ kind: "pending" }))]);
}

/** Resolves with the error of a promise that rejects; fails when it resolves. */
export async function rejectionOf<E = MasterSlaveError>(promise: Promise<unknown>): Promise<E> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: E) => ({ error }),
  );
  if ("error" in outcome) return outcome.error;
  throw new Error(`It was expected to reject, and resolved with ${JSON.stringify(outcome.value)}`);
}

/** Call it once in a test file: it fails the file if a promise of its tests was rejected without a handler. */
export function forbidUnhandledRejections(): void {
  const unhandled: unknown[] = [];
  const trap = (reason: unknown) => unhandled.push(reason);
  beforeAll(() => {
    process.on("unhandledRejection", trap);
  });
  afterAll(async () => {
    await turns(3);
    process.off("unhandledRejection", trap);
    expect(unhandled).toEqual([]);
  });
}
