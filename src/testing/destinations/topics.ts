/**
 * The topics of the active member: their present listeners, and the durable subscriptions that collect messages
 * meanwhile.
 */
import type { Destination } from "../../messaging/messages/destination.ts";
import { type MessageSelector, messageSelector } from "../selectors/message-selector.ts";
import {
  type DurableSubscription,
  type MessageDraft,
  type StoredMessage,
  subscriptionKey,
} from "../store/stored-message.ts";
import { destinationsOf } from "./destination-name.ts";
import { matchesPattern } from "./name-pattern.ts";
import { Queue, type QueueOwner, type QueueStats } from "./queue/queue.ts";
import { Refusal } from "./refusal.ts";

/** The figures of one topic: its present listeners, and the number of messages. */
export interface TopicStats {
  readonly subscribers: number;
  readonly published: number;
}

/** How far a topic's subscription may fall behind before it loses the oldest messages. */
const TOPIC_BACKLOG = 10_000;

interface LiveSubscription {
  readonly patterns: readonly string[];
  readonly selects: MessageSelector | undefined;
  readonly queue: Queue;
}

interface Durable extends LiveSubscription {
  readonly subscription: DurableSubscription;
  inUse: boolean;
}

export interface Subscribed {
  readonly queue: Queue;
  readonly leave: () => void;
}

export class Topics {
  readonly #live = new Set<LiveSubscription>();
  readonly #durable = new Map<string, Durable>();
  readonly #published = new Map<string, number>();
  readonly #owners: { readonly live: QueueOwner; readonly durable: QueueOwner };

  constructor(owners: { readonly live: QueueOwner; readonly durable: QueueOwner }) {
    this.#owners = owners;
  }

  /** Makes a subscription that lasts until it is left. Messages that `selects` rejects are not kept for it. */
  subscribe(destination: Destination, selects?: MessageSelector): Subscribed {
    const patterns = patternsOf(destination);
    const subscription = { patterns, selects, queue: new Queue(this.#owners.live, TOPIC_BACKLOG) };
    this.#live.add(subscription);
    for (const name of patterns) this.#touch(name);
    return { queue: subscription.queue, leave: () => this.#live.delete(subscription) };
  }

  /** @throws Refusal while another consumer has it. */
  useDurable(key: string): Subscribed {
    const durable = this.#durable.get(key);
    if (durable === undefined) throw new Refusal("amqp:not-found", `There is no durable subscription ${key}`);
    this.checkFree(durable.subscription);
    durable.inUse = true;
    return { queue: durable.queue, leave: () => (durable.inUse = false) };
  }

  durable(key: string): DurableSubscription | undefined {
    return this.#durable.get(key)?.subscription;
  }

  /** @throws Refusal with Classic's exact text while a consumer has it. */
  checkFree(subscription: Pick<DurableSubscription, "clientId" | "name">): void {
    if (!this.#durable.get(subscriptionKey(subscription))?.inUse) return;
    const { clientId, name } = subscription;
    const text = `Durable consumer is in use for client: ${clientId} and subscriptionName: ${name}`;
    throw new Refusal("amqp:resource-locked", text);
  }

  addDurable(subscription: DurableSubscription): void {
    const patterns = patternsOf(subscription.destination);
    const queue = new Queue(this.#owners.durable);
    const selects = messageSelector(subscription.selector);
    this.#durable.set(subscriptionKey(subscription), { subscription, patterns, selects, queue, inUse: false });
  }

  removeDurable(key: string): void {
    this.#durable.delete(key);
  }

  /** The keys of the durable subscriptions that get a copy of the message. */
  collectorsOf(message: MessageDraft): string[] {
    return [...this.#durable].filter(([, durable]) => wants(durable, message)).map(([key]) => key);
  }

  /** The queues of those durable subscriptions. */
  queuesOf(name: string): Queue[] {
    return [...this.#durable.values()].filter(({ patterns }) => matchesAny(patterns, name)).map(({ queue }) => queue);
  }

  /** Sends the message to the present listeners. */
  publish(message: StoredMessage): void {
    const { name } = message.destination;
    this.#published.set(name, (this.#published.get(name) ?? 0) + 1);
    for (const subscription of this.#live) if (wants(subscription, message)) subscription.queue.enqueue(message);
  }

  queueOfDurable(key: string): Queue | undefined {
    return this.#durable.get(key)?.queue;
  }

  /** A topic is counted from its first subscription on. */
  #touch(name: string): void {
    if (!/[*>]/.test(name) && !this.#published.has(name)) this.#published.set(name, 0);
  }

  stats(): Record<string, TopicStats> {
    const all = [...this.#live, ...[...this.#durable.values()].filter(({ inUse }) => inUse)];
    const counted = [...this.#published].map(([name, published]) => {
      const subscribers = all.filter(({ patterns }) => matchesAny(patterns, name)).length;
      return [name, { subscribers, published }] as const;
    });
    return Object.fromEntries(counted);
  }

  /** The figures of the durable subscriptions, by `CLIENT-ID.NAME`. */
  durableStats(): Record<string, QueueStats> {
    const counted = [...this.#durable.values()].map(
      ({ subscription: { clientId, name }, queue }) => [`${clientId}.${name}`, queue.stats()] as const,
    );
    return Object.fromEntries(counted);
  }
}

function patternsOf(destination: Destination): string[] {
  return destinationsOf(destination)
    .filter(({ kind }) => kind === "topic")
    .map(({ name }) => name);
}

function wants({ patterns, selects }: LiveSubscription, message: MessageDraft): boolean {
  return matchesAny(patterns, message.destination.name) && (selects?.(message) ?? true);
}

function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => pattern === name || matchesPattern(pattern, name));
}
