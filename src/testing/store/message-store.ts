/** The group's messages at the active member: in memory, and in the journal that the next active member replays. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Destination } from "../../messaging/messages/destination.ts";
import { Journal } from "./journal.ts";
import {
  duplicateKey,
  encodeResume,
  encodeSettled,
  encodeStored,
  encodeSubscribed,
  encodeTogether,
  encodeUnsubscribed,
  readRecords,
} from "./journal-record.ts";
import { type Replayed, remember, replay } from "./replay.ts";
import { type DurableSubscription, type MessageDraft, type StoredMessage, subscriptionKey } from "./stored-message.ts";

export interface MessageStoreOptions {
  readonly directory: string;
  /** Remember the ids of sends, to recognise duplicates. */
  readonly duplicateDetection: boolean;
  /** The disk refused a write; nothing more is confirmed. */
  readonly onFailure: (cause: unknown) => void;
}

/** A change that a kill leaves complete or not at all. */
export interface StoreChange {
  readonly added: readonly MessageDraft[];
  /** Settled messages: they will not come again. */
  readonly removed?: readonly StoredMessage[];
}

/** A journal with more than this many bytes of settled messages, and more of them than of others, is compacted. */
const COMPACT_BYTES = 1024 * 1024;
/** The approximate size of headers and the record itself. */
const RECORD_BYTES = 256;

export class MessageStore {
  #journal: Journal | undefined;
  readonly #live: Map<number, StoredMessage>;
  #liveBytes: number;
  readonly #subscriptions: Map<string, DurableSubscription>;
  readonly #duplicateIds: Set<string> | undefined;
  #nextSequence: number;

  private constructor(replayed: Replayed, options: MessageStoreOptions) {
    this.#live = replayed.live;
    this.#liveBytes = [...replayed.live.values()].reduce((sum, message) => sum + sizeOf(message), 0);
    this.#subscriptions = replayed.subscriptions;
    this.#nextSequence = replayed.nextSequence;
    this.#duplicateIds = options.duplicateDetection ? replayed.duplicateIds : undefined;
  }

  /** Replays the journal; the caller must hold the store's lock. */
  static async open(options: MessageStoreOptions): Promise<MessageStore> {
    const path = join(options.directory, "journal");
    const bytes = await readFile(path).catch(emptyWhenMissing);
    const { records, length } = readRecords(bytes);
    const replayed = replay(records, options.duplicateDetection);
    const store = new MessageStore(replayed, options);
    store.#journal = await Journal.open(path, length, {
      snapshot: (bytes) => store.#snapshot(bytes),
      onFailure: options.onFailure,
    });
    return store;
  }

  /** The stored and unsettled messages, in order. */
  messages(): Iterable<StoredMessage> {
    return this.#live.values();
  }

  subscriptions(): Iterable<DurableSubscription> {
    return this.#subscriptions.values();
  }

  get size(): number {
    return this.#live.size;
  }

  /** `onStored` gets the messages once they are synced (a non-persistent one: once everything before it is). */
  change({ added, removed = [] }: StoreChange, onStored: (messages: readonly StoredMessage[]) => void): void {
    const messages = added.map((draft): StoredMessage => ({ ...draft, sequence: this.#nextSequence++ }));
    const records: Buffer[] = [];
    for (const message of messages) {
      if (!message.persistent) continue;
      this.#live.set(message.sequence, message);
      this.#liveBytes += sizeOf(message);
      records.push(encodeStored(message));
    }
    for (const message of removed) if (this.#forget(message)) records.push(encodeSettled(message.sequence));
    this.#journal?.commit(joined(records), () => onStored(messages));
  }

  /** The message is settled and will not come again. A crash before the next sync loses this, as on the brokers. */
  remove(message: StoredMessage): void {
    if (this.#forget(message)) this.#journal?.commit(encodeSettled(message.sequence));
  }

  /** Stored before everything stored after it. */
  subscribe(subscription: DurableSubscription): void {
    this.#subscriptions.set(subscriptionKey(subscription), subscription);
    this.#journal?.commit(encodeSubscribed(subscription));
  }

  /** Removes the subscription with its messages. */
  unsubscribe(key: string): void {
    if (!this.#subscriptions.delete(key)) return;
    const collected = [...this.#live.values()].filter((message) => message.subscription === key);
    for (const message of collected) this.#forget(message);
    const settled = collected.map(({ sequence }) => encodeSettled(sequence));
    this.#journal?.commit(joined([...settled, encodeUnsubscribed(key)]));
  }

  /** `onReached` runs after everything that was stored before. */
  afterAll(onReached: () => void): void {
    this.#journal?.commit(undefined, onReached);
  }

  /** Whether a message with this id was sent there before. */
  knows(destination: Destination, duplicateId: string | undefined): boolean {
    return duplicateId !== undefined && this.#duplicateIds?.has(duplicateKey(destination, duplicateId)) === true;
  }

  /** Records the id for knows(). */
  remember(destination: Destination, duplicateId: string | undefined): void {
    if (duplicateId !== undefined && this.#duplicateIds)
      remember(this.#duplicateIds, duplicateKey(destination, duplicateId));
  }

  #forget(message: StoredMessage): boolean {
    if (!this.#live.delete(message.sequence)) return false;
    this.#liveBytes -= sizeOf(message);
    return true;
  }

  #snapshot(bytes: number): readonly Buffer[] | undefined {
    const settledBytes = bytes - this.#liveBytes;
    if (settledBytes < COMPACT_BYTES || settledBytes < this.#liveBytes) return undefined;
    const resume = encodeResume({ nextSequence: this.#nextSequence, duplicateIds: [...(this.#duplicateIds ?? [])] });
    const subscriptions = [...this.#subscriptions.values()].map(encodeSubscribed);
    return [resume, ...subscriptions, ...[...this.#live.values()].map(encodeStored)];
  }

  async close(): Promise<void> {
    await this.#journal?.close();
  }

  async abandon(): Promise<void> {
    await this.#journal?.abandon();
  }
}

function joined(records: readonly Buffer[]): Buffer | undefined {
  return records.length > 1 ? encodeTogether(records) : records[0];
}

function sizeOf({ content }: StoredMessage): number {
  return content.body.length + RECORD_BYTES;
}

function emptyWhenMissing(cause: NodeJS.ErrnoException): Buffer {
  if (cause.code === "ENOENT") return Buffer.alloc(0);
  throw cause;
}
