/**
 * Gives the credit of settled deliveries back to the broker in few flow frames, because each frame wakes the broker up.
 * Settlements of one turn are collected up to a quarter of the prefetch, as long as the broker has more than half of it
 * left.
 */
export interface CreditReplenisherDeps {
  readonly prefetch: number;
  /** The credit that the broker still has. */
  left(): number;
  /** Grants credit; called in a later turn. */
  pay(credit: number): void;
}

export class CreditReplenisher {
  readonly #terms: CreditReplenisherDeps;
  readonly #enough: number;
  readonly #little: number;
  #owed = 0;
  #scheduled = false;

  constructor(terms: CreditReplenisherDeps) {
    this.#terms = terms;
    this.#enough = terms.prefetch / 4;
    this.#little = terms.prefetch / 2;
  }

  add(): void {
    this.#owed += 1;
    this.#schedule();
  }

  /** The broker has used credit: once little is left, the owed credit is granted at once. */
  used(): void {
    if (this.#owed > 0 && this.#terms.left() <= this.#little) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const credit = this.#owed;
      if (credit === 0 || (credit < this.#enough && this.#terms.left() > this.#little)) return;
      this.#owed = 0;
      this.#terms.pay(credit);
    });
  }
}
