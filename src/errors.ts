/** Every error this package throws: one base class, a closed list of codes. */
import { inspect } from "node:util";
import type { ErrorCode } from "./error-codes.ts";

export { ERROR_CODES, type ErrorCode } from "./error-codes.ts";

/** Where an error happened: an endpoint without its options, so that no secret can travel with it. */
export interface EndpointAddress {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

/** What a failed attempt means for the search: `next` tries the next endpoint, `stop` ends it, for no endpoint will answer differently. */
export type Verdict = "next" | "stop";

export interface ErrorDetails {
  readonly endpoint?: EndpointAddress | undefined;
  readonly cause?: unknown;
  readonly retryable?: boolean;
}

/** The base of every error of this package. `retryable`: the same call may succeed later, as it is. */
export class MasterSlaveError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly endpoint: EndpointAddress | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = details.retryable ?? false;
    // A copy: the caller's endpoint carries options and perhaps credentials.
    this.endpoint = details.endpoint && addressOf(details.endpoint);
  }

  /** Any thrown value as one of our errors; never throws. */
  static from(reason: unknown, endpoint?: EndpointAddress): MasterSlaveError {
    if (reason instanceof MasterSlaveError) return reason;
    const text = reason instanceof Error ? reason.message : inspect(reason);
    return new MasterSlaveError("INTERNAL", `Unexpected failure: ${text}`, { cause: reason, endpoint });
  }
}

/** Scheme, host and port alone. */
export function addressOf(endpoint: EndpointAddress): EndpointAddress {
  return { scheme: endpoint.scheme, host: endpoint.host, port: endpoint.port };
}

/** `stomp://host:61613`, with IPv6 hosts in brackets. */
export function formatAddress({ scheme, host, port }: EndpointAddress): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The URI cannot be read. `position`: index of the offending character in the text. */
export class InvalidUriError extends MasterSlaveError {
  readonly position: number;
  constructor(message: string, position: number) {
    super("INVALID_URI", message);
    this.position = position;
  }
}

/** An option is unknown (`nearest` names the known one most like it) or has a value it cannot take. */
export class InvalidOptionError extends MasterSlaveError {
  readonly option: string;
  readonly nearest: string | undefined;
  constructor(code: "UNKNOWN_OPTION" | "INVALID_OPTION", message: string, option: string, nearest?: string) {
    super(code, message);
    this.option = option;
    this.nearest = nearest;
  }
}

/** A call was made with something it cannot take; nothing happened. */
export class InvalidArgumentError extends MasterSlaveError {
  constructor(message: string) {
    super("INVALID_ARGUMENT", message);
  }
}

export type AttemptErrorCode = Extract<
  ErrorCode,
  | "ENDPOINT_UNKNOWN"
  | "ENDPOINT_REFUSED"
  | "ENDPOINT_UNREACHABLE"
  | "ENDPOINT_CLOSED"
  | "ENDPOINT_REJECTED"
  | "ATTEMPT_TIMEOUT"
  | "ATTEMPT_SUPERSEDED"
  | "WRONG_PROTOCOL"
  | "TLS_FAILED"
  | "PROTOCOL_ERROR"
  | "CREDENTIALS_UNAVAILABLE"
  | "AUTHENTICATION_FAILED"
  | "INTERNAL"
>;

/** One attempt at one endpoint failed. `verdict` says what that means for the search. */
export class AttemptError extends MasterSlaveError {
  readonly verdict: Verdict;
  constructor(
    code: AttemptErrorCode,
    message: string,
    details: ErrorDetails & { readonly endpoint: EndpointAddress; readonly verdict?: Verdict },
  ) {
    const verdict = details.verdict ?? "next";
    super(code, message, { retryable: verdict === "next", ...details });
    this.verdict = verdict;
  }
}

/** The broker refused the credentials. Before the first session ever this ends the search at once. */
export class AuthenticationError extends AttemptError {
  constructor(message: string, details: ErrorDetails & { readonly endpoint: EndpointAddress }) {
    super("AUTHENTICATION_FAILED", message, { ...details, verdict: "stop" });
  }
}

/** The search ended without a session. `attempts` holds the last answer of every endpoint, in list order. */
export class NoActiveEndpointError extends MasterSlaveError {
  readonly attempts: readonly AttemptError[];
  constructor(message: string, attempts: readonly AttemptError[], details: ErrorDetails = {}) {
    const lines = attempts.map(({ endpoint, message: text }) => {
      const where = endpoint ? formatAddress(endpoint) : "";
      return `\n  ${text.includes(where) ? text : `${where}: ${text}`}`;
    });
    super("NO_ACTIVE_ENDPOINT", message + lines.join(""), { retryable: true, cause: attempts.at(-1), ...details });
    this.attempts = attempts;
  }
}

/** No session within `connectTimeoutMs`. `attempts` as in {@link NoActiveEndpointError}. */
export class ConnectTimeoutError extends MasterSlaveError {
  readonly attempts: readonly AttemptError[];
  constructor(message: string, attempts: readonly AttemptError[]) {
    super("CONNECT_TIMEOUT", message, { retryable: true, cause: attempts.at(-1) });
    this.attempts = attempts;
  }
}

/** A session ended without being asked to; the connection looks for the next one. */
export class SessionLostError extends MasterSlaveError {
  constructor(code: "SESSION_LOST" | "HEARTBEAT_LOST" | "PROTOCOL_ERROR", message: string, details: ErrorDetails = {}) {
    super(code, message, { retryable: true, ...details });
  }
}

/** The connection was closed before the call could be done. */
export class ConnectionClosedError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("CONNECTION_CLOSED", message, details);
  }
}

/** The caller's signal fired; `cause` is its reason. Named as the platform names it. */
export class AbortError extends MasterSlaveError {
  constructor(message: string, reason: unknown) {
    super("ABORTED", message, { cause: reason, retryable: true });
  }
}

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

/** A send failed. `id`: the message's stable id. `inDoubt`: it had been written, so the broker may have stored it. */
export class SendError extends MasterSlaveError {
  readonly id: string;
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

/** No confirmation within the send's `timeoutMs`. */
export class SendTimeoutError extends SendError {
  constructor(message: string, details: SendDetails) {
    super("SEND_TIMEOUT", message, { retryable: true, ...details });
  }
}

/** The broker refused this message: unauthorised, malformed, store full. */
export class SendRejectedError extends SendError {
  constructor(message: string, details: SendDetails) {
    super("SEND_REJECTED", message, details);
  }
}

/** The broker gave the message back (AMQP `released` or `modified`): not stored, may be sent again. */
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

/** The message can never be taken: larger than the broker's limit, or than `maxPendingBytes`. */
export class MessageTooLargeError extends SendError {
  constructor(message: string, details: SendDetails) {
    super("MESSAGE_TOO_LARGE", message, details);
  }
}

/** `poisonAfter` sessions died with this send in flight, and one more with it alone. */
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

/** No reply to a request within its `timeoutMs`. The request itself may have been stored and processed. */
export class RequestTimeoutError extends MasterSlaveError {
  /** The request's message id, which is its correlation id too. */
  readonly id: string;
  constructor(message: string, id: string, details: ErrorDetails = {}) {
    super("REQUEST_TIMEOUT", message, { retryable: true, ...details });
    this.id = id;
  }
}

/** The temporary reply queue went with its session before the reply came. The request may have been stored and processed. */
export class RequestInterruptedError extends MasterSlaveError {
  /** The request's message id. */
  readonly id: string;
  constructor(message: string, id: string, details: ErrorDetails = {}) {
    super("REQUEST_INTERRUPTED", message, { retryable: true, ...details });
    this.id = id;
  }
}

/** The transaction was not committed within `timeoutMs`: nothing of it holds. */
export class TransactionTimeoutError extends MasterSlaveError {
  constructor(message: string) {
    super("TRANSACTION_TIMEOUT", message, { retryable: true });
  }
}

/** The session ended before the commit was written: nothing of the transaction holds, and what it accepted comes again. */
export class TransactionInterruptedError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("TRANSACTION_INTERRUPTED", message, { retryable: true, ...details });
  }
}

/** The broker refused a member or the commit: nothing of the transaction holds, and what it accepted comes again. */
export class TransactionRolledBackError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("TRANSACTION_ROLLED_BACK", message, details);
  }
}

/** The session ended between the commit and its answer: the transaction holds whole, or not at all. Never replayed. */
export class TransactionInDoubtError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("TRANSACTION_IN_DOUBT", message, details);
  }
}

/** The broker refused the subscription, or ended it; the connection goes on. */
export class SubscriptionRefusedError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("SUBSCRIPTION_REFUSED", message, details);
  }
}

/** With `{ strict: true }`: the delivery belongs to a session or subscription that is gone. */
export class StaleDeliveryError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("STALE_DELIVERY", message, details);
  }
}

/** A delivery was settled twice. */
export class AlreadySettledError extends MasterSlaveError {
  constructor(message: string) {
    super("ALREADY_SETTLED", message);
  }
}

/** The body is not what it was asked to be read as. */
export class UnreadableBodyError extends MasterSlaveError {
  constructor(message: string, cause?: unknown) {
    super("UNREADABLE_BODY", message, { cause });
  }
}

/** A refusal that says why: this broker, protocol or test double cannot do that. */
export class UnsupportedError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("UNSUPPORTED", message, details);
  }
}
