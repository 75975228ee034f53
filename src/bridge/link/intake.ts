/** What a direction takes from its source: the consumers, and the limit on messages that they may take. */
import { formatDestination } from "../../messaging/messages/destination.ts";
import { keepReceivedBytes } from "../../messaging/messages/encoded-sections.ts";
import type { ConsumeOptions } from "../../messaging/receiving/consuming/consume-options.ts";
import type { Delivery } from "../../messaging/receiving/deliveries/delivery.ts";
import type { TakenSource } from "../demand/demand-control.ts";
import type { InFlightBudget } from "../forwarding/budget.ts";
import type { Gate } from "../forwarding/gate.ts";
import { Places } from "../forwarding/places.ts";
import { messageSize } from "../memory/message-size.ts";
import { type DestinationPattern, formatPattern } from "../routing/pattern.ts";
import type { OpenGroup } from "./open-group.ts";
import { QueueList } from "./queue-list.ts";
import { SourceConsumer, type SourceConsumerDeps } from "./source-consumer.ts";

export interface IntakeDeps {
  readonly source: OpenGroup;
  /**
   * Wildcards over queues that must be expanded by listing, because the broker has none; empty where destinations come
   * on demand.
   */
  readonly listed: readonly DestinationPattern[];
  /** Whether the link forwards the queue of this name. */
  readonly isRouted: (name: string) => boolean;
  /** Number of consumers of each queue. */
  readonly concurrency: number;
  readonly optionsOf: (source: TakenSource) => ConsumeOptions;
  readonly budget: InFlightBudget;
  readonly gate: Gate;
  /** The most messages to take in total. */
  readonly limit: number;
  /** Passes a delivery to the forwarder. Its bytes are already counted against the limit in flight. Never rejects. */
  readonly forward: (delivery: Delivery, bytes: number) => Promise<void>;
  readonly onRefused: SourceConsumerDeps["onRefused"];
  readonly longestWaitMs: SourceConsumerDeps["longestWaitMs"];
  /** Called when a source is no longer taken. Its unsettled messages come again once it is taken again. */
  readonly onLeft: () => void;
}

interface Taken {
  readonly source: TakenSource;
  readonly consumers: readonly SourceConsumer[];
  readonly started: Promise<unknown>;
}

interface Leaving {
  /** The leaving consumers that the broker still has. */
  readonly consumers: readonly SourceConsumer[];
  readonly left: Promise<void>;
}

export class Intake {
  readonly #deps: IntakeDeps;
  readonly #list: QueueList;
  readonly #taken = new Map<string, Taken>();
  /**
   * Consumers that are leaving. The same source is consumed again only after them, so that its messages keep their
   * order.
   */
  readonly #leaving = new Map<string, Leaving>();
  readonly #places: Places;
  #closing = false;
  #forgetBytes: (() => void) | undefined;
  /** The `performance.now()` of the last delivery, of the start, or of the last change of the source's session. */
  lastTakenAt = performance.now();

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
    this.#places = new Places(deps.limit);
    const { source, listed, isRouted, onRefused } = deps;
    const onQueue = (queue: DestinationPattern) => this.#found(queue);
    this.#list = new QueueList({ group: source, sources: listed, isRouted, onQueue, onRefused });
    // Silence without a session tells nothing of the queues.
    for (const event of ["interrupted", "restored"] as const)
      source.connection.on(event, () => {
        this.lastTakenAt = performance.now();
      });
  }

  /** The queues that are consumed under their plain names. */
  get queues(): readonly string[] {
    const taken = [...this.#taken.values()].map(({ source }) => source.pattern);
    return taken.filter(({ kind, hasWildcard }) => kind === "queue" && !hasWildcard).map(({ name }) => name);
  }

  /** Whether the limit of messages has been taken. */
  get isOver(): boolean {
    return this.#places.areTaken;
  }

  /** Call it once, after take(). Resolves when the broker has accepted or refused every consumer. */
  async start(): Promise<void> {
    this.lastTakenAt = performance.now();
    await Promise.all([...[...this.#taken.values()].map(({ started }) => started), this.#list.start()]);
  }

  /**
   * Consumes the sources that are not consumed yet, and leaves those that are no longer listed. The connection must be
   * connected.
   */
  take(sources: readonly TakenSource[]): void {
    if (this.#closing) return;
    const direct = sources.filter(({ pattern }) => !this.#list.expands(pattern));
    const wanted = new Map(direct.map((source) => [keyOf(source), source]));
    for (const key of this.#taken.keys()) if (!wanted.has(key)) this.#leave(key);
    for (const [key, source] of wanted) if (!this.#taken.has(key)) this.#ask(key, source);
  }

  /** Stops taking messages. */
  stop(): void {
    this.#closing = true;
    this.#places.close();
    this.#deps.budget.close();
    this.#deps.gate.clear();
  }

  /** Closes the consumers; unsettled messages go back to the broker. Never rejects. */
  async close(): Promise<void> {
    this.stop();
    this.#list.close();
    const leaving = [...this.#leaving.values()];
    const consumers = [...this.#taken.values(), ...leaving].flatMap((each) => each.consumers);
    await Promise.all([...consumers.map((consumer) => consumer.close()), ...leaving.map(({ left }) => left)]);
    this.#forgetBytes?.();
  }

  /** Resolves when the broker has accepted or refused the consumers of a queue that was found. */
  async #found(pattern: DestinationPattern): Promise<void> {
    const source = { pattern, returns: false };
    const key = keyOf(source);
    if (this.#closing) return;
    if (!this.#taken.has(key)) this.#ask(key, source);
    await this.#taken.get(key)?.started;
  }

  #ask(key: string, source: TakenSource): void {
    // Keeps the received bytes of AMQP messages, which are forwarded without decoding.
    this.#forgetBytes ??= keepReceivedBytes();
    const count = source.pattern.kind === "queue" ? this.#deps.concurrency : 1;
    const consumers = Array.from({ length: count }, () => this.#consumer(source));
    const started = Promise.all(consumers.map((consumer) => consumer.start(this.#leaving.get(key)?.left)));
    this.#taken.set(key, { source, consumers, started });
  }

  #leave(key: string): void {
    const consumers = this.#taken.get(key)?.consumers ?? [];
    const before = this.#leaving.get(key);
    this.#taken.delete(key);
    const open = [...(before?.consumers ?? []), ...consumers].filter(({ isOpen }) => isOpen);
    const left = Promise.all([before?.left, ...consumers.map((consumer) => consumer.leave())]).then(() => {
      if (this.#leaving.get(key)?.left === left) this.#leaving.delete(key);
      this.#deps.onLeft();
    });
    this.#leaving.set(key, { consumers: open, left });
  }

  #consumer(source: TakenSource): SourceConsumer {
    const { optionsOf, onRefused, longestWaitMs } = this.#deps;
    return new SourceConsumer({
      connection: this.#deps.source.connection,
      destination: formatDestination(source.pattern),
      options: () => optionsOf(source),
      onRefused,
      longestWaitMs,
      mayTake: () => this.#mayTake(),
      take: (delivery) => this.#take(delivery),
    });
  }

  /** Gives back the places of messages that the link has taken and the source delivers again. */
  comesAgain(count: number): void {
    this.#places.giveBack(count);
  }

  async #mayTake(): Promise<boolean> {
    await this.#deps.gate.passed();
    await this.#places.free();
    return !this.#closing;
  }

  /** A delivery that the link does not take stays unsettled, and goes back to the broker when its consumer closes. */
  async #take(delivery: Delivery): Promise<void> {
    const { gate, budget, forward } = this.#deps;
    const bytes = messageSize(delivery.message);
    await gate.passed();
    if (!(await this.#places.take())) return;
    if (!(await budget.acquire(bytes))) return;
    if (!delivery.origin.holds(delivery)) {
      // The session or the consumer ended while the delivery waited: the message comes again, here or elsewhere.
      budget.release(bytes);
      this.comesAgain(1);
      return;
    }
    this.lastTakenAt = performance.now();
    await forward(delivery, bytes);
  }
}

function keyOf({ pattern, returns }: TakenSource): string {
  return `${returns ? "returns " : ""}${formatPattern(pattern)}`;
}
