/**
 * Gives deliveries back. STOMP cannot release single deliveries: both brokers take back everything unsettled when a
 * subscription ends. So the other deliveries get some time to be settled first; the rest becomes stale.
 */
import type { SubscriptionSink } from "../../../messaging/port/messaging-session.ts";
import type { Wire } from "../sending/wire.ts";

export class Release {
  readonly #wire: Wire;
  readonly #sink: SubscriptionSink;
  readonly #renew: () => void;
  #timer: NodeJS.Timeout | undefined;
  #renewal: NodeJS.Immediate | undefined;
  /** A release is under way; further released deliveries join it. */
  #active = false;

  /** `renew` ends the subscription and begins it again. */
  constructor(wire: Wire, sink: SubscriptionSink, renew: () => void) {
    this.#wire = wire;
    this.#sink = sink;
    this.#renew = renew;
  }

  start(): void {
    if (this.#active) return;
    this.#active = true;
    // The caller does not know yet that this delivery is settled, and would count it among the unsettled ones.
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
      // Other settlements of this turn are written first.
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
