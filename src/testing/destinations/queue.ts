/** A queue: messages in order, handed to competing consumers in turn, and back to the front when a consumer goes. */
import type { StoredMessage } from "../store/stored-message.ts";

/** One message in a queue; the same object for each time it is handed over. */
export interface QueueEntry {
  readonly message: StoredMessage;
  /** How often it was handed over in vain: AMQP's delivery-count. */
  failures: number;
  /** It was handed over before, while this member lived. */
  redelivered: boolean;
}

export interface QueueConsumer {
  /** Whether it takes one more now. */
  readonly ready: boolean;
  take(entry: QueueEntry): void;
}

export interface QueueOwner {
  /** The message is done with. */
  onSettled(message: StoredMessage): void;
  /** The message goes to the dead letter queue, and is then done with. */
  onDeadLetter(message: StoredMessage): void;
}

/** What happened in one queue since the member became active, and what is in it. */
export interface QueueStats {
  /** Messages not handed over. */
  readonly ready: number;
  /** Messages handed over and not settled. */
  readonly unsettled: number;
  readonly consumers: number;
  readonly enqueued: number;
  readonly accepted: number;
  readonly deadLettered: number;
  readonly expired: number;
  /** Only a topic's subscription drops: the oldest, when it has fallen too far behind. */
  readonly dropped: number;
}

export class Queue {
  readonly #owner: QueueOwner;
  readonly #limit: number;
  /** Came back from a consumer: all of them older than any in #fresh. In order. */
  #returned: QueueEntry[] = [];
  #fresh: QueueEntry[] = [];
  #freshAt = 0;
  readonly #unsettled = new Set<QueueEntry>();
  readonly #consumers: QueueConsumer[] = [];
  #turn = 0;
  #dispatching = false;
  readonly #counts = { enqueued: 0, accepted: 0, deadLettered: 0, expired: 0, dropped: 0 };

  /** Past `limit` messages not handed over, the oldest is dropped. */
  constructor(owner: QueueOwner, limit = Number.POSITIVE_INFINITY) {
    this.#owner = owner;
    this.#limit = limit;
  }

  enqueue(message: StoredMessage): void {
    this.#counts.enqueued++;
    this.#fresh.push({ message, failures: 0, redelivered: false });
    this.dispatch();
    if (this.#ready > this.#limit) {
      this.#shift();
      this.#counts.dropped++;
    }
  }

  attach(consumer: QueueConsumer): void {
    this.#consumers.push(consumer);
    this.dispatch();
  }

  /** The consumer goes; what it had not settled comes back to the front, in the original order. */
  detach(consumer: QueueConsumer, unsettled: Iterable<QueueEntry>): void {
    const index = this.#consumers.indexOf(consumer);
    if (index >= 0) this.#consumers.splice(index, 1);
    this.release(unsettled, { failed: true });
  }

  accept(entry: QueueEntry): void {
    if (!this.#unsettled.delete(entry)) return;
    this.#counts.accepted++;
    this.#owner.onSettled(entry.message);
  }

  deadLetter(entry: QueueEntry): void {
    if (!this.#unsettled.delete(entry)) return;
    this.#counts.deadLettered++;
    this.#owner.onDeadLetter(entry.message);
  }

  /** Back to the front. `failed`: it counts as a delivery in vain. */
  release(entries: Iterable<QueueEntry>, { failed }: { readonly failed: boolean }): void {
    const back = [...entries].filter((entry) => this.#unsettled.delete(entry));
    for (const entry of back) {
      entry.redelivered = true;
      if (failed) entry.failures++;
    }
    if (back.length > 0) this.#returned = [...this.#returned, ...back].sort(bySequence);
    this.dispatch();
  }

  /** Hands over what it can; call it when a consumer has become ready. */
  dispatch(): void {
    if (this.#dispatching) return;
    this.#dispatching = true;
    try {
      while (this.#ready > 0) {
        const consumer = this.#nextConsumer();
        if (consumer === undefined) return;
        const entry = this.#shift();
        if (entry === undefined || this.#dropExpired(entry)) continue;
        this.#unsettled.add(entry);
        consumer.take(entry);
      }
    } finally {
      this.#dispatching = false;
    }
  }

  /** What is stored and not settled, in order. */
  entries(): readonly { readonly entry: QueueEntry; readonly unsettled: boolean }[] {
    const ready = [...this.#returned, ...this.#fresh.slice(this.#freshAt)];
    return [...this.#unsettled, ...ready]
      .sort(bySequence)
      .map((entry) => ({ entry, unsettled: this.#unsettled.has(entry) }));
  }

  stats(): QueueStats {
    return { ready: this.#ready, unsettled: this.#unsettled.size, consumers: this.#consumers.length, ...this.#counts };
  }

  /** Messages handed over and not. */
  get size(): number {
    return this.#ready + this.#unsettled.size;
  }

  get #ready(): number {
    return this.#returned.length + this.#fresh.length - this.#freshAt;
  }

  #nextConsumer(): QueueConsumer | undefined {
    for (let tried = 0; tried < this.#consumers.length; tried++) {
      this.#turn = (this.#turn + 1) % this.#consumers.length;
      const consumer = this.#consumers[this.#turn];
      if (consumer?.ready) return consumer;
    }
    return undefined;
  }

  #shift(): QueueEntry | undefined {
    if (this.#returned.length > 0) return this.#returned.shift();
    const entry = this.#fresh[this.#freshAt++];
    // Array.shift() moves every element of a long array.
    if (this.#freshAt >= 1024 && this.#freshAt * 2 >= this.#fresh.length) {
      this.#fresh = this.#fresh.slice(this.#freshAt);
      this.#freshAt = 0;
    }
    return entry;
  }

  #dropExpired({ message }: QueueEntry): boolean {
    if (message.expiresAtMs === undefined || message.expiresAtMs > Date.now()) return false;
    this.#counts.expired++;
    this.#owner.onSettled(message);
    return true;
  }
}

function bySequence(one: QueueEntry, other: QueueEntry): number {
  return one.message.sequence - other.message.sequence;
}
