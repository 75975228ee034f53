/**
 * The append-only file of the embedded group. What is committed is synced to the disk before its callback runs, with one
 * sync for everything gathered while the last one ran; so a crash never takes what was confirmed.
 */
import { type FileHandle, open, rename } from "node:fs/promises";

interface Batch {
  readonly chunks: Buffer[];
  readonly callbacks: (() => void)[];
}

export interface JournalOwner {
  /** Before each write: the records to begin a new journal with, instead of writing what was gathered; undefined to go on appending. */
  snapshot(bytes: number): readonly Buffer[] | undefined;
  /** The disk refused; nothing more is confirmed. */
  onFailure(cause: unknown): void;
}

export class Journal {
  readonly #path: string;
  readonly #owner: JournalOwner;
  #file: FileHandle;
  #batch: Batch = { chunks: [], callbacks: [] };
  /** The write under way; further commits gather behind it. */
  #writing: Promise<void> | undefined;
  #ended = false;
  readonly #length: { written: number; synced: number };

  private constructor(path: string, file: FileHandle, length: number, owner: JournalOwner) {
    this.#path = path;
    this.#file = file;
    this.#length = { written: length, synced: length };
    this.#owner = owner;
  }

  /** Appends after the first `length` bytes; what lies behind them was torn by a crash and is cut off. */
  static async open(path: string, length: number, owner: JournalOwner): Promise<Journal> {
    const file = await open(path, "a+");
    await file.truncate(length);
    return new Journal(path, file, length, owner);
  }

  /**
   * Appends `record`, if there is one. `onDone` runs in the order of the calls, once this record and all before it are
   * synced; with nothing to wait for, at once.
   */
  commit(record: Buffer | undefined, onDone?: () => void): void {
    if (this.#ended) return;
    const { chunks, callbacks } = this.#batch;
    if (record === undefined && chunks.length === 0 && this.#writing === undefined) {
      onDone?.();
      return;
    }
    if (record !== undefined) chunks.push(record);
    if (onDone !== undefined) callbacks.push(onDone);
    this.#writing ??= this.#writeBatches();
  }

  async #writeBatches(): Promise<void> {
    try {
      // One turn of the loop, so that what arrived in one read goes out in one write.
      await new Promise((resolve) => setImmediate(resolve));
      while (!this.#ended && (this.#batch.chunks.length > 0 || this.#batch.callbacks.length > 0)) {
        const batch = this.#batch;
        this.#batch = { chunks: [], callbacks: [] };
        // The snapshot holds what the batch holds: both are taken in this turn.
        const snapshot = this.#owner.snapshot(this.#length.written);
        await (snapshot ? this.#replace(snapshot) : this.#write(batch));
        if (this.#ended) return;
        for (const callback of batch.callbacks) callback();
      }
    } catch (cause) {
      this.#ended = true;
      this.#owner.onFailure(cause);
    } finally {
      this.#writing = undefined;
    }
  }

  async #write({ chunks }: Batch): Promise<void> {
    const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    if (bytes.length > 0) await this.#file.appendFile(bytes);
    this.#length.written += bytes.length;
    if (this.#length.synced === this.#length.written) return;
    await this.#file.datasync();
    this.#length.synced = this.#length.written;
  }

  /** Replaces the whole journal, in one step that a crash cannot tear. */
  async #replace(records: readonly Buffer[]): Promise<void> {
    const nextPath = `${this.#path}.next`;
    const next = await open(nextPath, "w");
    const bytes = Buffer.concat(records);
    await next.appendFile(bytes);
    await next.datasync();
    await next.close();
    await rename(nextPath, this.#path);
    await this.#file.close();
    this.#file = await open(this.#path, "a+");
    this.#length.written = bytes.length;
    this.#length.synced = bytes.length;
  }

  /** Writes and syncs what is left, calls back for it, and closes. */
  async close(): Promise<void> {
    await this.#writing;
    if (!this.#ended) await this.#file.datasync();
    this.#ended = true;
    await this.#file.close();
  }

  /** As a killed process leaves it, at its worst: nothing more is called back, and what was not synced is gone. */
  async abandon(): Promise<void> {
    this.#ended = true;
    await this.#writing;
    await this.#file.truncate(this.#length.synced);
    await this.#file.close();
  }
}
