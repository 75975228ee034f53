/** The sends of one session: a sender link per destination, opened on demand, kept open, bounded in number. */
import { formatDestination } from "../../messaging/destination.ts";
import type { OutgoingSend } from "../../messaging/messaging-session.ts";
import type { SessionContext } from "./amqp-session.ts";
import { SenderLink } from "./sender-link.ts";

/** Links above this are closed when idle, the least recently used first. */
const MAX_IDLE_LINKS = 64;

export class Sends {
  readonly #context: SessionContext;
  /** The most recently opened last. */
  readonly #links = new Map<string, SenderLink>();

  constructor(context: SessionContext) {
    this.#context = context;
  }

  send(send: OutgoingSend): void {
    const key = formatDestination(send.destination);
    const link = this.#links.get(key) ?? this.#open(key, send);
    link.send(send);
  }

  /** The session is over: nothing is written any more and nobody is told of an outcome. */
  end(): void {
    for (const link of this.#links.values()) link.end();
    this.#links.clear();
  }

  #open(key: string, { destination }: OutgoingSend): SenderLink {
    if (this.#links.size >= MAX_IDLE_LINKS) this.#closeLeastRecentlyUsed();
    const link = new SenderLink(this.#context, destination, () => {
      if (this.#links.get(key) === link) this.#links.delete(key);
    });
    this.#links.set(key, link);
    return link;
  }

  #closeLeastRecentlyUsed(): void {
    let oldest: readonly [string, SenderLink] | undefined;
    for (const entry of this.#links) {
      const [, link] = entry;
      if (link.idle && (oldest === undefined || link.usedAtMs < oldest[1].usedAtMs)) oldest = entry;
    }
    // All in use: what waits is bounded above us, and so is their number.
    if (oldest === undefined) return;
    this.#links.delete(oldest[0]);
    oldest[1].close();
  }
}
