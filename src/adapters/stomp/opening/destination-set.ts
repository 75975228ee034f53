/** A set of destinations with a limit: when it is full, it starts again empty. */
import { type Destination, formatDestination } from "../../../messaging/messages/destination.ts";

const MAX_DESTINATIONS = 256;

export class DestinationSet {
  readonly #destinations = new Set<string>();
  /** A cache: most sends go to the same destination as the one before. */
  #latest: Destination | undefined;

  add(destination: Destination): void {
    this.#latest = destination;
    if (this.#destinations.size >= MAX_DESTINATIONS) this.#destinations.clear();
    this.#destinations.add(formatDestination(destination));
  }

  has(destination: Destination): boolean {
    if (destination === this.#latest) return true;
    return this.#destinations.size > 0 && this.#destinations.has(formatDestination(destination));
  }
}
