/**
 * The credit that settled deliveries give back to the broker, in few flows: each wakes it up. What is settled in one turn
 * of the loop waits for a quarter of the prefetch, as long as the broker has more than half of it left.
 */
export interface CreditReplenisherDeps {
  readonly prefetch: number;
  /** What the broker still has. */
  left(): number;
  /** Called in a later turn. */
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

  /** The broker has used credit: what is owed must not wait once there is little left. */
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
