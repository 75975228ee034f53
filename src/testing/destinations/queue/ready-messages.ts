/**
 * The messages of a queue that no consumer has: by priority, and in order within a priority (as Artemis, and Classic if
 * configured).
 */
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

  /** Puts each back in its place. */
  putBack(entries: readonly QueueEntry[]): void {
    for (const level of new Set(entries.map((entry) => this.#level(entry)))) {
      level.putBack(entries.filter((entry) => this.#level(entry) === level));
    }
    this.#size += entries.length;
  }

  /** Removes and returns the first that fits. */
  take(fits: (entry: QueueEntry) => boolean): QueueEntry | undefined {
    for (let priority = HIGHEST_PRIORITY; priority >= 0; priority--) {
      const entry = this.#levels[priority]?.take(fits);
      if (entry === undefined) continue;
      this.#size--;
      return entry;
    }
    return undefined;
  }

  /** All of them, in delivery order. */
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
  /** Messages that came back from a consumer, in order: they precede those in #fresh. */
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
