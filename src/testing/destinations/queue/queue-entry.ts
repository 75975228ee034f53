/** A message in a queue, its consumers, and where it is settled: shared by queues, subscriptions and browsers. */
import type { MessageSelector } from "../../selectors/message-selector.ts";
import type { StoredMessage } from "../../store/stored-message.ts";

/** One message in a queue; the same object for each delivery. */
export interface QueueEntry {
  readonly message: StoredMessage;
  /** Where it is settled: its queue. */
  readonly home: EntryHome;
  /** Its position in the queue, to which it returns. */
  readonly place: number;
  /** How often its delivery failed: AMQP's delivery-count. */
  failures: number;
  /** Whether it was delivered before, while this member lived. */
  redelivered: boolean;
}

/** Settles entries, each once; settled ones are ignored. */
export interface EntryHome {
  accept(entry: QueueEntry): void;
  deadLetter(entry: QueueEntry): void;
  /** Returns them to the front. `failed`: it counts as a failed delivery. */
  release(entries: Iterable<QueueEntry>, how: { readonly failed: boolean }): void;
  /**
   * Settled by a transaction, which removes it from the store together with its other changes. Returns false if it was
   * settled already.
   */
  complete(entry: QueueEntry, outcome: "accepted" | "dead"): boolean;
}

export interface QueueConsumer {
  /** Whether it takes one more now. */
  readonly ready: boolean;
  /** Other consumers of the queue get nothing while it is attached. */
  readonly exclusive?: boolean;
  /** The selector of the consumer, which takes no other messages; undefined: it takes all. */
  readonly selects?: MessageSelector | undefined;
  take(entry: QueueEntry): void;
}

/** What a consumer attaches to: a queue, several, or a browser of them. */
export interface DeliverySource {
  attach(consumer: QueueConsumer): void;
  /** Detaches the consumer; what it had not settled returns to the front, in the original order. */
  detach(consumer: QueueConsumer, unsettled: readonly QueueEntry[]): void;
  /** Delivers what it can; call it when a consumer has become ready. */
  dispatch(): void;
}

/** A place in front of all others. */
export const NO_PLACE = -1;
export const HIGHEST_PRIORITY = 9;

/** The priority by which an entry is delivered: 0 to 9. */
export function priorityOf({ message }: QueueEntry): number {
  return Math.min(HIGHEST_PRIORITY, Math.max(0, message.priority));
}

/** Returns the entries to their queues, as EntryHome.release. */
export function giveBack(entries: readonly QueueEntry[], how: { readonly failed: boolean }): void {
  for (const home of new Set(entries.map((entry) => entry.home))) {
    home.release(
      entries.filter((entry) => entry.home === home),
      how,
    );
  }
}
