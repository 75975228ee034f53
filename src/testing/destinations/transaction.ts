/** What one client has sent and settled in a transaction, until it commits or rolls back. */
import type { MessageDraft, StoredMessage } from "../store/stored-message.ts";
import type { Destinations } from "./destinations.ts";
import type { QueueEntry } from "./queue/queue-entry.ts";
import { Refusal } from "./refusal.ts";

export interface HeldSettlement {
  readonly entry: QueueEntry;
  readonly outcome: "accepted" | "dead";
  /** Rolled back: the entry is unsettled again. */
  readonly restore: () => void;
}

export class Transaction {
  readonly #destinations: Destinations;
  readonly #sends: MessageDraft[] = [];
  readonly #settlements: HeldSettlement[] = [];

  constructor(destinations: Destinations) {
    this.#destinations = destinations;
  }

  /** Nobody sees it before the commit. @throws Refusal as Destinations.send. */
  send(draft: MessageDraft): void {
    this.#destinations.checkSend(draft, this.#sends.length);
    this.#sends.push(draft);
  }

  /** The entry stays unsettled for everybody else until the commit. */
  settle(settlement: HeldSettlement): void {
    this.#settlements.push(settlement);
  }

  /** `onCommitted` runs once all of it is stored and seen. @throws Refusal, and has rolled back then. */
  commit(onCommitted: () => void): void {
    const again = this.#sends.find((draft) => this.#destinations.isKnown(draft));
    if (again !== undefined) {
      this.rollback();
      // As Artemis: it does not say which.
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
