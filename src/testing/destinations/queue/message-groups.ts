/** Assigns message groups (JMSXGroupID) to consumers: one at a time, until the consumer leaves or the group closes. */
import type { QueueConsumer, QueueEntry } from "./queue-entry.ts";

/** Beyond this number the oldest group is forgotten; Classic forgets beyond 1024. */
const MAX_GROUPS = 10_000;

export class MessageGroups {
  readonly #owners = new Map<string, QueueConsumer>();

  ownerOf({ message }: QueueEntry): QueueConsumer | undefined {
    return message.group && this.#owners.get(message.group.id);
  }

  /** The consumer gets the entry, and with it the entry's group. */
  assign({ message: { group } }: QueueEntry, consumer: QueueConsumer): void {
    if (group === undefined) return;
    if (group.closes) {
      this.#owners.delete(group.id);
      return;
    }
    this.#owners.set(group.id, consumer);
    const [oldest] = this.#owners.keys();
    if (this.#owners.size > MAX_GROUPS && oldest !== undefined) this.#owners.delete(oldest);
  }

  /** The consumer leaves: its groups go to whoever gets their next messages. */
  free(consumer: QueueConsumer): void {
    for (const [id, owner] of this.#owners) if (owner === consumer) this.#owners.delete(id);
  }
}
