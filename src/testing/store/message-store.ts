/** The messages of the group as the active member holds them: in memory, and in the journal the next active member replays. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Journal } from "./journal.ts";
import {
  decodeResume,
  decodeStored,
  duplicateKey,
  encodeResume,
  encodeSettled,
  encodeStored,
  type JournalRecord,
  readRecords,
} from "./journal-record.ts";
import type { MessageDraft, StoredMessage } from "./stored-message.ts";

export interface MessageStoreOptions {
  readonly directory: string;
  /** Remember the ids of sends and tell a second one apart. */
  readonly duplicateDetection: boolean;
  /** The disk refused a write; nothing more is confirmed. */
  readonly onFailure: (cause: unknown) => void;
}

/** How many ids are remembered, as Artemis's id-cache-size. */
const DUPLICATE_IDS = 20_000;
/** A journal with more bytes than this of settled messages, and more than of others, is made anew. */
const COMPACT_BYTES = 1024 * 1024;
/** Headers and the record itself, roughly. */
const RECORD_BYTES = 256;

export class MessageStore {
  #journal: Journal | undefined;
  readonly #live: Map<number, StoredMessage>;
  #liveBytes: number;
  readonly #duplicateIds: Set<string> | undefined;
  #nextSequence: number;

  private constructor(replayed: Replayed, options: MessageStoreOptions) {
    this.#live = replayed.live;
    this.#liveBytes = [...replayed.live.values()].reduce((sum, message) => sum + sizeOf(message), 0);
    this.#nextSequence = replayed.nextSequence;
    this.#duplicateIds = options.duplicateDetection ? replayed.duplicateIds : undefined;
  }

  /** Replays the journal; the caller holds the store's lock. */
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

  /** What is stored and not settled, in order. */
  messages(): Iterable<StoredMessage> {
    return this.#live.values();
  }

  get size(): number {
    return this.#live.size;
  }

  /** `onStored` gets the message once it is synced (a non-persistent one: once what came before it is), or undefined when it is a duplicate. */
  add(draft: MessageDraft, onStored: (message: StoredMessage | undefined) => void): void {
    if (this.#isDuplicate(draft)) {
      this.#journal?.commit(undefined, () => onStored(undefined));
      return;
    }
    const message: StoredMessage = { ...draft, sequence: this.#nextSequence++ };
    if (message.persistent) {
      this.#live.set(message.sequence, message);
      this.#liveBytes += sizeOf(message);
    }
    this.#journal?.commit(message.persistent ? encodeStored(message) : undefined, () => onStored(message));
  }

  /** Settled: it will not come again. Lost in a crash before the next sync, as on the brokers. */
  remove(message: StoredMessage): void {
    if (!this.#live.delete(message.sequence)) return;
    this.#liveBytes -= sizeOf(message);
    this.#journal?.commit(encodeSettled(message.sequence));
  }

  /** `onReached` runs after everything added before. */
  afterAll(onReached: () => void): void {
    this.#journal?.commit(undefined, onReached);
  }

  #isDuplicate({ destination, duplicateId }: MessageDraft): boolean {
    if (duplicateId === undefined || this.#duplicateIds === undefined) return false;
    const key = duplicateKey(destination, duplicateId);
    if (this.#duplicateIds.has(key)) return true;
    remember(this.#duplicateIds, key);
    return false;
  }

  #snapshot(bytes: number): readonly Buffer[] | undefined {
    const settledBytes = bytes - this.#liveBytes;
    if (settledBytes < COMPACT_BYTES || settledBytes < this.#liveBytes) return undefined;
    const resume = encodeResume({ nextSequence: this.#nextSequence, duplicateIds: [...(this.#duplicateIds ?? [])] });
    return [resume, ...[...this.#live.values()].map(encodeStored)];
  }

  async close(): Promise<void> {
    await this.#journal?.close();
  }

  async abandon(): Promise<void> {
    await this.#journal?.abandon();
  }
}

interface Replayed {
  readonly live: Map<number, StoredMessage>;
  readonly nextSequence: number;
  readonly duplicateIds: Set<string>;
}

function replay(records: readonly JournalRecord[], duplicateDetection: boolean): Replayed {
  const settled = new Set(records.map((record) => (record.kind === "settled" ? record.sequence : undefined)));
  const live = new Map<number, StoredMessage>();
  const duplicateIds = new Set<string>();
  let nextSequence = 1;
  for (const record of records) {
    if (record.kind === "resume") {
      const resume = decodeResume(record.payload);
      nextSequence = Math.max(nextSequence, resume.nextSequence);
      for (const key of resume.duplicateIds) remember(duplicateIds, key);
    } else if (record.kind === "stored") {
      nextSequence = Math.max(nextSequence, record.sequence + 1);
      if (settled.has(record.sequence) && !duplicateDetection) continue;
      const message = decodeStored(record.payload);
      if (!settled.has(record.sequence)) live.set(message.sequence, message);
      if (message.duplicateId !== undefined)
        remember(duplicateIds, duplicateKey(message.destination, message.duplicateId));
    }
  }
  return { live, nextSequence, duplicateIds };
}

function sizeOf({ content }: StoredMessage): number {
  return content.body.length + RECORD_BYTES;
}

function remember(ids: Set<string>, key: string): void {
  ids.add(key);
  const [oldest] = ids;
  if (ids.size > DUPLICATE_IDS && oldest !== undefined) ids.delete(oldest);
}

function emptyWhenMissing(cause: NodeJS.ErrnoException): Buffer {
  if (cause.code === "ENOENT") return Buffer.alloc(0);
  throw cause;
}
