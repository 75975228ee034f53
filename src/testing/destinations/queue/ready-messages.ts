/**
 * The messages of a queue that no consumer has: by priority, and in order within a priority (as Artemis, and Classic if
 * configured).
 */
import { LookedThrough } from "./looked-through.ts";
import { HIGHEST_PRIORITY, NO_PLACE, priorityOf, type QueueConsumer, type QueueEntry } from "./queue-entry.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** Whether an entry is to be taken. `previous` is the place of the entry in front of it within its priority. */
export type Fits = (entry: QueueEntry, previous: number) => boolean;

function expiryOf({ message }: QueueEntry): number {
  return message.expiresAtMs ?? NEVER;
}

function firstExpiry(entries: readonly QueueEntry[], known = NEVER): number {
  return entries.reduce((first, entry) => Math.min(first, expiryOf(entry)), known);
}

export class ReadyMessages {
  readonly #levels: PriorityLevel[] = [];
  readonly lookedThrough = new LookedThrough();
  #size = 0;
  /** No entry expires before this time; one that was taken meanwhile may have been the first to expire. */
  #expiresAtMs = NEVER;

  get size(): number {
    return this.#size;
  }

  push(entry: QueueEntry): void {
    this.#level(entry).push(entry);
    this.#size++;
    this.#expiresAtMs = Math.min(this.#expiresAtMs, expiryOf(entry));
  }

  /** Puts each back in its place. */
  putBack(entries: readonly QueueEntry[]): void {
    for (const level of new Set(entries.map((entry) => this.#level(entry)))) {
      level.putBack(entries.filter((entry) => this.#level(entry) === level));
    }
    this.#size += entries.length;
    this.#expiresAtMs = firstExpiry(entries, this.#expiresAtMs);
    this.lookedThrough.lookAgainAt(entries);
  }

  /** Removes and returns the first of all. */
  takeFirst(): QueueEntry | undefined {
    return this.take(() => true, []);
  }

  /** Removes and returns the expired entries. Looks for them only if one may have expired. */
  takeExpired(now: number): QueueEntry[] {
    if (this.#expiresAtMs > now) return [];
    const expired = this.#levels.flatMap((level) => level.takeExpired(now));
    this.#size -= expired.length;
    this.#expiresAtMs = firstExpiry(this.entries());
    return expired;
  }

  /** Removes and returns the first entry that fits. Skips those that all consumers are known to leave. */
  take(fits: Fits, consumers: readonly QueueConsumer[]): QueueEntry | undefined {
    for (let priority = HIGHEST_PRIORITY; priority >= 0; priority--) {
      const entry = this.#levels[priority]?.take(fits, this.lookedThrough.placeOf(consumers, priority));
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

  #level(entry: QueueEntry): PriorityLevel {
    const priority = priorityOf(entry);
    this.#levels[priority] ??= new PriorityLevel();
    return this.#levels[priority];
  }
}

class PriorityLevel {
  /** The entries in the order of their places; those before #head are gone. */
  #entries: QueueEntry[] = [];
  #head = 0;

  push(entry: QueueEntry): void {
    this.#entries.push(entry);
  }

  putBack(entries: readonly QueueEntry[]): void {
    const [only] = entries;
    if (only && entries.length === 1) this.#entries.splice(this.#indexBehind(only.place), 0, only);
    else this.#replace([...this.entries(), ...entries].sort(byPlace));
  }

  take(fits: Fits, after: number): QueueEntry | undefined {
    for (let at = this.#indexBehind(after); at < this.#entries.length; at++) {
      const entry = this.#entries[at];
      const previous = at > this.#head ? this.#entries[at - 1] : undefined;
      if (entry === undefined || !fits(entry, previous?.place ?? NO_PLACE)) continue;
      if (at === this.#head) this.#advance();
      else this.#entries.splice(at, 1);
      return entry;
    }
    return undefined;
  }

  takeExpired(now: number): QueueEntry[] {
    const all = this.entries();
    this.#replace(all.filter((entry) => expiryOf(entry) > now));
    return all.filter((entry) => expiryOf(entry) <= now);
  }

  /** The index of the first entry behind that place, found by halving. */
  #indexBehind(place: number): number {
    let [low, high] = [this.#head, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.place ?? NO_PLACE) <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #advance(): void {
    this.#head++;
    // Array.shift() moves every element of a long array.
    if (this.#head >= 1024 && this.#head * 2 >= this.#entries.length) this.#replace(this.entries());
  }

  #replace(entries: QueueEntry[]): void {
    this.#entries = entries;
    this.#head = 0;
  }

  entries(): QueueEntry[] {
    return this.#entries.slice(this.#head);
  }
}

export function byPlace(one: QueueEntry, other: QueueEntry): number {
  return one.place - other.place;
}
