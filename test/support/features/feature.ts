/** A row of the feature table: something a user wants to do, tried on one broker over one protocol. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../../src/connect/connect.ts";
import type { ConnectionOptions } from "../../../src/connect/connect-options.ts";
import { MasterSlaveError, UnsupportedError } from "../../../src/errors/errors.ts";
import type { Connection } from "../../../src/messaging/connection/connection.ts";
import type { Consumer } from "../../../src/messaging/receiving/consuming/consumer.ts";
import type { Delivery } from "../../../src/messaging/receiving/deliveries/delivery.ts";
import type { Credentials } from "../../../src/uri/endpoint.ts";

export interface Feature {
  /** The row's title. */
  readonly name: string;
  /**
   * Resolves when the feature works as the library says. If it is refused, rejects with an UnsupportedError, or with an
   * error that has one as its cause.
   */
  readonly attempt: (trial: Trial) => Promise<void>;
}

/** Long enough for a broker to deliver everything it has. */
const QUIET_MS = 400;
const PATIENCE_MS = 10_000;

export type Protocol = "stomp" | "amqp";

/** Where a feature is tried: a pair of real brokers, or the embedded group. */
export interface TriedGroup {
  readonly product: "classic" | "artemis" | "embedded";
  readonly credentials?: Credentials;
  uri(protocol: Protocol): string;
}

export class Trial {
  readonly product: TriedGroup["product"];
  readonly protocol: Protocol;
  readonly group: TriedGroup;
  readonly #connections: Connection[] = [];
  readonly #name: string;
  readonly #prefix: string;
  #names = 0;

  /** `prefix`: the beginning of all destination names, unless a feature needs others. */
  constructor(group: TriedGroup, protocol: Protocol, name: string, prefix = "") {
    this.#prefix = prefix;
    this.group = group;
    this.product = group.product;
    this.protocol = protocol;
    this.#name = `features.${protocol}.${name}`;
  }

  async connect(options: ConnectionOptions = {}): Promise<Connection> {
    const { credentials } = this.group;
    const connection = await connect(this.group.uri(this.protocol), {
      ...(credentials && { credentials }),
      drainTimeoutMs: 0,
      ...options,
    });
    this.#connections.push(connection);
    return connection;
  }

  /** Returns a name that nobody has used. */
  fresh(kind: "queue" | "topic", prefix = this.#prefix): string {
    return `${kind}://${prefix}${this.#name}.${++this.#names}`;
  }

  async end(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }
}

/** Resolves with the next delivery; fails when none comes. */
export async function take(consumer: Consumer): Promise<Delivery> {
  const delivery = await consumer.receive({ timeoutMs: PATIENCE_MS });
  if (!delivery) throw new Error(`Nothing came within ${PATIENCE_MS} ms`);
  return delivery;
}

/** Fails when a message comes. */
export async function nothing(consumer: Consumer): Promise<void> {
  await consumer.ready;
  const delivery = await consumer.receive({ timeoutMs: QUIET_MS });
  if (delivery) throw new Error(`Nothing was to come, and ${delivery.message.text()} came`);
}

/** Accepts every text that comes, and returns them: waits for `count` texts, then until no more come. */
export async function drain(consumer: Consumer, count: number): Promise<string[]> {
  const texts: string[] = [];
  await consumer.ready;
  for (;;) {
    const delivery = await consumer.receive({ timeoutMs: texts.length < count ? PATIENCE_MS : QUIET_MS });
    if (!delivery) return texts;
    texts.push(delivery.message.text());
    await delivery.accept();
  }
}

/** Resolves when `holds` returns true; fails when it never does. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Not within ${PATIENCE_MS} ms: ${what}`);
    await sleep(20);
  }
}

/** Returns why a broker and protocol cannot do something, if that is what the reason says. */
export function refusalOf(reason: unknown): string | undefined {
  if (reason instanceof UnsupportedError) return reason.message;
  if (reason instanceof MasterSlaveError && reason.cause instanceof UnsupportedError) return reason.cause.message;
  return undefined;
}
