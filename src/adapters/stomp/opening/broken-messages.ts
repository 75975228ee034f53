/**
 * Which messages have ended sessions because their frames cannot be read: another sender's property can be written over the
 * content-length of its message (Classic 6.1.8). Such a message comes again with every session. This outlives sessions.
 */
import { type Destination, formatDestination } from "../../../messaging/messages/destination.ts";

const MAX_MESSAGES = 256;

export class BrokenMessages {
  readonly #sessions = new Map<string, number>();

  /** Notes a session that is about to end over the message. Returns how many that makes. */
  add(destination: Destination, id: string | undefined): number {
    const key = `${formatDestination(destination)} ${id?.slice(0, 1024)}`;
    const count = (this.#sessions.get(key) ?? 0) + 1;
    if (this.#sessions.size >= MAX_MESSAGES) this.#sessions.clear();
    this.#sessions.set(key, count);
    return count;
  }
}
