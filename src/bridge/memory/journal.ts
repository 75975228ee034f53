/** What became of the messages that a direction took last: a bounded memory, for those who look for one of them. */
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";

export type Outcome = "forwarded" | "dead-lettered" | "expired" | "dropped" | "stays";

/** What the link made of a message. */
export interface JournalCopy {
  /** The id at the target. */
  readonly key: string | undefined;
  readonly firstId: string | undefined;
  readonly destination: string;
}

export interface JournalEntry {
  readonly outcome: Outcome;
  /** `Date.now()` */
  readonly atMs: number;
  /** As the source shows it. */
  readonly id: string | undefined;
  readonly brokerMessageId: string | undefined;
  /** In the first group. */
  readonly firstId: string | undefined;
  /** The id at the target. */
  readonly targetId: string | undefined;
  readonly source: string | undefined;
  readonly destination: string | undefined;
  readonly reason: string | undefined;
}

const CAPACITY = 10_000;

export class Journal {
  readonly #entries: JournalEntry[] = [];
  #next = 0;

  note(
    outcome: Outcome,
    { id, brokerMessageId, destination: source }: ReceivedMessage,
    { copy, reason }: { readonly copy?: JournalCopy; readonly reason?: string } = {},
  ): void {
    const { key: targetId, firstId, destination } = copy ?? {};
    const atMs = Date.now();
    this.#entries[this.#next] = { outcome, atMs, id, brokerMessageId, firstId, targetId, source, destination, reason };
    this.#next = (this.#next + 1) % CAPACITY;
  }

  /** Everything that is known of an id, the oldest first. */
  find(id: string): JournalEntry[] {
    const found = this.#entries.filter((entry) => hasId(entry, id));
    return found.sort((a, b) => a.atMs - b.atMs);
  }
}

/** Whether one of the ids of a message is this one. */
export function hasId(
  message: Pick<JournalEntry, "id" | "brokerMessageId" | "firstId" | "targetId">,
  id: string,
): boolean {
  return [message.id, message.brokerMessageId, message.firstId, message.targetId].includes(id);
}
