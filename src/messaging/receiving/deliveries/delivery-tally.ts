/** Counts the deliveries of one connection, redeliveries and settlements included. */
import type { Destination } from "../../messages/destination.ts";
import type { CountedDestination, DestinationFigures } from "../../messages/destination-figures.ts";
import type { Settlement } from "../../port/messaging-session.ts";
import { DeliveredIds } from "./delivered-ids.ts";
import type { SettleResult } from "./delivery.ts";

/** The figures of the deliveries of one connection. */
export interface DeliveryCounts {
  /** Deliveries handed to consumers. */
  readonly received: number;
  /** Deliveries of messages that had been delivered before, on this connection or elsewhere. */
  readonly redelivered: number;
  /** Deliveries of messages that had been delivered before on this connection. */
  readonly redeliveredHere: number;
  /** Deliveries settled by accept(), reject(), release() or modify(). */
  readonly settled: number;
  /** Settled deliveries that were accepted, also in a transaction. */
  readonly accepted: number;
  /** Settled deliveries that were rejected: dead letters, if the broker keeps them. */
  readonly rejected: number;
  /** Settled deliveries that were returned to the broker by release() or modify(). */
  readonly released: number;
  /** Deliveries that were settled after their session had ended; they come again. */
  readonly stale: number;
  /** Duplicates of accepted messages that were settled instead of being delivered. */
  readonly deduplicated: number;
  /** Messages that were rejected because they cannot be read or are larger than `maxMessageBytes`; each raised a warning. */
  readonly unreadable: number;
}

export type CountedDeliveries = CountedDestination["deliveries"];

interface HandedOver {
  /** The scope in which a message id is unique: the same id in two scopes means two deliveries, not a redelivery. */
  readonly scope: string;
  readonly id: string | undefined;
  /** Whether the broker marks the message as redelivered. */
  readonly flagged: boolean;
}

export class DeliveryTally {
  readonly #ids = new DeliveredIds();
  readonly #counts = {
    received: 0,
    redelivered: 0,
    redeliveredHere: 0,
    settled: 0,
    accepted: 0,
    rejected: 0,
    released: 0,
    stale: 0,
    deduplicated: 0,
    unreadable: 0,
  };

  readonly #figures: DestinationFigures;

  constructor(figures: DestinationFigures) {
    this.#figures = figures;
  }

  /** Returns the figures for deliveries of a consumer of this destination. */
  of(destination: Destination): CountedDeliveries {
    return this.#figures.of(destination).deliveries;
  }

  get counts(): DeliveryCounts {
    return { ...this.#counts };
  }

  /**
   * Counts a delivered message, here and for its destination. Returns whether it is a redelivery, because the broker
   * says so or because its id is known.
   */
  handedOver({ scope, id, flagged }: HandedOver, figures: CountedDeliveries): boolean {
    const known = id !== undefined && this.#ids.note(scope + id);
    const redelivered = known || flagged;
    for (const counts of [this.#counts, figures]) {
      counts.received += 1;
      if (redelivered) counts.redelivered += 1;
      if (known) counts.redeliveredHere += 1;
    }
    return redelivered;
  }

  settled(result: SettleResult, kind: Settlement["kind"], figures: CountedDeliveries): void {
    this.#counts[result] += 1;
    if (result !== "settled") return;
    const became = kind === "modified" ? "released" : kind;
    this.#counts[became] += 1;
    figures[became] += 1;
  }

  /** Counts a message that was rejected instead of delivered, because it cannot be read or is too large. */
  unread(): void {
    this.#counts.unreadable += 1;
  }

  /** Counts a duplicate that was settled instead of delivered. */
  twinSettled(): void {
    this.#counts.deduplicated += 1;
  }
}
