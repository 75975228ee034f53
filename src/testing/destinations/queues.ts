/** The queues of the active member by name, including those of wildcards and temporary ones. */
import { randomUUID } from "node:crypto";
import type { Destination } from "../../messaging/messages/destination.ts";
import { isPattern, matchesPattern } from "./name-pattern.ts";
import { Queue, type QueueOwner, type QueueStats } from "./queue/queue.ts";
import type { DeliverySource } from "./queue/queue-entry.ts";
import { QueueSet } from "./queue-set.ts";

interface PatternUse {
  readonly pattern: string;
  readonly set: QueueSet;
}

/** A delivery source, and how to remove what was created only for its consumer. */
export interface OpenedSource {
  readonly queue: DeliverySource;
  readonly leave: () => void;
}

export class Queues {
  readonly #owner: QueueOwner;
  readonly #queues = new Map<string, Queue>();
  readonly #temporary = new Map<string, Queue>();
  readonly #patterns = new Set<PatternUse>();

  constructor(owner: QueueOwner) {
    this.#owner = owner;
  }

  /** Creates the queue at its first use. */
  get(name: string): Queue {
    const known = this.#queues.get(name);
    if (known) return known;
    const queue = new Queue(this.#owner);
    this.#queues.set(name, queue);
    for (const { pattern, set } of this.#patterns) if (matchesPattern(pattern, name)) set.add(queue);
    return queue;
  }

  /** The existing queues of that name or pattern. */
  matching(name: string): Queue[] {
    if (!isPattern(name)) return [this.#queues.get(name)].filter((queue) => queue !== undefined);
    return [...this.#queues].filter(([one]) => matchesPattern(name, one)).map(([, queue]) => queue);
  }

  /** By name or pattern; queues of a pattern may be created later. */
  open(name: string): OpenedSource {
    if (!isPattern(name)) return { queue: this.get(name), leave: () => {} };
    const use: PatternUse = { pattern: name, set: new QueueSet(this.matching(name)) };
    this.#patterns.add(use);
    return { queue: use.set, leave: () => this.#patterns.delete(use) };
  }

  /** Returns a new, unique name. */
  createTemporary(): string {
    const name = `ID:masterslave-embedded-${randomUUID()}`;
    this.#temporary.set(name, new Queue(this.#owner));
    return name;
  }

  temporary(name: string): Queue | undefined {
    return this.#temporary.get(name);
  }

  /** Deletes it with its messages. */
  removeTemporary(name: string): void {
    this.#temporary.delete(name);
  }

  /** The queue for a message; undefined if it is a temporary queue that is gone. */
  find({ kind, name }: Destination): Queue | undefined {
    return kind === "temp-queue" ? this.#temporary.get(name) : this.get(name);
  }

  stats(): Record<string, QueueStats> {
    return Object.fromEntries([...this.#queues].map(([name, queue]) => [name, queue.stats()] as const));
  }
}
