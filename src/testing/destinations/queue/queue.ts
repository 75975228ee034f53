/**
 * A queue: delivers messages in order to competing consumers in turn; they return to the front when a consumer leaves.
 */
import type { StoredMessage } from "../../store/stored-message.ts";
import { MessageGroups } from "./message-groups.ts";
import type { DeliverySource, EntryHome, QueueConsumer, QueueEntry } from "./queue-entry.ts";
import { byPlace, ReadyMessages } from "./ready-messages.ts";

export interface QueueOwner {
  /** The message is settled. */
  onSettled(message: StoredMessage): void;
  /** The message goes to the dead letter queue, and is settled after that. */
  onDeadLetter(message: StoredMessage): void;
}

/** The content of one queue, and its figures since the member became active. */
export interface QueueStats {
  /** Number of messages that no consumer has. */
  readonly ready: number;
  /** Number of messages delivered and not settled. */
  readonly unsettled: number;
  readonly consumers: number;
  readonly enqueued: number;
  readonly accepted: number;
  readonly deadLettered: number;
  readonly expired: number;
  /** Number of messages dropped; only a topic's subscription drops the oldest, when it is too far behind. */
  readonly dropped: number;
}

export class Queue implements DeliverySource, EntryHome {
  readonly #owner: QueueOwner;
  readonly #limit: number;
  readonly #ready = new ReadyMessages();
  readonly #unsettled = new Set<QueueEntry>();
  readonly #consumers: QueueConsumer[] = [];
  readonly #groups = new MessageGroups();
  #turn = 0;
  #dispatching = false;
  readonly #counts = { enqueued: 0, accepted: 0, deadLettered: 0, expired: 0, dropped: 0 };

  /** Beyond `limit` undelivered messages the oldest is dropped. */
  constructor(owner: QueueOwner, limit = Number.POSITIVE_INFINITY) {
    this.#owner = owner;
    this.#limit = limit;
  }

  enqueue(message: StoredMessage): void {
    const place = this.#counts.enqueued++;
    this.#ready.push({ message, home: this, place, failures: 0, redelivered: false });
    this.dispatch();
    if (this.#ready.size > this.#limit) {
      this.#ready.takeFirst();
      this.#counts.dropped++;
    }
  }

  attach(consumer: QueueConsumer): void {
    this.#consumers.push(consumer);
    this.dispatch();
  }

  detach(consumer: QueueConsumer, unsettled: readonly QueueEntry[]): void {
    const index = this.#consumers.indexOf(consumer);
    if (index >= 0) this.#consumers.splice(index, 1);
    this.#groups.free(consumer);
    this.#ready.lookedThrough.forget(consumer);
    this.release(unsettled, { failed: true });
  }

  accept(entry: QueueEntry): void {
    if (this.complete(entry, "accepted")) this.#owner.onSettled(entry.message);
  }

  deadLetter(entry: QueueEntry): void {
    if (this.complete(entry, "dead")) this.#owner.onDeadLetter(entry.message);
  }

  complete(entry: QueueEntry, outcome: "accepted" | "dead"): boolean {
    if (!this.#unsettled.delete(entry)) return false;
    this.#counts[outcome === "accepted" ? "accepted" : "deadLettered"]++;
    return true;
  }

  release(entries: Iterable<QueueEntry>, { failed }: { readonly failed: boolean }): void {
    const back = [...entries].filter((entry) => this.#unsettled.delete(entry));
    for (const entry of back) {
      entry.redelivered = true;
      if (failed) entry.failures++;
    }
    if (back.length > 0) this.#ready.putBack(back);
    this.dispatch();
  }

  dispatch(): void {
    if (this.#dispatching) return;
    this.#dispatching = true;
    try {
      while (this.#handOver()) {
        // The next one.
      }
    } finally {
      this.#dispatching = false;
    }
  }

  /** Returns false if no consumer takes anything. */
  #handOver(): boolean {
    if (this.#ready.size === 0) return false;
    const next = this.#nextConsumer();
    if (next === undefined) return false;
    this.#dropExpired();
    const consumers = this.#candidates(next);
    let consumer: QueueConsumer | undefined;
    // A message that belongs to a consumer that takes nothing now is skipped, so that others need not wait.
    const entry = this.#ready.take((one, previous) => {
      consumer = this.#takerOf(one, previous, consumers);
      return consumer !== undefined;
    }, consumers);
    if (entry === undefined || consumer === undefined) return false;
    this.#groups.assign(entry, consumer);
    this.#unsettled.add(entry);
    consumer.take(entry);
    return true;
  }

  /**
   * The consumers that may get a message now, first the one whose turn it is. The others matter only if its selector may
   * leave a message to them.
   */
  #candidates(next: QueueConsumer): readonly QueueConsumer[] {
    if (next.exclusive === true || next.selects === undefined) return [next];
    return [next, ...this.#consumers.filter((other) => other !== next && other.ready)];
  }

  /** The consumer that gets the entry: the owner of its group, otherwise the first that selects it. */
  #takerOf(entry: QueueEntry, previous: number, consumers: readonly QueueConsumer[]): QueueConsumer | undefined {
    const selects = (consumer: QueueConsumer) => this.#ready.lookedThrough.selects(consumer, entry, previous);
    const owner = consumers[0]?.exclusive === true ? undefined : this.#groups.ownerOf(entry);
    if (owner === undefined) return consumers.find(selects);
    if (owner.ready && selects(owner)) return owner;
    // No other consumer gets it either. Each is asked here, so that it does not evaluate an unwanted entry again.
    for (const other of consumers) selects(other);
    return undefined;
  }

  /** The stored and unsettled messages, in order. */
  entries(): readonly { readonly entry: QueueEntry; readonly unsettled: boolean }[] {
    return [...this.#unsettled, ...this.#ready.entries()]
      .sort(byPlace)
      .map((entry) => ({ entry, unsettled: this.#unsettled.has(entry) }));
  }

  stats(): QueueStats {
    const { size: ready } = this.#ready;
    return { ready, unsettled: this.#unsettled.size, consumers: this.#consumers.length, ...this.#counts };
  }

  /** Number of messages, delivered or not. */
  get size(): number {
    return this.#ready.size + this.#unsettled.size;
  }

  get #exclusive(): QueueConsumer | undefined {
    return this.#consumers.find(({ exclusive }) => exclusive);
  }

  #nextConsumer(): QueueConsumer | undefined {
    const exclusive = this.#exclusive;
    if (exclusive !== undefined) return exclusive.ready ? exclusive : undefined;
    for (let tried = 0; tried < this.#consumers.length; tried++) {
      this.#turn = (this.#turn + 1) % this.#consumers.length;
      const consumer = this.#consumers[this.#turn];
      if (consumer?.ready) return consumer;
    }
    return undefined;
  }

  #dropExpired(): void {
    for (const { message } of this.#ready.takeExpired(Date.now())) {
      this.#counts.expired++;
      this.#owner.onSettled(message);
    }
  }
}
