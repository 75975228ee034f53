/** Counts the outcomes of the sends of one connection. */
import type { Destination } from "../messages/destination.ts";
import type { DestinationFigures } from "../messages/destination-figures.ts";

/** The figures of the finished sends of one connection, and of those written again. */
export interface SendCounts {
  /** Sends that the broker has confirmed. */
  readonly confirmed: number;
  /** Sends whose promise was rejected. */
  readonly failed: number;
  /** Sends that were written again after a failover. */
  readonly resent: number;
}

export class SendTally {
  readonly #counts = { confirmed: 0, failed: 0, resent: 0 };
  readonly #figures: DestinationFigures | undefined;

  /** `figures`: where the sends are also counted by destination. */
  constructor(figures: DestinationFigures | undefined) {
    this.#figures = figures;
  }

  get counts(): SendCounts {
    return { ...this.#counts };
  }

  /** A send was called. */
  asked(destination: Destination): void {
    if (this.#figures) this.#figures.of(destination).sends.sent += 1;
  }

  /** The caller has its outcome. */
  over(destination: Destination, confirmed: boolean): void {
    this.#counts[confirmed ? "confirmed" : "failed"] += 1;
    if (this.#figures) this.#figures.of(destination).sends[confirmed ? "confirmed" : "rejected"] += 1;
  }

  /** A send was written to a second or later session. */
  writtenAgain(): void {
    this.#counts.resent += 1;
  }
}
