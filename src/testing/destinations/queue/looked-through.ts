/**
 * How far each consumer with a selector has looked through a queue's ready messages and found none that it selects, so
 * that it evaluates its selector once for a message rather than again whenever another one comes or goes.
 */
import { NO_PLACE, priorityOf, type QueueConsumer, type QueueEntry } from "./queue-entry.ts";

/** What one consumer knows of the ready messages of one priority. */
interface Look {
  /** The consumer selects no message up to this place. */
  upTo: number;
  /** Messages between `upTo` and this place were evaluated too: the consumer selects only those in `cameBack`. */
  evaluatedUpTo: number;
  readonly cameBack: Set<QueueEntry>;
}

export class LookedThrough {
  /** What each consumer knows, by priority. */
  readonly #looks = new Map<QueueConsumer, Look[]>();

  /** The place up to which none of these consumers selects anything; without consumers nothing is left out. */
  placeOf(consumers: readonly QueueConsumer[], priority: number): number {
    const places = consumers.map((consumer) => this.#looks.get(consumer)?.[priority]?.upTo ?? NO_PLACE);
    return places.length === 0 ? NO_PLACE : Math.min(...places);
  }

  /** Whether the consumer selects the entry. `previous`: the place of the entry in front of it within its priority. */
  selects(consumer: QueueConsumer, entry: QueueEntry, previous: number): boolean {
    if (consumer.selects === undefined) return true;
    const look = this.#lookOf(consumer, priorityOf(entry));
    if (entry.place <= look.upTo) return false;
    const isSelected = entry.place <= look.evaluatedUpTo ? look.cameBack.has(entry) : consumer.selects(entry.message);
    // With an unknown entry in front of this one, the consumer has not looked through up to here.
    if (!isSelected && previous <= look.upTo) pass(look, entry);
    return isSelected;
  }

  /** Call it when the entries have come back to the ready messages. */
  lookAgainAt(entries: readonly QueueEntry[]): void {
    for (const [consumer, looks] of this.#looks) {
      for (const entry of entries) {
        const look = looks[priorityOf(entry)];
        if (look === undefined || entry.place > look.evaluatedUpTo || !consumer.selects?.(entry.message)) continue;
        look.cameBack.add(entry);
        look.upTo = Math.min(look.upTo, entry.place - 1);
      }
    }
  }

  /** Forgets a consumer that leaves the queue. */
  forget(consumer: QueueConsumer): void {
    this.#looks.delete(consumer);
  }

  #lookOf(consumer: QueueConsumer, priority: number): Look {
    const looks = this.#looks.get(consumer) ?? [];
    this.#looks.set(consumer, looks);
    looks[priority] ??= { upTo: NO_PLACE, evaluatedUpTo: NO_PLACE, cameBack: new Set() };
    return looks[priority];
  }
}

function pass(look: Look, { place }: QueueEntry): void {
  look.upTo = place;
  if (place < look.evaluatedUpTo) return;
  look.evaluatedUpTo = place;
  look.cameBack.clear();
}
