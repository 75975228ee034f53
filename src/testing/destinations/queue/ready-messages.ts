/** The messages of a queue that nobody has: by priority, within a priority in their order (as Artemis; Classic where it is told to). */
import type { QueueEntry } from "./queue-entry.ts";

const HIGHEST_PRIORITY = 9;

export class ReadyMessages {
  readonly #levels: PriorityLevel[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(entry: QueueEntry): void {
    this.#level(entry).push(entry);
    this.#size++;
  }

  /** Each to where it was. */
  putBack(entries: readonly QueueEntry[]): void {
    for (const level of new Set(entries.map((entry) => this.#level(entry)))) {
      level.putBack(entries.filter((entry) => this.#level(entry) === level));
    }
    this.#size += entries.length;
  }

  /** The first that fits, taken out. */
  take(fits: (entry: QueueEntry) => boolean): QueueEntry | undefined {
    for (let priority = HIGHEST_PRIORITY; priority >= 0; priority--) {
      const entry = this.#levels[priority]?.take(fits);
      if (entry === undefined) continue;
      this.#size--;
      return entry;
    }
    return undefined;
  }

  /** All, as they would be handed over. */
  entries(): QueueEntry[] {
    return [...this.#levels].reverse().flatMap((level) => level?.entries() ?? []);
  }

  #level({ message }: QueueEntry): PriorityLevel {
    const priority = Math.min(HIGHEST_PRIORITY, Math.max(0, message.priority));
    this.#levels[priority] ??= new PriorityLevel();
    return this.#levels[priority];
  }
}

class PriorityLevel {
  /** Came back from a consumer: their turn was before that of any in #fresh. In order. */
  #returned: QueueEntry[] = [];
  #fresh: QueueEntry[] = [];
  #freshAt = 0;

  push(entry: QueueEntry): void {
    this.#fresh.push(entry);
  }

  putBack(entries: readonly QueueEntry[]): void {
    this.#returned = [...this.#returned, ...entries].sort(byPlace);
  }

  take(fits: (entry: QueueEntry) => boolean): QueueEntry | undefined {
    const returnedAt = this.#returned.findIndex(fits);
    if (returnedAt >= 0) return this.#returned.splice(returnedAt, 1)[0];
    for (let at = this.#freshAt; at < this.#fresh.length; at++) {
      const entry = this.#fresh[at];
      if (entry === undefined || !fits(entry)) continue;
      if (at === this.#freshAt) this.#advance();
      else this.#fresh.splice(at, 1);
      return entry;
    }
    return undefined;
  }

  #advance(): void {
    this.#freshAt++;
    // Array.shift() moves every element of a long array.
    if (this.#freshAt >= 1024 && this.#freshAt * 2 >= this.#fresh.length) {
      this.#fresh = this.#fresh.slice(this.#freshAt);
      this.#freshAt = 0;
    }
  }

  entries(): QueueEntry[] {
    return [...this.#returned, ...this.#fresh.slice(this.#freshAt)];
  }
}

export function byPlace(one: QueueEntry, other: QueueEntry): number {
  return one.place - other.place;
}
