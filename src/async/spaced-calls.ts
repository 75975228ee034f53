/** Calls a function soon after a request: once for requests that come together, and at most once in a given time. */
import { startTimer } from "./timer.ts";

export class SpacedCalls {
  readonly #act: () => void;
  readonly #spaceMs: number;
  /** Cancels the call that is due; undefined when none is. */
  #cancel: (() => void) | undefined;
  /** `performance.now()` of the last call. */
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(act: () => void, spaceMs: number) {
    this.#act = act;
    this.#spaceMs = spaceMs;
  }

  /** Lets the function be called in the next turn, or when `spaceMs` have passed since its last call. */
  request(): void {
    if (this.#cancel) return;
    const waitMs = this.#lastAt + this.#spaceMs - performance.now();
    if (waitMs > 0) this.#cancel = startTimer(waitMs, () => this.#call());
    else {
      const turn = setImmediate(() => this.#call());
      this.#cancel = () => clearImmediate(turn);
    }
  }

  /** Cancels the call that is due, if one is. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #call(): void {
    this.#cancel = undefined;
    this.#lastAt = performance.now();
    this.#act();
  }
}
