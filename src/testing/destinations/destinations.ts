/** The queues and topics of the active member: where messages go, who gets them, and what is left. */
import type { Destination } from "../../messaging/messages/destination.ts";
import type { MessageSelector } from "../selectors/message-selector.ts";
import type { MessageStore } from "../store/message-store.ts";
import {
  type DurableSubscription,
  type MessageDraft,
  type StoredMessage,
  subscriptionKey,
} from "../store/stored-message.ts";
import { Browse } from "./browse.ts";
import { destinationsOf } from "./destination-name.ts";
import { isPattern } from "./name-pattern.ts";
import type { Queue, QueueOwner, QueueStats } from "./queue/queue.ts";
import { QueueSet } from "./queue-set.ts";
import { type OpenedSource, Queues } from "./queues.ts";
import { Refusal } from "./refusal.ts";
import { Schedule } from "./schedule.ts";
import { type TopicStats, Topics } from "./topics.ts";

export interface DestinationsOptions {
  readonly deadLetterQueue: string;
  /** The number of stored messages beyond which sends are refused. */
  readonly maxMessages: number;
}

/** Changes that take effect together: a transaction's commit, or one send. */
export interface Work {
  readonly sends: readonly MessageDraft[];
  /** Accepted messages, already taken out of their queues. */
  readonly accepted?: readonly StoredMessage[];
  readonly dead?: readonly StoredMessage[];
}

export interface DestinationsStats {
  readonly queues: Readonly<Record<string, QueueStats>>;
  readonly topics: Readonly<Record<string, TopicStats>>;
  /** Durable subscriptions, by `CLIENT-ID.NAME`. */
  readonly subscriptions: Readonly<Record<string, QueueStats>>;
}

export class Destinations {
  readonly #store: MessageStore;
  readonly #options: DestinationsOptions;
  readonly #schedule = new Schedule((message) => this.#onDue(message));
  readonly #topics: Topics;
  readonly queues: Queues;

  /** Starts with what the store replayed. */
  constructor(store: MessageStore, options: DestinationsOptions) {
    this.#store = store;
    this.#options = options;
    const owner: QueueOwner = {
      onSettled: (message) => store.remove(message),
      onDeadLetter: (message) => this.apply({ sends: [], dead: [message] }, () => {}),
    };
    this.queues = new Queues(owner);
    this.#topics = new Topics({ live: { ...owner, onSettled: () => {} }, durable: owner });
    for (const subscription of store.subscriptions()) this.#topics.addDurable(subscription);
    for (const message of [...store.messages()]) this.#arrive(message);
  }

  /** `onConfirmed` runs once the message cannot be lost, in the order of the calls. @throws Refusal as checkSend. */
  send(draft: MessageDraft, onConfirmed: () => void): void {
    this.checkSend(draft);
    this.apply({ sends: [draft] }, onConfirmed);
  }

  /**
   * `more` are sends that wait to be stored with it. @throws Refusal for an impossible destination, and when the store
   * is full.
   */
  checkSend({ destination }: MessageDraft, more = 0): void {
    const { maxMessages } = this.#options;
    for (const one of destinationsOf(destination)) {
      if (isPattern(one.name)) throw Refusal.notDone(`sends to wildcards ("${one.name}")`);
      // Non-persistent messages are only in their queue.
      const fullest = Math.max(0, ...this.#queuesOf(one).map(({ size }) => size + more));
      if (fullest < maxMessages && (one.kind === "topic" || this.#store.size + more < maxMessages)) continue;
      const text = `The store is full: it holds the ${maxMessages} messages (maxMessages) this group was started with`;
      throw new Refusal("amqp:resource-limit-exceeded", text);
    }
  }

  /** The queues that hold messages to this destination until they are settled. @throws Refusal when it is gone. */
  #queuesOf(destination: Destination): Queue[] {
    if (destination.kind === "topic") return this.#topics.queuesOf(destination.name);
    const queue = this.queues.find(destination);
    if (!queue) throw new Refusal("amqp:not-found", `The temporary queue "${destination.name}" is gone`);
    return [queue];
  }

  /** Whether duplicate detection is on and a message with its id was sent there before. */
  isKnown({ destination, duplicateId }: MessageDraft): boolean {
    return destinationsOf(destination).some((one) => this.#store.knows(one, duplicateId));
  }

  /** Stores all changes in one step that a crash cannot split; then applies them and calls `onDone`. */
  apply({ sends, accepted = [], dead = [] }: Work, onDone: () => void): void {
    const fresh = sends.flatMap((draft) => this.#unknownOf(draft));
    const added = [
      ...fresh.flatMap((draft) => this.#copiesOf(draft)),
      ...dead.map((message) => this.#deadCopy(message)),
    ];
    this.#store.change({ added, removed: [...accepted, ...dead] }, (messages) => {
      for (const message of messages) this.#arrive(message);
      onDone();
    });
  }

  /** One draft for each destination in the list that has not had the message before. */
  #unknownOf(draft: MessageDraft): MessageDraft[] {
    const unknown = destinationsOf(draft.destination).filter((one) => !this.#store.knows(one, draft.duplicateId));
    for (const one of unknown) this.#store.remember(one, draft.duplicateId);
    return unknown.map((destination) => ({ ...draft, destination }));
  }

  /**
   * The messages to store: a topic's message once for each durable subscription, and once for the present listeners.
   */
  #copiesOf(draft: MessageDraft): MessageDraft[] {
    const { destination } = draft;
    if (destination.kind === "temp-queue") return [{ ...draft, persistent: false }];
    if (destination.kind === "queue" || draft.deliverAtMs !== undefined) return [draft];
    const collected = this.#topics.collectorsOf(draft).map((subscription) => ({ ...draft, subscription }));
    return [{ ...draft, persistent: false }, ...collected];
  }

  #deadCopy(message: StoredMessage): MessageDraft {
    const destination: Destination = { kind: "queue", name: this.#options.deadLetterQueue };
    return { ...message, destination, subscription: undefined, duplicateId: undefined, expiresAtMs: undefined };
  }

  #arrive(message: StoredMessage): void {
    const { destination, deliverAtMs, subscription } = message;
    if (deliverAtMs !== undefined && deliverAtMs > Date.now()) this.#schedule.add(message);
    else if (deliverAtMs !== undefined) this.#onDue(message);
    else if (subscription !== undefined) this.#topics.queueOfDurable(subscription)?.enqueue(message);
    else if (destination.kind === "topic") this.#topics.publish(message);
    else this.queues.find(destination)?.enqueue(message);
  }

  #onDue(message: StoredMessage): void {
    if (message.destination.kind !== "topic") {
      this.queues.find(message.destination)?.enqueue(message);
      return;
    }
    const added = this.#copiesOf({ ...message, deliverAtMs: undefined });
    this.#store.change({ added, removed: [message] }, (copies) => {
      for (const copy of copies) this.#arrive(copy);
    });
  }

  /** Runs `onReached` when every earlier send is confirmed. */
  afterSends(onReached: () => void): void {
    this.#store.afterAll(onReached);
  }

  /**
   * Opens the source for a consumer: a queue, one of its own for topics, or several. `leave` removes what was created
   * for it.
   */
  subscribe(destination: Destination, selects?: MessageSelector): OpenedSource {
    const members = destinationsOf(destination);
    const queues = members.filter(({ kind }) => kind === "queue").map(({ name }) => this.queues.open(name));
    const opened = members.some(({ kind }) => kind === "topic")
      ? [...queues, this.#topics.subscribe(destination, selects)]
      : queues;
    const [only] = opened;
    if (only && opened.length === 1) return only;
    const leave = () => {
      for (const one of opened) one.leave();
    };
    return { queue: new QueueSet(opened.map(({ queue }) => queue)), leave };
  }

  /**
   * Creates the durable subscription, or resumes it. As on Classic, other topics or another selector replace an existing
   * one. @throws Refusal while it is in use.
   */
  subscribeDurable(wanted: DurableSubscription): OpenedSource {
    if (destinationsOf(wanted.destination).some(({ kind }) => kind !== "topic")) {
      throw new Refusal("amqp:not-allowed", "A durable subscription is to a topic");
    }
    this.#topics.checkFree(wanted);
    const key = subscriptionKey(wanted);
    const known = this.#topics.durable(key);
    if (known && !isSame(known, wanted)) this.#forget(key);
    if (this.#topics.durable(key) === undefined) {
      this.#store.subscribe(wanted);
      this.#topics.addDurable(wanted);
    }
    return this.#topics.useDurable(key);
  }

  durableSubscription(of: Pick<DurableSubscription, "clientId" | "name">): DurableSubscription | undefined {
    return this.#topics.durable(subscriptionKey(of));
  }

  /** Deletes it with its messages. @throws Refusal if there is none, or a consumer has it. */
  unsubscribe(of: Pick<DurableSubscription, "clientId" | "name">): void {
    if (!this.durableSubscription(of)) {
      // Classic's exact text.
      const text = `No durable subscription exists for clientID: ${of.clientId} and subscriptionName: ${of.name}`;
      throw new Refusal("amqp:not-found", text);
    }
    this.#topics.checkFree(of);
    this.#forget(subscriptionKey(of));
  }

  #forget(key: string): void {
    this.#topics.removeDurable(key);
    this.#store.unsubscribe(key);
  }

  /** Opens a view of what queues hold. @throws Refusal for anything but queues. */
  browse(destination: Destination): Browse {
    const members = destinationsOf(destination);
    if (members.some(({ kind }) => kind !== "queue")) throw Refusal.notDone("browsing anything but queues");
    const queues = () => members.flatMap(({ name }) => this.queues.matching(name));
    return new Browse(() => queues().flatMap((queue) => queue.entries().map(({ entry }) => entry)));
  }

  queueEntries(name: string): ReturnType<Queue["entries"]> {
    return this.queues.matching(name)[0]?.entries() ?? [];
  }

  stats(): DestinationsStats {
    return {
      queues: this.queues.stats(),
      topics: this.#topics.stats(),
      subscriptions: this.#topics.durableStats(),
    };
  }

  /** Stops the schedule. */
  close(): void {
    this.#schedule.close();
  }
}

function isSame(one: DurableSubscription, other: DurableSubscription): boolean {
  return one.destination.name === other.destination.name && one.selector?.text === other.selector?.text;
}
