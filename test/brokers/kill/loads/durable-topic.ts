/** A durable subscription to a topic. Its consumer leaves and returns while messages are published, also over kills. */
import { setTimeout as sleep } from "node:timers/promises";
import { MasterSlaveError } from "../../../../src/errors/errors.ts";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import { Lanes, untilStill } from "./lanes.ts";
import type { LoadContext, LoadFindings, RunningLoad, StartLoad } from "./load.ts";
import { mayBeDoubled, NumberedSends } from "./numbered-sends.ts";

const ATTACHED_MS = 3_000;
const AWAY_MS = 400;
/** A second copy may come last. */
const QUIET_MS = 1_000;

export const startDurableTopic: StartLoad = async (context) => {
  const topic = `topic://${context.name}.durable`;
  const publisher = await context.connect();
  const sends = new NumberedSends(publisher, topic, (n) => ({ body: `event ${n}` }));
  const subscriber = new Subscriber(context, topic, sends);
  await subscriber.attach();
  return new DurableTopic(context, publisher, sends, subscriber);
};

class DurableTopic implements RunningLoad {
  readonly #context: LoadContext;
  readonly #publisher: Connection;
  readonly #sends: NumberedSends;
  readonly #subscriber: Subscriber;
  readonly #lanes: Lanes;
  readonly #coming: Lanes;

  constructor(context: LoadContext, publisher: Connection, sends: NumberedSends, subscriber: Subscriber) {
    this.#context = context;
    this.#publisher = publisher;
    this.#sends = sends;
    this.#subscriber = subscriber;
    this.#lanes = new Lanes({ lanes: 4, pauseMs: 50 + (context.restMs ?? 0) }, () => sends.burst(5));
    this.#coming = new Lanes({ lanes: 1, pauseMs: ATTACHED_MS }, () => subscriber.leaveAndReturn());
  }

  get done(): number {
    return this.#sends.ledger.counts.received;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#lanes.stop(), this.#coming.stop()]);
  }

  async settle(): Promise<void> {
    const { ledger } = this.#sends;
    await untilStill(
      () => ledger.complete,
      () => this.done,
    );
    await sleep(QUIET_MS);
    await this.#subscriber.end();
  }

  findings(): LoadFindings {
    const found = this.#sends.findings("event");
    return {
      ...found,
      unexpected: [...found.unexpected, ...this.#subscriber.failures],
      mayBeDoubled: mayBeDoubled(this.#context.product, this.#publisher),
      remarks: [`the subscriber came back ${this.#subscriber.returns} times`],
    };
  }
}

class Subscriber {
  readonly failures: string[] = [];
  returns = 0;
  readonly #context: LoadContext;
  readonly #topic: string;
  readonly #sends: NumberedSends;
  #attached: { readonly connection: Connection; readonly reading: Promise<void> } | undefined;

  constructor(context: LoadContext, topic: string, sends: NumberedSends) {
    this.#context = context;
    this.#topic = topic;
    this.#sends = sends;
  }

  /** Resolves when the broker has the subscription. */
  async attach(): Promise<void> {
    const connection = await this.#context.connect({ clientId: `${this.#context.name}.client` });
    const consumer = connection.consume(this.#topic, { durable: "events" });
    const read = async () => {
      for await (const delivery of consumer) {
        this.#sends.ledger.received(delivery);
        await delivery.accept();
      }
    };
    this.#attached = { connection, reading: read().catch((reason: unknown) => this.#note(reason)) };
    await consumer.ready.catch(() => {});
  }

  async leaveAndReturn(): Promise<void> {
    await this.#attached?.connection.close();
    await this.#attached?.reading;
    await sleep(AWAY_MS);
    await this.attach().catch((reason: unknown) => this.#note(reason));
    this.returns += 1;
  }

  /** Removes the subscription. */
  async end(): Promise<void> {
    await this.#attached?.connection.close();
    await this.#attached?.reading;
    const connection = await this.#context.connect({ clientId: `${this.#context.name}.client` });
    await connection.unsubscribe("events", { timeoutMs: 10_000 }).catch((reason: unknown) => this.#note(reason));
  }

  #note(reason: unknown): void {
    const code = reason instanceof MasterSlaveError ? reason.code : "UNTYPED";
    this.failures.push(`the subscription failed, ${code}: ${reason instanceof Error ? reason.message : reason}`);
  }
}
