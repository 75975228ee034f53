/**
 * The append-only file of the embedded group. Callbacks run after the data is synced to the disk; one sync covers
 * everything collected during the previous one. So a crash never loses what was confirmed.
 */
import { type FileHandle, open, rename } from "node:fs/promises";

interface Batch {
  readonly chunks: Buffer[];
  readonly callbacks: (() => void)[];
}

export interface JournalOwner {
  /**
   * Called before each write: returns the records of a new journal that replaces the old one, or undefined to go on
   * appending.
   */
  snapshot(bytes: number): readonly Buffer[] | undefined;
  /** The disk failed; nothing more is confirmed. */
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

  /** Appends after the first `length` bytes; the rest was left incomplete by a crash and is cut off. */
  static async open(path: string, length: number, owner: JournalOwner): Promise<Journal> {
    const file = await open(path, "a+");
    await file.truncate(length);
    return new Journal(path, file, length, owner);
  }

  /**
   * Appends `record`, if given. `onDone` runs in the order of the calls, once this record and all before it are synced;
   * at once if nothing has to be synced.
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
      // Wait one turn of the loop, so that everything that arrived in one read is written together.
      await new Promise((resolve) => setImmediate(resolve));
      while (!this.#ended && (this.#batch.chunks.length > 0 || this.#batch.callbacks.length > 0)) {
        const batch = this.#batch;
        this.#batch = { chunks: [], callbacks: [] };
        // The snapshot contains the batch: both are taken in this turn.
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

  /** Replaces the whole journal in one atomic step. */
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

  /** Writes and syncs the rest, calls its callbacks, and closes. */
  async close(): Promise<void> {
    await this.#writing;
    if (!this.#ended) await this.#file.datasync();
    this.#ended = true;
    await this.#file.close();
  }

  /** Leaves the file as a killed process would at worst: no more callbacks, and unsynced data is gone. */
  async abandon(): Promise<void> {
    this.#ended = true;
    await this.#writing;
    await this.#file.truncate(this.#length.synced);
    await this.#file.close();
  }
}
