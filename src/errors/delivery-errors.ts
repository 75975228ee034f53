/** The errors of sends, deliveries, requests, subscriptions and transactions. */
import { type ErrorDetails, MasterSlaveError } from "./base-error.ts";
import type { ErrorCode } from "./error-codes.ts";

/** The codes that an error of a send can have. */
export type SendErrorCode = Extract<
  ErrorCode,
  | "SEND_TIMEOUT"
  | "SEND_REJECTED"
  | "SEND_NOT_STORED"
  | "SEND_IN_DOUBT"
  | "SEND_EXPIRED"
  | "MESSAGE_TOO_LARGE"
  | "SEND_OVERFLOW"
  | "NOT_CONNECTED"
  | "POISON_SEND"
>;

/**
 * A send failed. `id` is the message's stable id. `inDoubt`: the message had been written, so the broker may have
 * stored it.
 */
export class SendError extends MasterSlaveError {
  /** The id of the message, as in the result of `send()`. */
  readonly id: string;
  /** Whether the message had been written: then the broker may have stored it. */
  readonly inDoubt: boolean;
  constructor(
    code: SendErrorCode,
    message: string,
    details: ErrorDetails & { readonly id: string; readonly inDoubt?: boolean },
  ) {
    super(code, message, details);
    this.id = details.id;
    this.inDoubt = details.inDoubt ?? false;
  }
}

type SendDetails = ErrorDetails & { readonly id: string; readonly inDoubt?: boolean };

/** The broker did not confirm the send within its `timeoutMs`. */
export class SendTimeoutError extends SendError {
  constructor(message: string, details: SendDetails) {
    super("SEND_TIMEOUT", message, { retryable: true, ...details });
  }
}

/** The broker refused this message: not authorised, malformed, or its store is full. */
export class SendRejectedError extends SendError {
  constructor(message: string, details: SendDetails) {
    super("SEND_REJECTED", message, details);
  }
}

/** The broker gave the message back (AMQP `released` or `modified`): it is not stored and may be sent again. */
export class SendNotStoredError extends SendError {
  constructor(message: string, details: SendDetails) {
    super("SEND_NOT_STORED", message, { retryable: true, ...details });
  }
}

/** The session ended between the write and the confirmation, and `inDoubt` is `"fail"`. */
export class SendInDoubtError extends SendError {
  constructor(message: string, details: SendDetails) {
    super("SEND_IN_DOUBT", message, { inDoubt: true, ...details });
  }
}

/** The message's `ttlMs` ran out while it was held. */
export class SendExpiredError extends SendError {
  constructor(message: string, details: SendDetails) {
    super("SEND_EXPIRED", message, details);
  }
}

/** The message can never be sent: it is larger than the broker's limit, or than `maxPendingBytes`. */
export class MessageTooLargeError extends SendError {
  constructor(message: string, details: SendDetails) {
    super("MESSAGE_TOO_LARGE", message, details);
  }
}

/** `poisonAfter` sessions ended with this send in flight, and one more with this send alone. */
export class PoisonSendError extends SendError {
  constructor(message: string, details: SendDetails) {
    super("POISON_SEND", message, { inDoubt: true, ...details });
  }
}

/** `maxPendingSends` or `maxPendingBytes` is reached and `overflow` is `"reject"`. Nothing was written. */
export class SendOverflowError extends SendError {
  constructor(message: string, details: SendDetails) {
    super("SEND_OVERFLOW", message, { retryable: true, ...details });
  }
}

/** There is no session at the moment and `whenInterrupted` is `"reject"`. Nothing was written. */
export class NotConnectedError extends SendError {
  constructor(message: string, details: SendDetails) {
    super("NOT_CONNECTED", message, { retryable: true, ...details });
  }
}

/** No reply to a request came within its `timeoutMs`. The request itself may have been stored and processed. */
export class RequestTimeoutError extends MasterSlaveError {
  /** The message id of the request, which is also its correlation id. */
  readonly id: string;
  constructor(message: string, id: string, details: ErrorDetails = {}) {
    super("REQUEST_TIMEOUT", message, { retryable: true, ...details });
    this.id = id;
  }
}

/**
 * The temporary reply queue was lost with its session before the reply came. The request may have been stored and
 * processed.
 */
export class RequestInterruptedError extends MasterSlaveError {
  /** The message id of the request. */
  readonly id: string;
  constructor(message: string, id: string, details: ErrorDetails = {}) {
    super("REQUEST_INTERRUPTED", message, { retryable: true, ...details });
    this.id = id;
  }
}

/** The transaction was not committed within `timeoutMs`: it is rolled back. */
export class TransactionTimeoutError extends MasterSlaveError {
  constructor(message: string) {
    super("TRANSACTION_TIMEOUT", message, { retryable: true });
  }
}

/**
 * The session ended before the commit was written: the transaction is rolled back, and what it accepted comes again.
 */
export class TransactionInterruptedError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("TRANSACTION_INTERRUPTED", message, { retryable: true, ...details });
  }
}

/** The broker refused a member or the commit: the transaction is rolled back, and what it accepted comes again. */
export class TransactionRolledBackError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("TRANSACTION_ROLLED_BACK", message, details);
  }
}

/**
 * The session ended between the commit and its answer: either all of the transaction took effect or none of it. It is
 * never replayed.
 */
export class TransactionInDoubtError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("TRANSACTION_IN_DOUBT", message, details);
  }
}

/** The broker refused or ended the subscription; the connection stays open. */
export class SubscriptionRefusedError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("SUBSCRIPTION_REFUSED", message, details);
  }
}

/** The consumer was closed before the broker had its subscription; its promise `ready` rejects with this. */
export class ConsumerClosedError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("CONSUMER_CLOSED", message, details);
  }
}

/** A transaction was used after its end, or after an error that forces its rollback (the cause). */
export class TransactionOverError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("TRANSACTION_OVER", message, details);
  }
}

/** With `{ strict: true }`: the delivery's session or subscription is gone. */
export class StaleDeliveryError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("STALE_DELIVERY", message, details);
  }
}

/** The delivery was already settled. */
export class AlreadySettledError extends MasterSlaveError {
  constructor(message: string) {
    super("ALREADY_SETTLED", message);
  }
}

/** The body cannot be read in the requested form. */
export class UnreadableBodyError extends MasterSlaveError {
  constructor(message: string, cause?: unknown) {
    super("UNREADABLE_BODY", message, { cause });
  }
}
