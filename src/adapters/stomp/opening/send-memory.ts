/**
 * What a connection has learnt about how the broker takes its sends, and which messages it cannot read; outlives
 * sessions.
 */
import type { Destination } from "../../../messaging/messages/destination.ts";
import { BrokenMessages } from "./broken-messages.ts";
import { ClockWatch } from "./clock-watch.ts";
import { DestinationSet } from "./destination-set.ts";

export class SendMemory {
  /** Whether sends may share a transaction on Classic; false for good once that has blocked a session. */
  grouped: boolean;
  readonly broken = new BrokenMessages();
  readonly clock = new ClockWatch();
  readonly #refusing = new DestinationSet();

  constructor(grouped: boolean) {
    this.grouped = grouped;
  }

  /** The destination refuses sends while it is full, so it does not page (Artemis, `address-full-policy` FAIL). */
  noteRefusing(destination: Destination): void {
    this.#refusing.add(destination);
  }

  isRefusing(destination: Destination): boolean {
    return this.#refusing.has(destination);
  }
}
