/** Counts and reports the handler failures of one connection, so that none goes unnoticed. */
import { type HandlerFailure, warnOfHandler } from "./redelivery-policy.ts";

export class HandlerFailures {
  readonly #tell: (failure: HandlerFailure) => boolean;
  #count = 0;
  #warned = false;

  /** `tell` reports a failure and returns whether anybody listened; it never throws. */
  constructor(tell: (failure: HandlerFailure) => boolean) {
    this.#tell = tell;
  }

  /** How many failures there were. */
  get count(): number {
    return this.#count;
  }

  /** Counts and reports a failure. `heard`: the user's onError was called. */
  add(failure: HandlerFailure, heard: boolean): void {
    this.#count += 1;
    // A program that listens to nothing gets a process warning instead.
    if (this.#tell(failure) || heard || this.#warned) return;
    this.#warned = true;
    warnOfHandler(failure);
  }
}
