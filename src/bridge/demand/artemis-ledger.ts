/**
 * The consumers of queues and the subscriptions of topics that Artemis reports in its notifications
 * (docs/decisions/0027-demand-and-one-active-process.md).
 */
import { type DestinationPattern, distinctPatterns } from "../routing/pattern.ts";
import { announcedPattern } from "./announced-name.ts";
import { isBridgeSelector } from "./bridge-mark.ts";
import { checkConsumerCount } from "./max-consumers.ts";

export type ManagedRow = Readonly<Record<string, unknown>>;

/** The answers of the management address at the start of a session, without the notifications that came meanwhile. */
export interface ArtemisAnswers {
  /** Rows of listConsumers, which have the address and the selector. */
  readonly consumers: readonly ManagedRow[];
  /** Rows of listAllConsumersAsJSON, which have the id that notifications use and say which consumers are browsers. */
  readonly identities: readonly ManagedRow[];
  readonly queues: readonly ManagedRow[];
}

export class ArtemisLedger {
  /** Consumers of queues, by session and consumer number. Artemis sends no notifications about browsers. */
  readonly #consumers = new Map<string, DestinationPattern>();
  /**
   * Queues of subscriptions to topics, by name. A durable subscription counts as demand while its subscriber is away.
   */
  readonly #subscriptions = new Map<string, DestinationPattern>();
  readonly #isRelevant: (destination: DestinationPattern) => boolean;

  constructor(isRelevant: (destination: DestinationPattern) => boolean) {
    this.#isRelevant = isRelevant;
  }

  demanded(): readonly DestinationPattern[] {
    return distinctPatterns([...this.#consumers.values(), ...this.#subscriptions.values()]);
  }

  /** @throws Error when there are more consumers than are kept. */
  begin({ consumers, identities, queues }: ArtemisAnswers): void {
    const known = new Map(identities.map((row) => [text(row["sequentialId"]), row]));
    for (const row of consumers) {
      const identity = known.get(text(row["id"]));
      // The consumer came or left between the two answers: a notification tells of it.
      if (!identity || identity["browseOnly"] === true || isBridgeSelector(row["filter"])) continue;
      if (row["queueType"] === "anycast")
        this.#add(this.#consumers, consumerKey(identity["sessionID"], identity["consumerID"]), "queue", row["address"]);
    }
    for (const { name, address, filter, routingType } of queues)
      if (routingType === "MULTICAST" && !isBridgeSelector(filter))
        this.#add(this.#subscriptions, text(name), "topic", address);
  }

  /** @throws Error when there are more consumers than are kept. */
  apply(properties: Readonly<Record<string, unknown>>): void {
    const { _AMQ_Address: address, _AMQ_RoutingName: queue, _AMQ_FilterString: filter } = properties;
    const key = consumerKey(properties["_AMQ_SessionName"], properties["_AMQ_ConsumerName"]);
    // The queue of a topic subscription has a different name than its address; a queue proper has the same name.
    const isSubscription = queue !== address;
    switch (properties["_AMQ_NotifType"]) {
      case "CONSUMER_CREATED":
        if (!isSubscription && !isBridgeSelector(filter)) this.#add(this.#consumers, key, "queue", address);
        break;
      case "CONSUMER_CLOSED":
        this.#consumers.delete(key);
        break;
      case "BINDING_ADDED":
        if (isSubscription && !isBridgeSelector(filter)) this.#add(this.#subscriptions, text(queue), "topic", address);
        break;
      case "BINDING_REMOVED":
        this.#subscriptions.delete(text(queue));
        break;
    }
  }

  #add(to: Map<string, DestinationPattern>, key: string, kind: "queue" | "topic", address: unknown): void {
    // Artemis writes `#` where our patterns have `>`.
    const pattern = announcedPattern(kind, text(address).replace(/(^|\.)#$/, "$1>"));
    if (!pattern || !this.#isRelevant(pattern)) return;
    to.set(key, pattern);
    checkConsumerCount(to.size);
  }
}

function consumerKey(session: unknown, consumer: unknown): string {
  return `${text(session)} ${text(consumer)}`;
}

function text(value: unknown): string {
  return value === undefined || value === null ? "" : String(value);
}
