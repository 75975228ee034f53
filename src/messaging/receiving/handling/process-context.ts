/** What a handler of run() and respond() is told of the message it has in hand. */
import type { ReceivedMessage } from "../../messages/received-message.ts";
import type { Delivery } from "../deliveries/delivery.ts";
import type { Transaction } from "./transact.ts";

/** What a handler is told beside the message. */
export interface ProcessContext {
  /** From 1, one more after each call that failed; a call that the end of its session made void does not count. */
  readonly attempt: number;
  /** See Delivery.redelivered. */
  readonly redelivered: boolean;
  /** With `transacted`: what is sent in it holds together with the acceptance of the message. */
  readonly transaction: Transaction | undefined;
  /**
   * The delivery underneath. A handler that settles it by itself, by release() or modify() for instance, has had the last
   * word: run() then neither accepts nor rejects the message, nor calls the handler for it again.
   */
  readonly delivery: Delivery;
  /**
   * Fires when the message can no longer be settled and comes again, so that what the handler still does would be done
   * twice: leave it undone, or make it harmless to repeat, and return or throw; run() settles nothing then. Its reason is
   * STALE_DELIVERY when the session ended (with why as its cause), the consumer was closed, or another message of it was
   * released over STOMP, and CONNECTION_CLOSED when close() has waited `drainTimeoutMs` for the handler.
   */
  readonly signal: AbortSignal;
}

/** What a handler is told with `transacted: true`. */
export interface TransactedContext extends ProcessContext {
  /** What is sent in it holds together with the acceptance of the message. */
  readonly transaction: Transaction;
}

/** A handler of `run(handler, { transacted: true })`. */
export type ProcessTransacted = (message: ReceivedMessage, context: TransactedContext) => unknown;

/** A handler: the message is accepted when what it returns has settled, and counts as failed when it throws or rejects. */
export type ProcessMessage = (message: ReceivedMessage, context: ProcessContext) => unknown;

/** One call of a handler. What it is told is read from here: an object with a getter of its own costs a microsecond. */
export class HandlerCall implements ProcessContext {
  readonly attempt: number;
  readonly redelivered: boolean;
  readonly transaction: Transaction | undefined;
  readonly delivery: Delivery;
  #signal: AbortSignal | undefined;
  #forget: (() => void) | undefined;

  constructor(delivery: Delivery, attempt: number, transaction: Transaction | undefined) {
    this.delivery = delivery;
    this.attempt = attempt;
    this.redelivered = delivery.redelivered;
    this.transaction = transaction;
  }

  /** Made when it is asked for: few handlers do, and it costs more than the rest of the call. */
  get signal(): AbortSignal {
    if (this.#signal) return this.#signal;
    const controller = new AbortController();
    this.#signal = controller.signal;
    this.#forget = this.delivery.origin.onceEnded((why) => controller.abort(why));
    return this.#signal;
  }

  /** The handler has finished: its signal fires no more. */
  over(): void {
    this.#forget?.();
  }
}
