/** The queues and topics of the active member: where a message goes, who gets it, and what is left of it. */
import type { Destination } from "../../messaging/destination.ts";
import type { MessageStore } from "../store/message-store.ts";
import type { MessageDraft, StoredMessage } from "../store/stored-message.ts";
import { Queue, type QueueStats } from "./queue.ts";
import { Refusal } from "./refusal.ts";

export interface DestinationsOptions {
  readonly deadLetterQueue: string;
  /** Stored messages past which a send is refused. */
  readonly maxMessages: number;
}

/** A live topic: how many listen now, and how many messages came. */
export interface TopicStats {
  readonly subscribers: number;
  readonly published: number;
}

/** How far a topic's subscription may fall behind before it loses the oldest. */
const TOPIC_BACKLOG = 10_000;

interface Topic {
  readonly subscriptions: Set<Queue>;
  published: number;
}

export class Destinations {
  readonly #store: MessageStore;
  readonly #options: DestinationsOptions;
  readonly #queues = new Map<string, Queue>();
  readonly #topics = new Map<string, Topic>();

  /** Begins with what the store replayed. */
  constructor(store: MessageStore, options: DestinationsOptions) {
    this.#store = store;
    this.#options = options;
    for (const message of store.messages()) this.#queue(message.destination.name).enqueue(message);
  }

  /** `onConfirmed` runs once the message cannot be lost, in the order of the calls. @throws Refusal when the store is full. */
  send(draft: MessageDraft, onConfirmed: () => void): void {
    if (draft.destination.kind === "topic") {
      this.#store.add({ ...draft, persistent: false }, (message) => {
        if (message) this.#publish(message);
        onConfirmed();
      });
      return;
    }
    const { maxMessages } = this.#options;
    // Messages that are not persistent are in their queue alone.
    if (this.#store.size >= maxMessages || this.#queue(draft.destination.name).size >= maxMessages) {
      const text = `The store is full: it holds the ${maxMessages} messages (maxMessages) this group was started with`;
      throw new Refusal("amqp:resource-limit-exceeded", text);
    }
    this.#store.add(draft, (message) => {
      if (message) this.#queue(message.destination.name).enqueue(message);
      onConfirmed();
    });
  }

  /** Runs `onReached` after every send before it is confirmed. */
  afterSends(onReached: () => void): void {
    this.#store.afterAll(onReached);
  }

  /** The queue to attach the consumer to: the queue of that name, or one of its own for a topic. `leave` ends the topic's. */
  subscribe(destination: Destination): { readonly queue: Queue; readonly leave: () => void } {
    if (destination.kind === "queue") return { queue: this.#queue(destination.name), leave: () => {} };
    const { subscriptions } = this.#topic(destination.name);
    const queue = new Queue(
      { onSettled: () => {}, onDeadLetter: (message) => this.#storeDead(message) },
      TOPIC_BACKLOG,
    );
    subscriptions.add(queue);
    return { queue, leave: () => subscriptions.delete(queue) };
  }

  queueEntries(name: string): ReturnType<Queue["entries"]> {
    return this.#queues.get(name)?.entries() ?? [];
  }

  stats(): { readonly queues: Record<string, QueueStats>; readonly topics: Record<string, TopicStats> } {
    const queues = [...this.#queues].map(([name, queue]) => [name, queue.stats()] as const);
    const topics = [...this.#topics].map(
      ([name, { subscriptions, published }]) => [name, { subscribers: subscriptions.size, published }] as const,
    );
    return { queues: Object.fromEntries(queues), topics: Object.fromEntries(topics) };
  }

  #publish(message: StoredMessage): void {
    const topic = this.#topic(message.destination.name);
    topic.published++;
    for (const subscription of topic.subscriptions) subscription.enqueue(message);
  }

  #storeDead(message: StoredMessage): void {
    const destination: Destination = { kind: "queue", name: this.#options.deadLetterQueue };
    this.#store.add({ ...message, destination, duplicateId: undefined, expiresAtMs: undefined }, (dead) => {
      if (dead) this.#queue(destination.name).enqueue(dead);
    });
  }

  #queue(name: string): Queue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new Queue({
        onSettled: (message) => this.#store.remove(message),
        onDeadLetter: (message) => {
          this.#storeDead(message);
          this.#store.remove(message);
        },
      });
      this.#queues.set(name, queue);
    }
    return queue;
  }

  #topic(name: string): Topic {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = { subscriptions: new Set(), published: 0 };
      this.#topics.set(name, topic);
    }
    return topic;
  }
}
