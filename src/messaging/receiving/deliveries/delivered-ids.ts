/** Which message ids were handed over on this connection lately: both brokers forget it when they crash. */

/** Enough to span the prefetch of many consumers and several failovers; about a megabyte for two generations. */
const GENERATION_IDS = 5_000;

/** Ids are kept for one to two generations: forgetting a whole generation at a time costs nothing per id. */
export class DeliveredIds {
  #recent = new Set<string>();
  #earlier = new Set<string>();

  /** Notes an id; returns whether it was known. */
  note(id: string): boolean {
    if (this.#recent.has(id)) return true;
    if (this.#recent.size >= GENERATION_IDS) {
      this.#earlier = this.#recent;
      this.#recent = new Set();
    }
    this.#recent.add(id);
    return this.#earlier.has(id);
  }
}
