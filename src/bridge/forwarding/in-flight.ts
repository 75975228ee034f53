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
  /** Whether the target has the message, or the message is a dead letter: only the settlement is left. */
  confirmed: boolean;
  /** Whether the message counts among those that the link has taken: false once its session ended, because it comes again. */
  counted: boolean;
}

export class InFlightMessages {
  readonly #open = new Set<InFlight>();
  /** Messages whose delivery ended with its session, by their id at the target: they come again. */
  readonly #orphans = new Map<string, InFlight>();
  /** Ids of messages that the target has and the source has not settled: they come again. */
  readonly #confirmed: RecentIds;
  /** Ids of messages whose settlement was written last: the source may not have read it when it is killed. */
  readonly #settled: RecentIds;
  /**
   * The settled ids that the end of a session left in doubt. Others are not recognised: a message that is sent again on
   * purpose has the id of the first.
   */
  #mayComeAgain = new RecentIds(0);
  readonly #comesAgain: (count: number) => void;

  /** `comesAgain` is called with the number of messages that were counted and are taken once more. */
  constructor(window: number, comesAgain: (count: number) => void) {
    this.#settled = new RecentIds(window);
    // Large enough to recognise redeliveries of what two windows have confirmed.
    this.#confirmed = new RecentIds(2 * window + 1000);
    this.#comesAgain = comesAgain;
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

  /** Returns the message that has this id at the source or at the target. */
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

  /** Call it when the message is settled, or when its delivery is gone. */
  done(message: InFlight, result: "settled" | "stale"): void {
    this.#open.delete(message);
    if (result === "stale" && message.counted) this.#comesAgain(1);
    const { key } = message.copy;
    if (key === undefined) return;
    if (this.#orphans.get(key) === message) this.#orphans.delete(key);
    if (result === "settled") this.#settled.add(key);
    else if (message.confirmed) this.#confirmed.add(key);
  }

  /** Call it when every delivery is stale: the source delivers the messages again. */
  orphan(): void {
    for (const message of this.#open) if (message.copy.key !== undefined) this.#orphans.set(message.copy.key, message);
  }

  /** Call it when the source's session ended: every delivery is stale, and messages that were settled last may come again. */
  interrupted(): void {
    this.orphan();
    const counted = [...this.#open].filter((message) => message.counted);
    for (const message of counted) message.counted = false;
    if (counted.length > 0) this.#comesAgain(counted.length);
    this.#mayComeAgain = this.#settled.copy();
  }

  /**
   * Returns what a delivery with this id is: `"new"`; `"confirmed"` if the target has the message already; `"settled"` if
   * its settlement was written as well; `"adopted"` if the message is in flight and continues with this delivery.
   */
  recognise(key: string | undefined, delivery: Delivery): "new" | "confirmed" | "settled" | "adopted" {
    if (key === undefined) return "new";
    if (this.#confirmed.take(key)) return "confirmed";
    if (this.#mayComeAgain.take(key)) {
      this.#comesAgain(1);
      return "settled";
    }
    const orphan = this.#orphans.get(key);
    if (!orphan) return "new";
    this.#orphans.delete(key);
    orphan.delivery = delivery;
    if (orphan.counted) this.#comesAgain(1);
    orphan.counted = true;
    return "adopted";
  }
}
