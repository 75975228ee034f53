/** A cache of parsed destinations: programs that send thousands of messages a second send to few destinations. */
import { type Destination, parseDestination } from "./destination.ts";

/** The cache is emptied beyond this: a program that replies to ever new queues would fill it. */
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
