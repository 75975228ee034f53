/** A bounded set of ids; the oldest are forgotten first. */

export class RecentIds {
  readonly #max: number;
  readonly #ids = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Returns whether the id is new. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    if (this.#ids.size >= this.#max) for (const oldest of this.#ids) if (this.#ids.delete(oldest)) break;
    this.#ids.add(id);
    return true;
  }

  /** Removes the id; returns whether it was there. */
  take(id: string): boolean {
    return this.#ids.delete(id);
  }

  copy(): RecentIds {
    const copy = new RecentIds(this.#max);
    for (const id of this.#ids) copy.#ids.add(id);
    return copy;
  }
}
