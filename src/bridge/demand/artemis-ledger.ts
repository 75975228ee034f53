/** The consumers of queues and the subscriptions of topics that Artemis's notifications tell of (NETWORK-FACTS.md, 2). */
import { type DestinationPattern, formatPattern } from "../routing/pattern.ts";
import { announcedPattern } from "./announced-name.ts";
import { isBridgeSelector } from "./bridge-mark.ts";

export const MAX_CONSUMERS = 10_000;

export type ManagedRow = Readonly<Record<string, unknown>>;

/** What was asked at the session's start, beside the notifications that came meanwhile. */
export interface ArtemisAnswers {
  /** listConsumers: tells the address and the selector. */
  readonly consumers: readonly ManagedRow[];
  /** listAllConsumersAsJSON: tells the id that notifications use, and browsers. */
  readonly identities: readonly ManagedRow[];
  readonly queues: readonly ManagedRow[];
}

export class ArtemisLedger {
  /** Consumers of queues, by session and number. Browsers are not notified. */
  readonly #consumers = new Map<string, DestinationPattern>();
  /** Queues of subscriptions to topics, by name. A durable one stays while its subscriber is away: it is demand. */
  readonly #subscriptions = new Map<string, DestinationPattern>();
  readonly #isRelevant: (destination: DestinationPattern) => boolean;

  constructor(isRelevant: (destination: DestinationPattern) => boolean) {
    this.#isRelevant = isRelevant;
  }

  demanded(): readonly DestinationPattern[] {
    const all = [...this.#consumers.values(), ...this.#subscriptions.values()];
    return [...new Map(all.map((pattern) => [formatPattern(pattern), pattern])).values()];
  }

  /** @throws Error when there are more consumers than are kept. */
  begin({ consumers, identities, queues }: ArtemisAnswers): void {
    const known = new Map(identities.map((row) => [text(row["sequentialId"]), row]));
    for (const row of consumers) {
      const identity = known.get(text(row["id"]));
      // Left or came between both answers: then the notifications tell.
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
    // The queue of a subscription has another name than its topic; that of a queue has the same.
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
    // Artemis writes `#` where a pattern of ours has `>`.
    const pattern = announcedPattern(kind, text(address).replace(/(^|\.)#$/, "$1>"));
    if (!pattern || !this.#isRelevant(pattern)) return;
    to.set(key, pattern);
    if (to.size > MAX_CONSUMERS) throw new Error(`there are more than ${MAX_CONSUMERS} consumers`);
  }
}

function consumerKey(session: unknown, consumer: unknown): string {
  return `${text(session)} ${text(consumer)}`;
}

function text(value: unknown): string {
  return value === undefined || value === null ? "" : String(value);
}
