/** Which subscription a message is for: by the id its SUBSCRIBE had. */

/** The ids a session has given its subscriptions: a subscription changes its id when it gives deliveries back. */
export class SubscriptionIds<Subscription> {
  readonly #byId = new Map<string, Subscription>();
  #last = 0;

  issue(subscription: Subscription): string {
    const id = String(++this.#last);
    this.#byId.set(id, subscription);
    return id;
  }

  withdraw(id: string): void {
    this.#byId.delete(id);
  }

  get any(): boolean {
    return this.#byId.size > 0;
  }

  find(id: string | undefined): Subscription | undefined {
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /** Whether a message may come for this id, if only because it was on its way when the id was withdrawn. */
  wasIssued(id: string | undefined): boolean {
    const number = Number(id);
    return Number.isInteger(number) && number >= 1 && number <= this.#last;
  }

  all(): readonly Subscription[] {
    return [...this.#byId.values()];
  }
}
