/** What was handed over on one connection, told apart from what comes again, and what became of it, in figures. */
import type { Destination } from "../../messages/destination.ts";
import type { CountedDestination, DestinationFigures } from "../../messages/destination-figures.ts";
import type { Settlement } from "../../port/messaging-session.ts";
import { DeliveredIds } from "./delivered-ids.ts";
import type { SettleResult } from "./delivery.ts";

/** The figures of the deliveries of one connection. */
export interface DeliveryCounts {
  /** Deliveries handed to consumers. */
  readonly received: number;
  /** Those of them that had been handed out before, here or elsewhere. */
  readonly redelivered: number;
  /** Those of them that had been handed out before on this connection. */
  readonly redeliveredHere: number;
  /** Deliveries settled by accept(), reject(), release() or modify(). */
  readonly settled: number;
  /** Of the settled those that were accepted, also in a transaction. */
  readonly accepted: number;
  /** Of the settled those that were rejected: dead letters, where the broker keeps them. */
  readonly rejected: number;
  /** Of the settled those that went back to the broker, by release() or modify(). */
  readonly released: number;
  /** Deliveries that were settled after their session had ended; they come again. */
  readonly stale: number;
  /** Twins of accepted messages that were settled without being handed over. */
  readonly deduplicated: number;
  /** Messages that were rejected because they cannot be read or are larger than `maxMessageBytes`; each raised a warning. */
  readonly unreadable: number;
}

export type CountedDeliveries = CountedDestination["deliveries"];

interface HandedOver {
  /** Within what an id stands for one message. */
  readonly scope: string;
  readonly id: string | undefined;
  /** The broker says that it is redelivered. */
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

  /** Where a consumer counts what came by it. */
  of(destination: Destination): CountedDeliveries {
    return this.#figures.of(destination).deliveries;
  }

  get counts(): DeliveryCounts {
    return { ...this.#counts };
  }

  /**
   * A message is handed over; returns whether it is redelivered, by the word of the broker or as its id was known. It is
   * counted among those of its destination, too.
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

  /** A message was rejected without being handed over, since it cannot be read or is too large. */
  unread(): void {
    this.#counts.unreadable += 1;
  }

  /** A twin was settled without being handed over. */
  twinSettled(): void {
    this.#counts.deduplicated += 1;
  }
}
