/**
 * Counts the sessions that each unreadable message has ended: on Classic 6.1.8 a sender's property can overwrite the
 * content-length of its message. Such a message comes again with every session, so this memory outlives sessions.
 */
import { type Destination, formatDestination } from "../../../messaging/messages/destination.ts";

const MAX_MESSAGES = 256;

export class BrokenMessages {
  readonly #sessions = new Map<string, number>();

  /** Notes a session that is about to end because of the message. Returns the count for that message. */
  add(destination: Destination, id: string | undefined): number {
    const key = `${formatDestination(destination)} ${id?.slice(0, 1024)}`;
    const count = (this.#sessions.get(key) ?? 0) + 1;
    if (this.#sessions.size >= MAX_MESSAGES) this.#sessions.clear();
    this.#sessions.set(key, count);
    return count;
  }
}
