/** A bounded record of what became of the messages that a direction took last, for tracing a message. */
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";
import { boundedId, MAX_ID_CHARACTERS, ownedText } from "./bounded-text.ts";

export type Outcome = "forwarded" | "dead-lettered" | "expired" | "dropped" | "stays";

/** What the link sent to the target for a message. */
export interface JournalCopy {
  /** The id at the target. */
  readonly key: string | undefined;
  readonly firstId: string | undefined;
  readonly destination: string;
}

/** Ids longer than 512 characters are hashes; longer destinations, and reasons of more than 1,000 characters, are cut. */
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
const MAX_DESTINATION = 512;
const MAX_REASON = 1_000;

export class Journal {
  readonly #entries: JournalEntry[] = [];
  #next = 0;

  note(
    outcome: Outcome,
    { id, brokerMessageId, destination: source }: ReceivedMessage,
    { copy, reason }: { readonly copy?: JournalCopy; readonly reason?: string } = {},
  ): void {
    this.#entries[this.#next] = {
      outcome,
      atMs: Date.now(),
      id: keptId(id),
      brokerMessageId: keptId(brokerMessageId),
      firstId: keptId(copy?.firstId),
      targetId: keptId(copy?.key),
      source: kept(source, MAX_DESTINATION),
      destination: kept(copy?.destination, MAX_DESTINATION),
      reason: kept(reason, MAX_REASON),
    };
    this.#next = (this.#next + 1) % CAPACITY;
  }

  /** Returns every entry with this id, the oldest first. */
  find(id: string): JournalEntry[] {
    const found = this.#entries.filter((entry) => hasId(entry, id));
    return found.sort((a, b) => a.atMs - b.atMs);
  }
}

/** Whether one of the ids of a message is this one; each may be the hash of a long one. */
export function hasId(
  message: Pick<JournalEntry, "id" | "brokerMessageId" | "firstId" | "targetId">,
  id: string,
): boolean {
  const sought = boundedId(id);
  const ids = [message.id, message.brokerMessageId, message.firstId, message.targetId];
  return ids.some((each) => each !== undefined && boundedId(each) === sought);
}

function keptId(id: string | undefined): string | undefined {
  return id === undefined ? undefined : kept(boundedId(id), MAX_ID_CHARACTERS);
}

function kept(text: string | undefined, maxCharacters: number): string | undefined {
  return text === undefined ? undefined : ownedText(text, maxCharacters);
}
