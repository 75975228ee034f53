/** Bodies from nothing to 1 MiB, text and bytes, each with a checksum of its own. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import type { ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";
import { Lanes, untilStill } from "./lanes.ts";
import type { LoadContext, LoadFindings, RunningLoad, StartLoad } from "./load.ts";
import { mayBeDoubled, NumberedSends } from "./numbered-sends.ts";

/** The sizes, in turn; the largest is the largest for which speed is promised. */
const SIZES = [0, 1, 100, 1_000, 5_000, 20_000, 65_536, 131_073, 300_000, 1_048_576];
/** A second copy may come last. */
const QUIET_MS = 1_000;

export const startMixedBodies: StartLoad = async (context) => {
  const queue = `queue://${context.name}.mixed`;
  const mixed = new MixedBodies(context, queue, await context.connect());
  await mixed.consume(await context.connect());
  return mixed;
};

class MixedBodies implements RunningLoad {
  readonly #context: LoadContext;
  readonly #queue: string;
  readonly #sender: Connection;
  readonly #sends: NumberedSends;
  readonly #failures: string[] = [];
  #lanes: Lanes | undefined;

  constructor(context: LoadContext, queue: string, sender: Connection) {
    this.#context = context;
    this.#queue = queue;
    this.#sender = sender;
    this.#sends = new NumberedSends(sender, queue, composeBody);
  }

  get done(): number {
    return this.#sends.ledger.counts.received;
  }

  /** Resolves when the broker has the subscription, and the load starts. */
  async consume(connection: Connection): Promise<void> {
    const consumer = connection.consume(this.#queue, { prefetch: 20 });
    const read = async () => {
      for await (const delivery of consumer) {
        const damage = findDamage(delivery.message);
        if (damage) this.#failures.push(damage);
        this.#sends.ledger.received(delivery);
        await delivery.accept();
      }
    };
    read().catch((reason: unknown) => this.#failures.push(`the consumer failed: ${reason}`));
    await consumer.ready;
    const pauseMs = 150 + (this.#context.restMs ?? 0);
    this.#lanes = new Lanes({ lanes: 4, pauseMs }, () => this.#sends.burst(2));
  }

  async stop(): Promise<void> {
    await this.#lanes?.stop();
  }

  async settle(): Promise<void> {
    await untilStill(
      () => this.#sends.ledger.complete,
      () => this.done,
    );
    await sleep(QUIET_MS);
  }

  findings(): LoadFindings {
    const found = this.#sends.findings();
    return {
      ...found,
      unexpected: [...found.unexpected, ...this.#failures],
      mayBeDoubled: mayBeDoubled(this.#context.product, this.#sender),
    };
  }
}

/** Returns a different body for every number. Text has characters of two, three and four bytes. */
export function composeBody(n: number) {
  const size = SIZES[n % SIZES.length] ?? 0;
  const text = n % 3 === 0;
  const pattern = text ? `${n} é€😀 ` : Buffer.from([n % 256, (n >> 8) % 256, 0, 10, 13, 255]);
  const bytes = Buffer.alloc(size, pattern as Uint8Array);
  // A character that is cut at the end would not be valid text.
  const body = text ? bytes.toString().replaceAll("\ufffd", "?") : bytes;
  return { body, options: { properties: { sum: checksum(Buffer.from(body)) } } };
}

/** Returns in words how a body differs from what was sent. */
export function findDamage(message: ReceivedMessage): string | undefined {
  const body = message.bytes();
  const { n, sum } = message.properties;
  return checksum(body) === sum ? undefined : `message ${n} came damaged, with ${body.length} bytes`;
}

function checksum(body: Uint8Array): string {
  return createHash("sha1").update(body).digest("hex");
}
