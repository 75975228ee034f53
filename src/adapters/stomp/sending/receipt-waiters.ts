/** The requests that wait for their answers, and which of them an ERROR without a receipt-id can mean. */
import type { MasterSlaveError } from "../../../errors/errors.ts";
import type { BrokerRefusal } from "../opening/refusal.ts";
import { Receipts } from "./receipts.ts";

/** Waits for the answer to one request; at most one of these callbacks is called, once. */
export interface ReceiptWaiter {
  onReceipt(): void;
  onRefused(refusal: BrokerRefusal): void;
  /** Called if the session ends first, or if nothing is written any more. */
  onSessionEnd?(cause: MasterSlaveError): void;
  /** The size of a SEND's body, for an ERROR that says "too large" without a receipt-id. */
  readonly bodyBytes?: number;
  /** Set for a SUBSCRIBE: Artemis refuses it with an ERROR without a receipt-id. */
  readonly subscribes?: true;
  /** The request asks for no receipt itself. Its ERROR has no receipt-id, and the session goes on after it. */
  readonly unnamed?: true;
  /**
   * Called with an ERROR without a receipt-id that can only mean what was written before this request, which goes on
   * waiting.
   */
  onUnnamed?(refusal: BrokerRefusal): void;
}

export class ReceiptWaiters {
  readonly #receipts = new Receipts<ReceiptWaiter>();
  /**
   * The waiters that an ERROR without a receipt-id can mean, in the order of the requests. A peer can write an ERROR in
   * eight bytes, so handling one must not walk over all waiters.
   */
  readonly #unnamed = new Map<number, ReceiptWaiter>();
  readonly #subscribing = new Map<number, ReceiptWaiter>();

  /** The highest receipt number given so far; 0 before the first. */
  get last(): number {
    return this.#receipts.last;
  }

  /** Adds a waiter and returns the number of its receipt. */
  add(waiter: ReceiptWaiter): number {
    const receipt = this.#receipts.add(waiter);
    if (waiter.unnamed || waiter.onUnnamed) this.#unnamed.set(receipt, waiter);
    if (waiter.subscribes) this.#subscribing.set(receipt, waiter);
    return receipt;
  }

  /** Removes and returns the waiter for this receipt. */
  take(receipt: number): ReceiptWaiter | undefined {
    this.#unnamed.delete(receipt);
    this.#subscribing.delete(receipt);
    return this.#receipts.take(receipt);
  }

  /** Removes and returns all waiters. */
  drain(): ReceiptWaiter[] {
    this.#unnamed.clear();
    this.#subscribing.clear();
    return this.#receipts.drain();
  }

  /** Removes and returns the waiting SEND with the largest body; undefined if there is none. */
  takeLargest(): ReceiptWaiter | undefined {
    let largest: number | undefined;
    let bytes = 0;
    for (const [receipt, { bodyBytes = 0 }] of this.#receipts) {
      if (bodyBytes <= bytes) continue;
      bytes = bodyBytes;
      largest = receipt;
    }
    return largest === undefined ? undefined : this.take(largest);
  }

  /**
   * Removes and returns the only waiting SUBSCRIBE; undefined if there are several, because nobody can say which one is
   * meant.
   */
  takeOnlySubscribe(): ReceiptWaiter | undefined {
    return this.#takeOnly(this.#subscribing);
  }

  /**
   * Returns the waiter that an ERROR without a receipt-id means. The broker works in the order of what was written, so
   * this is the first fence, which goes on waiting, or the only waiter without a receipt of its own, which is removed
   * (undefined if there are several). If there is neither, it is whatever `otherwise` returns.
   */
  takeUnnamed(otherwise: () => ReceiptWaiter | undefined): ReceiptWaiter | undefined {
    const [first] = this.#unnamed.values();
    if (first === undefined) return otherwise();
    const { onUnnamed } = first;
    if (onUnnamed)
      return { unnamed: true, onReceipt: () => {}, onRefused: (refusal) => onUnnamed.call(first, refusal) };
    return this.#takeOnly(this.#unnamed, (waiter) => waiter.unnamed === true);
  }

  /** Removes and returns the waiter if it is the only one, or the only one of its kind. */
  #takeOnly(
    among: ReadonlyMap<number, ReceiptWaiter>,
    which: (waiter: ReceiptWaiter) => boolean = () => true,
  ): ReceiptWaiter | undefined {
    let only: number | undefined;
    for (const [receipt, waiter] of among) {
      if (!which(waiter)) continue;
      if (only !== undefined) return undefined;
      only = receipt;
    }
    return only === undefined ? undefined : this.take(only);
  }
}
