/** A message in a queue, who may take it, and where it is settled: what queues, subscriptions and browsers share. */
import type { MessageSelector } from "../../selectors/message-selector.ts";
import type { StoredMessage } from "../../store/stored-message.ts";

/** One message in a queue; the same object for each time it is handed over. */
export interface QueueEntry {
  readonly message: StoredMessage;
  /** Where it is settled: its queue. */
  readonly home: EntryHome;
  /** Its turn in the queue: it comes back to where it was. */
  readonly place: number;
  /** How often it was handed over in vain: AMQP's delivery-count. */
  failures: number;
  /** It was handed over before, while this member lived. */
  redelivered: boolean;
}

/** Settles entries; each once, and what is settled already is left alone. */
export interface EntryHome {
  accept(entry: QueueEntry): void;
  deadLetter(entry: QueueEntry): void;
  /** Back to the front. `failed`: it counts as a delivery in vain. */
  release(entries: Iterable<QueueEntry>, how: { readonly failed: boolean }): void;
  /** Settled by a transaction, which takes it out of the store together with all else. False when it was settled already. */
  complete(entry: QueueEntry, outcome: "accepted" | "dead"): boolean;
}

export interface QueueConsumer {
  /** Whether it takes one more now. */
  readonly ready: boolean;
  /** Others of the queue get nothing while it is attached. */
  readonly exclusive?: boolean;
  /** It takes no other messages; undefined: it takes all. */
  readonly selects?: MessageSelector | undefined;
  take(entry: QueueEntry): void;
}

/** What a consumer attaches to: a queue, several, or a browser of them. */
export interface DeliverySource {
  attach(consumer: QueueConsumer): void;
  /** The consumer goes; what it had not settled comes back to the front, in the original order. */
  detach(consumer: QueueConsumer, unsettled: readonly QueueEntry[]): void;
  /** Hands over what it can; call it when a consumer has become ready. */
  dispatch(): void;
}

/** Back to their queues, as EntryHome.release. */
export function giveBack(entries: readonly QueueEntry[], how: { readonly failed: boolean }): void {
  for (const home of new Set(entries.map((entry) => entry.home))) {
    home.release(
      entries.filter((entry) => entry.home === home),
      how,
    );
  }
}
