/** What one client has sent and settled in a transaction, until it commits or rolls back. */
import type { MessageDraft, StoredMessage } from "../store/stored-message.ts";
import type { Destinations } from "./destinations.ts";
import type { QueueEntry } from "./queue/queue-entry.ts";
import { Refusal } from "./refusal.ts";

export interface HeldSettlement {
  readonly entry: QueueEntry;
  readonly outcome: "accepted" | "dead";
  /** Called by a rollback: the entry is unsettled again. */
  readonly restore: () => void;
}

export class Transaction {
  readonly #destinations: Destinations;
  readonly #sends: MessageDraft[] = [];
  readonly #settlements: HeldSettlement[] = [];

  constructor(destinations: Destinations) {
    this.#destinations = destinations;
  }

  /** Adds a message, invisible until the commit. @throws Refusal as Destinations.send. */
  send(draft: MessageDraft): void {
    this.#destinations.checkSend(draft, this.#sends.length);
    this.#sends.push(draft);
  }

  /** Until the commit the entry stays unsettled for everybody else. */
  settle(settlement: HeldSettlement): void {
    this.#settlements.push(settlement);
  }

  /** `onCommitted` runs once everything is stored and visible. @throws Refusal, after rolling back. */
  commit(onCommitted: () => void): void {
    const again = this.#sends.find((draft) => this.#destinations.isKnown(draft));
    if (again !== undefined) {
      this.rollback();
      // Artemis does not say which message either.
      const text = `Rolled back: a message with the id ${again.duplicateId} was sent before`;
      throw new Refusal("amqp:transaction:rollback", text);
    }
    const accepted: StoredMessage[] = [];
    const dead: StoredMessage[] = [];
    for (const { entry, outcome } of this.#settlements.splice(0)) {
      if (!entry.home.complete(entry, outcome)) continue;
      (outcome === "accepted" ? accepted : dead).push(entry.message);
    }
    this.#destinations.apply({ sends: this.#sends.splice(0), accepted, dead }, onCommitted);
  }

  rollback(): void {
    this.#sends.length = 0;
    for (const { restore } of this.#settlements.splice(0)) restore();
  }
}
