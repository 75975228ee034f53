/**
 * Several message groups in one queue with two consumers. The order of each group must hold, whichever consumer has it.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import type { Delivery } from "../../../../src/messaging/receiving/deliveries/delivery.ts";
import { Lanes, untilStill } from "./lanes.ts";
import { addFindings, type LoadContext, type LoadFindings, type RunningLoad, type StartLoad } from "./load.ts";
import { mayBeDoubled, NumberedSends } from "./numbered-sends.ts";

const GROUPS = 8;
const CONSUMERS = 2;
/** A second copy may come last. */
const QUIET_MS = 1_000;

export const startGroups: StartLoad = async (context) => {
  const queue = `queue://${context.name}.groups`;
  const groups = new Groups(context, queue, await context.connect());
  for (let each = 0; each < CONSUMERS; each++) await groups.consume(await context.connect());
  groups.start();
  return groups;
};

class Groups implements RunningLoad {
  readonly #context: LoadContext;
  readonly #queue: string;
  readonly #sender: Connection;
  readonly #groups: ReadonlyMap<string, NumberedSends>;
  readonly #failures: string[] = [];
  /** How many messages each consumer got, and which groups it has. */
  readonly #taken: number[] = [];
  readonly #owners = new Map<string, number>();
  #moves = 0;
  #lanes: Lanes | undefined;

  constructor(context: LoadContext, queue: string, sender: Connection) {
    this.#context = context;
    this.#queue = queue;
    this.#sender = sender;
    const ids = Array.from({ length: GROUPS }, (_, index) => `group-${index + 1}`);
    this.#groups = new Map(ids.map((groupId) => [groupId, new NumberedSends(sender, queue, compose(groupId))]));
  }

  get done(): number {
    return this.#all.reduce((sum, { ledger }) => sum + ledger.counts.received, 0);
  }

  /** Resolves when the broker has the subscription. */
  async consume(connection: Connection): Promise<void> {
    const consumer = connection.consume(this.#queue, { prefetch: 50 });
    const number = this.#taken.push(0) - 1;
    const read = async () => {
      for await (const delivery of consumer) {
        this.#note(delivery, number);
        await delivery.accept();
      }
    };
    read().catch((reason: unknown) => this.#failures.push(`a consumer failed: ${reason}`));
    await consumer.ready;
  }

  start(): void {
    const all = this.#all;
    const pauseMs = 60 + (this.#context.restMs ?? 0);
    this.#lanes = new Lanes({ lanes: 2, pauseMs }, () => Promise.all(all.map((group) => group.burst(2))));
  }

  async stop(): Promise<void> {
    await this.#lanes?.stop();
  }

  async settle(): Promise<void> {
    await untilStill(
      () => this.#all.every(({ ledger }) => ledger.complete),
      () => this.done,
    );
    await sleep(QUIET_MS);
  }

  findings(): LoadFindings {
    const found = addFindings([...this.#groups].map(([name, group]) => group.findings(`${name}, message`)));
    return {
      ...found,
      unexpected: [...found.unexpected, ...this.#failures],
      mayBeDoubled: mayBeDoubled(this.#context.product, this.#sender),
      remarks: [`the consumers got ${this.#taken.join(" and ")}, groups changed hands ${this.#moves - GROUPS} times`],
    };
  }

  #note(delivery: Delivery, consumer: number): void {
    // Over STOMP, Classic does not show the group.
    const name = String(delivery.message.properties["group"]);
    const group = this.#groups.get(name);
    if (group) group.ledger.received(delivery);
    else this.#failures.push(`a message of the group ${name}`);
    this.#taken[consumer] = (this.#taken[consumer] ?? 0) + 1;
    if (this.#owners.get(name) !== consumer) this.#moves += 1;
    this.#owners.set(name, consumer);
  }

  get #all(): readonly NumberedSends[] {
    return [...this.#groups.values()];
  }
}

function compose(groupId: string) {
  return (n: number) => ({ body: `${groupId} ${n}`, options: { groupId, properties: { group: groupId } } });
}
