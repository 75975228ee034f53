/** Ids of the messages delivered recently on this connection: brokers forget the redelivered flag when they crash. */

/** Enough for the prefetch of many consumers and several failovers; two generations take about a megabyte. */
const GENERATION_IDS = 5_000;

/** Keeps ids for one to two generations: forgetting a whole generation at a time costs nothing per id. */
export class DeliveredIds {
  #recent = new Set<string>();
  #earlier = new Set<string>();

  /** Records an id; returns whether it was known. */
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
