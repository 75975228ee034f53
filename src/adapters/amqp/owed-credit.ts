/** The credit that settled deliveries give back to the broker: what is settled in one turn of the loop, in one flow. */
export class OwedCredit {
  readonly #pay: (credit: number) => void;
  #owed = 0;

  /** `pay` is called in a later turn. */
  constructor(pay: (credit: number) => void) {
    this.#pay = pay;
  }

  add(): void {
    this.#owed += 1;
    if (this.#owed > 1) return;
    setImmediate(() => {
      const credit = this.#owed;
      this.#owed = 0;
      this.#pay(credit);
    });
  }
}
