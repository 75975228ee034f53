/** The messages of one direction that were taken and are not settled; they outlive sessions of the source. */
import type { Delivery } from "../../messaging/receiving/deliveries/delivery.ts";
import { hasId } from "../memory/journal.ts";
import { RecentIds } from "../memory/recent-ids.ts";
import type { OutgoingCopy } from "./compose.ts";

export interface InFlight {
  /** The latest delivery of the message; it changes after a failover of the source. */
  delivery: Delivery;
  readonly copy: OutgoingCopy;
  /** The size that the budget counts. */
  readonly bytes: number;
  /** The target has it, or it is a dead letter: only the settlement is left. */
  confirmed: boolean;
}

export class InFlightMessages {
  readonly #open = new Set<InFlight>();
  /** Messages whose delivery ended with its session, by their id at the target: they come again. */
  readonly #orphans = new Map<string, InFlight>();
  /** Ids of messages that the target has and the source has not settled: they come again. */
  readonly #confirmed: RecentIds;

  constructor(max: number) {
    this.#confirmed = new RecentIds(max);
  }

  get size(): number {
    return this.#open.size;
  }

  /** Number of messages that the target has not confirmed. */
  get pending(): number {
    let count = 0;
    for (const { confirmed } of this.#open) if (!confirmed) count += 1;
    return count;
  }

  /** The message of which an id is this one. */
  find(id: string): InFlight | undefined {
    for (const message of this.#open) {
      const { key: targetId, firstId } = message.copy;
      const { id: own, brokerMessageId } = message.delivery.message;
      if (hasId({ id: own, brokerMessageId, firstId, targetId }, id)) return message;
    }
    return undefined;
  }

  add(message: InFlight): void {
    this.#open.add(message);
  }

  /** The message is settled, or its delivery is gone. */
  done(message: InFlight, result: "settled" | "stale"): void {
    this.#open.delete(message);
    const { key } = message.copy;
    if (key === undefined) return;
    if (this.#orphans.get(key) === message) this.#orphans.delete(key);
    if (result === "stale" && message.confirmed) this.#confirmed.add(key);
  }

  /** The source's session ended: every delivery is stale, and its message comes again. */
  orphan(): void {
    for (const message of this.#open) if (message.copy.key !== undefined) this.#orphans.set(message.copy.key, message);
  }

  /**
   * What a delivery with this id means: `"new"`, `"confirmed"` (the target has the message already), or the message
   * under way, which continues with this delivery.
   */
  recognise(key: string | undefined, delivery: Delivery): "new" | "confirmed" | "adopted" {
    if (key === undefined) return "new";
    if (this.#confirmed.take(key)) return "confirmed";
    const orphan = this.#orphans.get(key);
    if (!orphan) return "new";
    this.#orphans.delete(key);
    orphan.delivery = delivery;
    return "adopted";
  }
}
