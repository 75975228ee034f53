/** Destinations by the text they were given as: who sends thousands a second sends to few. */
import { type Destination, parseDestination } from "./destination.ts";

/** Who answers to ever new reply queues begins anew with them. */
const MAX_KNOWN = 256;

export class KnownDestinations {
  readonly #known = new Map<string, Destination>();

  /** @throws as parseDestination. */
  parse(text: string): Destination {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const destination = parseDestination(text);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(text, destination);
    return destination;
  }
}
