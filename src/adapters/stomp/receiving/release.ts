/**
 * Giving deliveries back. STOMP gives nothing back singly: both brokers take back all that is unsettled when a subscription
 * ends. So the others get some time to be settled first, and what is not becomes stale.
 */
import type { SubscriptionSink } from "../../../messaging/port/messaging-session.ts";
import type { Wire } from "../sending/wire.ts";

export class Release {
  readonly #wire: Wire;
  readonly #sink: SubscriptionSink;
  readonly #renew: () => void;
  #timer: NodeJS.Timeout | undefined;
  #renewal: NodeJS.Immediate | undefined;
  /** Under way: it takes with it whatever else is to go back. */
  #active = false;

  /** `renew` ends the subscription and begins it anew. */
  constructor(wire: Wire, sink: SubscriptionSink, renew: () => void) {
    this.#wire = wire;
    this.#sink = sink;
    this.#renew = renew;
  }

  start(): void {
    if (this.#active) return;
    this.#active = true;
    // The caller has not been told yet that this delivery is settled: it would count it among the unsettled.
    queueMicrotask(() => this.#wire.guard(() => this.#announce()));
  }

  cancel(): void {
    this.#active = false;
    clearTimeout(this.#timer);
    clearImmediate(this.#renewal);
    this.#timer = undefined;
    this.#renewal = undefined;
  }

  #announce(): void {
    if (!this.#active) return;
    this.#timer = setTimeout(() => this.#finish(), this.#wire.peer.releaseWaitMs);
    let idle = false;
    this.#sink.onReleasing(() => {
      if (idle || !this.#active) return;
      idle = true;
      // What else is settled in this turn is written first.
      this.#renewal = setImmediate(() => this.#finish());
    });
  }

  #finish(): void {
    this.#wire.guard(() => {
      if (!this.#active) return;
      this.cancel();
      this.#renew();
    });
  }
}
