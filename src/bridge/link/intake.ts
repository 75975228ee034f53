/** What a direction takes from its source: the consumers, and how much they may take. */
import type { Connection } from "../../messaging/connection/connection.ts";
import { formatDestination } from "../../messaging/messages/destination.ts";
import { keepReceivedBytes } from "../../messaging/messages/encoded-sections.ts";
import type { ConsumeOptions } from "../../messaging/receiving/consuming/consume-options.ts";
import type { Delivery } from "../../messaging/receiving/deliveries/delivery.ts";
import type { InFlightBudget } from "../forwarding/budget.ts";
import type { Gate } from "../forwarding/gate.ts";
import type { DestinationPattern } from "../routing/pattern.ts";
import { SourceConsumer, type SourceConsumerDeps } from "./source-consumer.ts";

export interface IntakeDeps {
  readonly connection: Connection;
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
  readonly #consumers: readonly SourceConsumer[];
  #left: number;
  #closing = false;
  #forgetBytes: () => void = () => {};
  /** `performance.now()` of the last delivery, or of the start. */
  lastTakenAt = performance.now();

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
    this.#left = deps.limit;
    this.#consumers = deps.sources.flatMap((source) => {
      const count = source.kind === "queue" ? deps.concurrency : 1;
      return Array.from({ length: count }, () => this.#consumer(source));
    });
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
    await Promise.all(this.#consumers.map((consumer) => consumer.start()));
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
    await Promise.all(this.#consumers.map((consumer) => consumer.close()));
    this.#forgetBytes();
  }

  #consumer(source: DestinationPattern): SourceConsumer {
    const { connection, optionsOf, onRefused } = this.#deps;
    return new SourceConsumer({
      connection,
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
