/** A bounded record of what became of the messages that a direction took last, for tracing a message. */
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";

export type Outcome = "forwarded" | "dead-lettered" | "expired" | "dropped" | "stays";

/** What the link sent to the target for a message. */
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
  /** The message's id as the source shows it. */
  readonly id: string | undefined;
  readonly brokerMessageId: string | undefined;
  /** The message's id in the group where it was first published. */
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

  /** Returns every entry with this id, the oldest first. */
  find(id: string): JournalEntry[] {
    const found = this.#entries.filter((entry) => hasId(entry, id));
    return found.sort((a, b) => a.atMs - b.atMs);
  }
}

/** Whether this is one of the ids of a message. */
export function hasId(
  message: Pick<JournalEntry, "id" | "brokerMessageId" | "firstId" | "targetId">,
  id: string,
): boolean {
  return [message.id, message.brokerMessageId, message.firstId, message.targetId].includes(id);
}
