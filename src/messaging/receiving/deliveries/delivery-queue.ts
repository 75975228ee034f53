/** A queue between deliveries that wait for readers and readers that wait for deliveries. */

import { FifoQueue } from "../../../async/fifo-queue.ts";
import type { MasterSlaveError } from "../../../errors/errors.ts";
import type { IncomingDelivery } from "../../port/messaging-session.ts";
import type { Delivery } from "./delivery.ts";
import type { SessionDeliveries } from "./session-deliveries.ts";

export interface Arrival {
  readonly incoming: IncomingDelivery;
  /** The deliveries of the session that it came by. */
  readonly deliveries: SessionDeliveries;
}

interface Reader {
  readonly resolve: (delivery: Delivery | undefined) => void;
  readonly reject: (error: MasterSlaveError) => void;
  waits: boolean;
}

export class DeliveryQueue {
  readonly #handOver: (arrival: Arrival) => Delivery | undefined;
  readonly #arrived = new FifoQueue<Arrival>();
  readonly #readers = new FifoQueue<Reader>(({ waits }) => !waits);
  #onceEmpty: (() => void) | undefined;
  /** Why nothing is delivered at the moment; both reasons may apply. */
  readonly #holds = new Set<"paused" | "releasing">();
  readonly #over = new AbortController();
  /** Why nothing more comes. Only the next reader is told. */
  #failure: MasterSlaveError | undefined;

  /** `handOver` makes a delivery of what arrived, or returns undefined if nobody should see it. */
  constructor(handOver: (arrival: Arrival) => Delivery | undefined) {
    this.#handOver = handOver;
  }

  /** Fires when nothing more will be delivered. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  hold(why: "paused" | "releasing"): void {
    this.#holds.add(why);
  }

  /** Ends a hold and delivers what has arrived meanwhile, as far as readers wait for it. */
  release(why: "paused" | "releasing"): void {
    if (this.#holds.delete(why)) this.#match();
  }

  /** Adds a delivery, for a reader that waits or comes later. */
  add(arrival: Arrival): void {
    this.#arrived.push(arrival);
    this.#match();
  }

  /** Takes a delivery that has arrived. */
  take(): Delivery | undefined {
    if (this.#holds.size > 0) return undefined;
    for (let arrival = this.#arrived.shift(); arrival; arrival = this.#arrived.shift()) {
      const delivery = this.#handOver(arrival);
      if (this.#arrived.size === 0) this.#tellEmpty();
      if (delivery) return delivery;
    }
    return undefined;
  }

  /** Calls `act` once, as soon as everything that has arrived is delivered; not if it is dropped before. */
  onceEmpty(act: () => void): void {
    this.#onceEmpty = act;
    if (this.#arrived.size === 0) this.#tellEmpty();
  }

  /**
   * Calls one of both, once: `resolve` with undefined if nothing more comes. Returns a function that ends the wait
   * without a call.
   */
  wait(resolve: Reader["resolve"], reject: Reader["reject"]): () => void {
    const reader: Reader = { resolve, reject, waits: true };
    this.#readers.push(reader);
    return () => {
      if (!reader.waits) return;
      reader.waits = false;
      this.#readers.noteLeft();
    };
  }

  /** Drops what has arrived, because it comes again. Returns how many messages that is. */
  clear(): number {
    this.#onceEmpty = undefined;
    return this.#arrived.drain().length;
  }

  /** Nothing more comes: drops what has arrived and answers every reader, the first one with the failure. */
  end(failure?: MasterSlaveError): void {
    this.#over.abort();
    this.clear();
    const readers = this.#readers.drain();
    this.#failure = readers.length > 0 ? undefined : failure;
    readers.forEach((reader, index) => {
      reader.waits = false;
      if (failure && index === 0) reader.reject(failure);
      else reader.resolve(undefined);
    });
  }

  /** Returns the answer for a reader when nothing more comes. */
  ended<T>(value: T): Promise<T> {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure ? Promise.reject(failure) : Promise.resolve(value);
  }

  #tellEmpty(): void {
    const act = this.#onceEmpty;
    this.#onceEmpty = undefined;
    act?.();
  }

  #match(): void {
    while (this.#readers.size > 0) {
      const delivery = this.take();
      if (delivery === undefined) return;
      const reader = this.#readers.shift();
      if (reader === undefined) return;
      reader.waits = false;
      reader.resolve(delivery);
    }
  }
}
