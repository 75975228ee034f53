/** Who waits for an answer to which request, and whom an ERROR that names no request can mean. */
import type { MasterSlaveError } from "../../../errors/errors.ts";
import type { BrokerRefusal } from "../opening/refusal.ts";
import { Receipts } from "./receipts.ts";

/** Waits for the answer to one request; at most one of these is called, once. */
export interface ReceiptWaiter {
  onReceipt(): void;
  onRefused(refusal: BrokerRefusal): void;
  /** The session ended first, or nothing is written any more. */
  onSessionEnd?(cause: MasterSlaveError): void;
  /** Of a SEND: how large its body is, for an ERROR that says "too large" and names nobody. */
  readonly bodyBytes?: number;
  /** Of a SUBSCRIBE: Artemis refuses one with an ERROR that names nobody. */
  readonly subscribes?: true;
  /** It asks for no receipt itself: its refusal names nobody, and the session goes on all the same. */
  readonly unnamed?: true;
  /** Told of an ERROR that names nobody and can only mean what was written before this; it goes on waiting. */
  onUnnamed?(refusal: BrokerRefusal): void;
}

export class ReceiptWaiters {
  readonly #receipts = new Receipts<ReceiptWaiter>();
  /**
   * Those that an ERROR without a receipt can mean, in the order of asking. A peer can write an ERROR in eight bytes: none
   * may cost a walk over all that wait.
   */
  readonly #unnamed = new Map<number, ReceiptWaiter>();
  readonly #subscribing = new Map<number, ReceiptWaiter>();

  /** The highest number given so far; 0 before the first. */
  get last(): number {
    return this.#receipts.last;
  }

  /** Returns the number of its receipt. */
  add(waiter: ReceiptWaiter): number {
    const receipt = this.#receipts.add(waiter);
    if (waiter.unnamed || waiter.onUnnamed) this.#unnamed.set(receipt, waiter);
    if (waiter.subscribes) this.#subscribing.set(receipt, waiter);
    return receipt;
  }

  /** Who waits for this one; it waits no longer. */
  take(receipt: number): ReceiptWaiter | undefined {
    this.#unnamed.delete(receipt);
    this.#subscribing.delete(receipt);
    return this.#receipts.take(receipt);
  }

  /** Takes all out. */
  drain(): ReceiptWaiter[] {
    this.#unnamed.clear();
    this.#subscribing.clear();
    return this.#receipts.drain();
  }

  /** Who waits with the largest body, if anybody has one; it waits no longer. */
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

  /** The one SUBSCRIBE that waits; it waits no longer. undefined when there are more, for nobody could say which. */
  takeOnlySubscribe(): ReceiptWaiter | undefined {
    return this.#takeOnly(this.#subscribing);
  }

  /**
   * Whom an ERROR that names nobody means, as the broker works in the order of what is written: what is before the first
   * fence, or the one waiter whose refusal names nobody (undefined when there are more), which waits no longer. Where there
   * is none, whoever `otherwise` names.
   */
  takeUnnamed(otherwise: () => ReceiptWaiter | undefined): ReceiptWaiter | undefined {
    const [first] = this.#unnamed.values();
    if (first === undefined) return otherwise();
    const { onUnnamed } = first;
    if (onUnnamed)
      return { unnamed: true, onReceipt: () => {}, onRefused: (refusal) => onUnnamed.call(first, refusal) };
    return this.#takeOnly(this.#unnamed, (waiter) => waiter.unnamed === true);
  }

  /** The one that there is, or the one of its kind. */
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
