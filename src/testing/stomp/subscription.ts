/** One STOMP subscription: what it may still take, and what is unsettled. */
import {
  type DeliverySource,
  giveBack,
  type QueueConsumer,
  type QueueEntry,
} from "../destinations/queue/queue-entry.ts";
import type { OpenedSource } from "../destinations/queues.ts";
import type { Transaction } from "../destinations/transaction.ts";
import type { MessageSelector } from "../selectors/message-selector.ts";
import { encodeMessage, messageIdOf } from "./send-frame.ts";
import type { StompVersion } from "./stomp-version.ts";
import type { SubscriptionRequest } from "./subscribe-frame.ts";
import type { TemporaryNames } from "./temporary-names.ts";

export interface SubscriptionOutput {
  /** Whether the client reads too slowly for more. */
  readonly congested: boolean;
  readonly names: TemporaryNames;
  readonly version: StompVersion;
  /** Unique on a connection, so that an ACK from before an UNSUBSCRIBE is recognised. */
  nextDelivery(): number;
  write(bytes: Buffer): void;
}

export class Subscription implements QueueConsumer {
  readonly request: SubscriptionRequest;
  readonly selects: MessageSelector | undefined;
  readonly #queue: DeliverySource;
  readonly #leave: () => void;
  readonly #output: SubscriptionOutput;
  /** By ack id, in the order of delivery. */
  #unsettled = new Map<string, QueueEntry>();
  #ended = false;

  constructor(
    request: SubscriptionRequest,
    source: OpenedSource & { readonly selects: MessageSelector | undefined },
    output: SubscriptionOutput,
  ) {
    this.request = request;
    this.#queue = source.queue;
    this.#leave = source.leave;
    this.selects = source.selects;
    this.#output = output;
  }

  get ready(): boolean {
    return !this.#output.congested && this.#unsettled.size < this.request.prefetch;
  }

  get exclusive(): boolean {
    return this.request.exclusive;
  }

  start(): void {
    this.#queue.attach(this);
  }

  take(entry: QueueEntry): void {
    const { id, mode, browser } = this.request;
    const { names, version } = this.#output;
    const ack = mode === "auto" || browser ? undefined : this.#nextAck(entry);
    this.#output.write(encodeMessage(entry, { subscription: id, ack, names, version }));
    if (ack === undefined) entry.home.accept(entry);
    else this.#unsettled.set(ack, entry);
  }

  /** The id that an ACK of this delivery has; before STOMP 1.2 it is the id of the message. */
  #nextAck({ message }: QueueEntry): string {
    if (this.#output.version !== "1.2") return messageIdOf(message);
    return `${this.request.id}/${this.#output.nextDelivery()}`;
  }

  /**
   * Returns false if the id is not one of this subscription's unsettled deliveries. NACK moves the message to the dead
   * letter queue, as on Classic. In a transaction both wait for its commit.
   */
  settle(ack: string, outcome: "ACK" | "NACK", transaction: Transaction | undefined): boolean {
    if (!this.#unsettled.has(ack)) return false;
    const settled = this.request.mode === "client" ? this.#upTo(ack) : [ack];
    for (const id of settled) {
      const entry = this.#unsettled.get(id);
      this.#unsettled.delete(id);
      if (entry === undefined) continue;
      if (transaction) {
        const restore = () => this.#restore(id, entry);
        transaction.settle({ entry, outcome: outcome === "ACK" ? "accepted" : "dead", restore });
      } else if (outcome === "ACK") entry.home.accept(entry);
      else entry.home.deadLetter(entry);
    }
    return true;
  }

  /**
   * Rolled back, as on Classic: the client still has the message, and its ack id is valid again; nothing is
   * redelivered.
   */
  #restore(ack: string, entry: QueueEntry): void {
    if (this.#ended) {
      giveBack([entry], { failed: true });
      return;
    }
    const all = [...this.#unsettled, [ack, entry] as const];
    this.#unsettled = new Map(all.sort(([one], [other]) => deliveryOf(one) - deliveryOf(other)));
  }

  #upTo(ack: string): string[] {
    const ids: string[] = [];
    for (const id of this.#unsettled.keys()) {
      ids.push(id);
      if (id === ack) break;
    }
    return ids;
  }

  /** The socket or the prefetch has room again. */
  resume(): void {
    this.#queue.dispatch();
  }

  /** Unsettled messages go back to the front of the queue; those in a transaction stay with it. */
  end(): void {
    this.#ended = true;
    const unsettled = [...this.#unsettled.values()];
    this.#unsettled.clear();
    this.#leave();
    this.#queue.detach(this, unsettled);
  }
}

/** The number that both kinds of ack id end with. */
function deliveryOf(ack: string): number {
  return Number(/\d+$/.exec(ack)?.[0]);
}
