/** What a direction takes from its source: the consumers, and how much they may take. */
import { formatDestination } from "../../messaging/messages/destination.ts";
import { keepReceivedBytes } from "../../messaging/messages/encoded-sections.ts";
import type { ConsumeOptions } from "../../messaging/receiving/consuming/consume-options.ts";
import type { Delivery } from "../../messaging/receiving/deliveries/delivery.ts";
import type { InFlightBudget } from "../forwarding/budget.ts";
import type { Gate } from "../forwarding/gate.ts";
import type { DestinationPattern } from "../routing/pattern.ts";
import type { OpenGroup } from "./open-group.ts";
import { QueueList } from "./queue-list.ts";
import { SourceConsumer, type SourceConsumerDeps } from "./source-consumer.ts";

export interface IntakeDeps {
  readonly source: OpenGroup;
  readonly sources: readonly DestinationPattern[];
  /** Consumers of each queue. */
  readonly concurrency: number;
  readonly optionsOf: (source: DestinationPattern) => ConsumeOptions;
  readonly budget: InFlightBudget;
  readonly gate: Gate;
  /** How many messages are taken at all. */
  readonly limit: number;
  /** Gives a delivery to the forwarder; its bytes are in the budget. Never rejects. */
  readonly forward: (delivery: Delivery, bytes: number) => Promise<void>;
  readonly onRefused: SourceConsumerDeps["onRefused"];
}

export class Intake {
  readonly #deps: IntakeDeps;
  readonly #consumers: SourceConsumer[] = [];
  readonly #list: QueueList;
  #left: number;
  #closing = false;
  #forgetBytes: () => void = () => {};
  /** `performance.now()` of the last delivery, or of the start. */
  lastTakenAt = performance.now();

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
    this.#left = deps.limit;
    const { source, sources, onRefused } = deps;
    this.#list = new QueueList({ group: source, sources, onQueue: (queue) => this.#add(queue), onRefused });
  }

  /** The queues that are consumed by their plain names. */
  get queues(): readonly string[] {
    const plain = this.#deps.sources.filter(({ kind, hasWildcard }) => kind === "queue" && !hasWildcard);
    return [...new Set([...plain.map(({ name }) => name), ...this.#list.queues])];
  }

  /** Everything that was to be taken is taken. */
  get isOver(): boolean {
    return this.#left <= 0;
  }

  /** Resolves when the broker has every consumer, or has refused it. */
  async start(): Promise<void> {
    this.lastTakenAt = performance.now();
    // What came over AMQP goes on as it is encoded.
    this.#forgetBytes = keepReceivedBytes();
    const direct = this.#deps.sources.filter((source) => !this.#list.expands(source));
    await Promise.all([...direct.map((source) => this.#add(source)), this.#list.start()]);
  }

  /** Takes nothing more. */
  stop(): void {
    this.#closing = true;
    this.#deps.budget.close();
    this.#deps.gate.clear();
  }

  /** Leaves; what is unsettled goes back. Never rejects. */
  async close(): Promise<void> {
    this.stop();
    this.#list.close();
    await Promise.all(this.#consumers.map((consumer) => consumer.close()));
    this.#forgetBytes();
  }

  /** Resolves when the broker has the consumers of a source, or has refused them. */
  async #add(source: DestinationPattern): Promise<void> {
    if (this.#closing) return;
    const count = source.kind === "queue" ? this.#deps.concurrency : 1;
    const consumers = Array.from({ length: count }, () => this.#consumer(source));
    this.#consumers.push(...consumers);
    await Promise.all(consumers.map((consumer) => consumer.start()));
  }

  #consumer(source: DestinationPattern): SourceConsumer {
    const { optionsOf, onRefused } = this.#deps;
    return new SourceConsumer({
      connection: this.#deps.source.connection,
      destination: formatDestination(source),
      options: () => optionsOf(source),
      onRefused,
      mayTake: () => this.#mayTake(),
      take: (delivery) => this.#take(delivery),
    });
  }

  async #mayTake(): Promise<boolean> {
    await this.#deps.gate.passed();
    return !this.#closing && this.#left > 0;
  }

  /** What is not taken after all stays unsettled, and goes back when its consumer closes. */
  async #take(delivery: Delivery): Promise<void> {
    const bytes = delivery.message.bytes().length;
    if (!(await this.#mayTake())) return;
    if (!(await this.#deps.budget.acquire(bytes))) return;
    this.#left -= 1;
    this.lastTakenAt = performance.now();
    await this.#deps.forward(delivery, bytes);
  }
}
