/** The last warnings of a bridge. Each kind is reported at most once an hour. */
import type { BridgeWarning } from "./watched-group.ts";

const MAX_KEPT = 50;
const MAX_KNOWN = 1_000;
const AGAIN_MS = 3_600_000;

export class Warnings {
  readonly #kept: BridgeWarning[] = [];
  /** The `performance.now()` of the last warning, by link, group and code. */
  readonly #known = new Map<string, number>();

  get last(): readonly BridgeWarning[] {
    return [...this.#kept];
  }

  /** Returns whether to report the warning: true if there was none of its kind within an hour. */
  add(warning: BridgeWarning): boolean {
    const key = JSON.stringify([warning.link, warning.group, warning.code]);
    const now = performance.now();
    const before = this.#known.get(key);
    if (before !== undefined && now - before < AGAIN_MS) return false;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(key, now);
    this.#kept.push(warning);
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
    return true;
  }
}
