/** The failures of the handlers of one connection: counted, told, and never silent. */
import { type HandlerFailure, warnOfHandler } from "./redelivery-policy.ts";

export class HandlerFailures {
  readonly #tell: (failure: HandlerFailure) => boolean;
  #count = 0;
  #warned = false;

  /** `tell` returns whether somebody listened, and never throws. */
  constructor(tell: (failure: HandlerFailure) => boolean) {
    this.#tell = tell;
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** `heard`: the user's onError was told. */
  add(failure: HandlerFailure, heard: boolean): void {
    this.#count += 1;
    // Nothing that goes wrong is silent, not even for a program that listens to nothing.
    if (this.#tell(failure) || heard || this.#warned) return;
    this.#warned = true;
    warnOfHandler(failure);
  }
}
