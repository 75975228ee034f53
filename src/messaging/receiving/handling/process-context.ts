/** What a handler of run() and respond() is told about the message it has in hand. */
import type { ReceivedMessage } from "../../messages/received-message.ts";
import type { Delivery } from "../deliveries/delivery.ts";
import type { Transaction } from "./transact.ts";

/** What a handler is told in addition to the message. */
export interface ProcessContext {
  /**
   * The number of this call, from 1. It grows with each call that failed; a call made void by the end of its session
   * does not count.
   */
  readonly attempt: number;
  /** See Delivery.redelivered. */
  readonly redelivered: boolean;
  /** With `transacted`: what is sent in it takes effect together with the acceptance of the message. */
  readonly transaction: Transaction | undefined;
  /**
   * The delivery of the message. If the handler settles it by release() or modify(), for example, run() neither accepts
   * nor rejects the message, and does not call the handler for it again.
   */
  readonly delivery: Delivery;
  /**
   * Fires when the message can no longer be settled and comes again, so the handler's remaining work would be done
   * twice. Stop, or make the work harmless to repeat, and return or throw; run() settles nothing then. An error that the
   * handler throws from then on does not count for `redelivery`; the event `handlerFailed` may report it as `return`. The
   * signal's reason is STALE_DELIVERY if the session ended (with the reason as its cause), the consumer was closed, or
   * another of its messages was released over STOMP. It is CONNECTION_CLOSED if close() has waited `drainTimeoutMs` for
   * the handler.
   */
  readonly signal: AbortSignal;
}

/** What a handler is told with `transacted: true`. */
export interface TransactedContext extends ProcessContext {
  /** What is sent in it takes effect together with the acceptance of the message. */
  readonly transaction: Transaction;
}

/** A handler of `run(handler, { transacted: true })`. */
export type ProcessTransacted = (message: ReceivedMessage, context: TransactedContext) => unknown;

/**
 * A handler. The message is accepted when the promise it returns has resolved; the call counts as failed if it throws
 * or rejects.
 */
export type ProcessMessage = (message: ReceivedMessage, context: ProcessContext) => unknown;

/**
 * One call of a handler, which is also the context that the handler gets: a separate object with a getter of its own
 * would cost a microsecond.
 */
export class HandlerCall implements ProcessContext {
  readonly attempt: number;
  readonly redelivered: boolean;
  readonly transaction: Transaction | undefined;
  readonly delivery: Delivery;
  #signal: AbortSignal | undefined;
  #forget: (() => void) | undefined;
  #isOver = false;

  constructor(delivery: Delivery, attempt: number, transaction: Transaction | undefined) {
    this.delivery = delivery;
    this.attempt = attempt;
    this.redelivered = delivery.redelivered;
    this.transaction = transaction;
  }

  /** Created on first use: few handlers use it, and it costs more than the rest of the call. */
  get signal(): AbortSignal {
    if (this.#signal) return this.#signal;
    const controller = new AbortController();
    this.#signal = controller.signal;
    // A signal first read after the call never fires: its callback would be kept until the session ends.
    if (!this.#isOver) this.#forget = this.delivery.origin.onceEnded((why) => controller.abort(why));
    return this.#signal;
  }

  /** The handler has finished: the signal no longer fires. */
  over(): void {
    this.#isOver = true;
    this.#forget?.();
  }
}
