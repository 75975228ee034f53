/** Replays the previous member's journal: the remaining messages, the durable subscriptions, the known ids. */
import { decodeResume, decodeStored, duplicateKey, type JournalRecord } from "./journal-record.ts";
import { type DurableSubscription, type StoredMessage, subscriptionKey } from "./stored-message.ts";

/** How many ids are remembered; the same as Artemis's id-cache-size. */
const DUPLICATE_IDS = 20_000;

export interface Replayed {
  readonly live: Map<number, StoredMessage>;
  readonly subscriptions: Map<string, DurableSubscription>;
  readonly duplicateIds: Set<string>;
  nextSequence: number;
}

export function replay(records: readonly JournalRecord[], duplicateDetection: boolean): Replayed {
  const settled = new Set(records.map((record) => (record.kind === "settled" ? record.sequence : undefined)));
  const replayed: Replayed = { live: new Map(), subscriptions: new Map(), duplicateIds: new Set(), nextSequence: 1 };
  for (const record of records) {
    if (record.kind === "stored") {
      replayed.nextSequence = Math.max(replayed.nextSequence, record.sequence + 1);
      const isSettled = settled.has(record.sequence);
      if (!isSettled || duplicateDetection) takeStored(replayed, decodeStored(record.payload), isSettled);
    } else takeOther(replayed, record);
  }
  return replayed;
}

function takeStored({ live, duplicateIds }: Replayed, message: StoredMessage, isSettled: boolean): void {
  if (!isSettled) live.set(message.sequence, message);
  if (message.duplicateId !== undefined) remember(duplicateIds, duplicateKey(message.destination, message.duplicateId));
}

function takeOther(replayed: Replayed, record: Exclude<JournalRecord, { readonly kind: "stored" }>): void {
  if (record.kind === "resume") {
    const resume = decodeResume(record.payload);
    replayed.nextSequence = Math.max(replayed.nextSequence, resume.nextSequence);
    for (const key of resume.duplicateIds) remember(replayed.duplicateIds, key);
  } else if (record.kind === "subscribed") {
    replayed.subscriptions.set(subscriptionKey(record.subscription), record.subscription);
  } else if (record.kind === "unsubscribed") {
    replayed.subscriptions.delete(record.key);
  }
}

/** Forgets the oldest id when there are too many. */
export function remember(ids: Set<string>, key: string): void {
  ids.add(key);
  const [oldest] = ids;
  if (ids.size > DUPLICATE_IDS && oldest !== undefined) ids.delete(oldest);
}
