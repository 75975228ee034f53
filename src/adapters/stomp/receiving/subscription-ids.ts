/** Finds the subscription of a message by the id of its SUBSCRIBE. */

/** The ids that a session has given its subscriptions: a subscription gets a new id when it gives deliveries back. */
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

  /** Whether a message with this id is legitimate, even if the id was withdrawn while the message was on its way. */
  wasIssued(id: string | undefined): boolean {
    const number = Number(id);
    return Number.isInteger(number) && number >= 1 && number <= this.#last;
  }

  all(): readonly Subscription[] {
    return [...this.#byId.values()];
  }
}
