/** What the tests of the STOMP adapter on real brokers share: a pair of each product, sessions with it, sends and drains. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { openStompSession } from "../../src/adapters/stomp/open-session.ts";
import type { AdapterSettings, ConnectionWarning } from "../../src/messaging/port/adapter-settings.ts";
import type { MessagingSession, OutgoingSend } from "../../src/messaging/port/messaging-session.ts";
import { TestConsumer, type TestSend } from "../unit/adapters/stomp/messaging-steps.ts";
import { type GroupOptions, type MemberName, type Product, type RealGroup, startGroup } from "./real-group.ts";

export class StompBench {
  readonly product: Product;
  readonly classic: boolean;
  readonly sessions: MessagingSession[] = [];
  readonly warnings: ConnectionWarning[] = [];
  #group: RealGroup | undefined;
  #names = 0;

  constructor(product: Product) {
    this.product = product;
    this.classic = product === "classic";
  }

  get group(): RealGroup {
    if (!this.#group) throw new Error("The pair of brokers is not up");
    return this.#group;
  }

  async start(options: GroupOptions): Promise<void> {
    this.#group = await startGroup(this.product, options);
  }

  async leave(): Promise<void> {
    await Promise.all(this.sessions.splice(0).map((session) => session.close(AbortSignal.timeout(2000))));
    this.warnings.length = 0;
  }

  async stop(): Promise<void> {
    await this.#group?.close();
  }

  /** A name that no other test of this file has used. */
  freshName(): string {
    return `adapter.stomp.${++this.#names}`;
  }

  freshQueue(): string {
    return `queue://${this.freshName()}`;
  }

  freshTopic(): string {
    return `topic://${this.freshName()}`;
  }

  async open(settings: Partial<AdapterSettings> = {}, member: MemberName = "a"): Promise<MessagingSession> {
    const attempt = openStompSession({
      credentials: () => this.group.credentials,
      clientId: undefined,
      heartbeatMs: 2000,
      tls: undefined,
      deadLetterDestination: { kind: "queue", name: "DLQ" },
      releaseWaitMs: 5000,
      onWarning: (warning) => this.warnings.push(warning),
      ...settings,
    });
    const endpoint = { scheme: "stomp", ...this.group.endpoint(member, "stomp"), options: {} } as const;
    const session = await attempt(endpoint, { signal: AbortSignal.timeout(10_000), turn: async () => {} });
    this.sessions.push(session);
    return session;
  }

  /** Everything that is left in a queue, accepted. */
  async drain(queue: string): Promise<string[]> {
    const session = await this.open();
    const consumer = await ready(new TestConsumer(session, queue));
    await sleep(500);
    for (const delivery of consumer.deliveries) consumer.subscription.settle(delivery, { kind: "accepted" });
    await session.close(AbortSignal.timeout(2000));
    return consumer.deliveries.map(({ message }) => message.text());
  }
}

/** Runs the tests once with a pair of each product; sessions are closed after each test. */
export function onRealBrokers(name: string, tests: (bench: StompBench) => void, options: GroupOptions = {}): void {
  describe.each(["classic", "artemis"] as const)(`${name} on a real %s`, (product) => {
    const bench = new StompBench(product);
    beforeAll(() => bench.start(options), 600_000);
    afterEach(() => bench.leave());
    afterAll(() => bench.stop());
    tests(bench);
  });
}

/** The consumer, as soon as the broker has its subscription. */
export async function ready(consumer: TestConsumer): Promise<TestConsumer> {
  await consumer.until(() => consumer.ready === 1 || consumer.refusals.length > 0);
  expect(consumer.refusals).toEqual([]);
  return consumer;
}

/** Writes the sends, to a session or into a transaction, and waits until the broker has confirmed each. */
export async function confirmed(target: { send(send: OutgoingSend): void }, ...sends: TestSend[]): Promise<void> {
  for (const send of sends) target.send(send);
  for (const send of sends) expect(await send.outcome).toEqual({ kind: "confirmed" });
}

/** The texts of what a consumer has, from the nth delivery on. */
export function texts(consumer: TestConsumer, from = 0): string[] {
  return consumer.deliveries.slice(from).map(({ message }) => message.text());
}
