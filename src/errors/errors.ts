/** Every error that this package throws: one base class and a closed list of codes. */
import {
  type EndpointAddress,
  type ErrorDetails,
  formatAddress,
  MasterSlaveError,
  type Verdict,
} from "./base-error.ts";
import type { ErrorCode } from "./error-codes.ts";

export * from "./base-error.ts";
export * from "./delivery-errors.ts";
export { ERROR_CODES, type ErrorCode } from "./error-codes.ts";

/** The URI cannot be read. `position` is the index of the offending character. */
export class InvalidUriError extends MasterSlaveError {
  /** Index of the offending character, from 0. */
  readonly position: number;
  constructor(message: string, position: number) {
    super("INVALID_URI", message);
    this.position = position;
  }
}

/** An option is unknown (`nearest` is the most similar known name) or has a value it cannot take. */
export class InvalidOptionError extends MasterSlaveError {
  /** The name of the option. */
  readonly option: string;
  /** The most similar known name, if there is one. */
  readonly nearest: string | undefined;
  constructor(code: "UNKNOWN_OPTION" | "INVALID_OPTION", message: string, option: string, nearest?: string) {
    super(code, message);
    this.option = option;
    this.nearest = nearest;
  }
}

/** A call had an argument that it cannot take; nothing was done. */
export class InvalidArgumentError extends MasterSlaveError {
  constructor(message: string, details: Pick<ErrorDetails, "cause"> = {}) {
    super("INVALID_ARGUMENT", message, details);
  }
}

/** The codes that the failure of one attempt can have. */
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
  | "PLAINTEXT_REFUSED"
  | "PROTOCOL_ERROR"
  | "CREDENTIALS_UNAVAILABLE"
  | "AUTHENTICATION_FAILED"
  | "INTERNAL"
>;

/** One attempt at one endpoint failed. `verdict` says what that means for the search. */
export class AttemptError extends MasterSlaveError {
  /** `next`: the next endpoint is tried; `stop`: no other endpoint would answer differently. */
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

/** The broker refused the credentials. Before the first session this ends the search at once. */
export class AuthenticationError extends AttemptError {
  constructor(message: string, details: ErrorDetails & { readonly endpoint: EndpointAddress }) {
    super("AUTHENTICATION_FAILED", message, { ...details, verdict: "stop" });
  }
}

/** The search ended without a session. `attempts` has the last answer of every endpoint, in list order. */
export class NoActiveEndpointError extends MasterSlaveError {
  /** The last answer of each endpoint. */
  readonly attempts: readonly AttemptError[];
  /** `note` is an extra line after those of the endpoints that may explain them. */
  constructor(
    message: string,
    attempts: readonly AttemptError[],
    { note, ...details }: ErrorDetails & { readonly note?: string | undefined } = {},
  ) {
    const text = message + linesOf(attempts) + (note === undefined ? "" : `\n  ${note}`);
    super("NO_ACTIVE_ENDPOINT", text, { retryable: true, cause: attempts.at(-1), ...details });
    this.attempts = attempts;
  }
}

/** One line for each endpoint, with its answer. */
function linesOf(attempts: readonly AttemptError[]): string {
  const lines = attempts.map(({ endpoint, message: text }) => {
    const where = endpoint ? formatAddress(endpoint) : "";
    return `\n  ${text.includes(where) ? text : `${where}: ${text}`}`;
  });
  return lines.join("");
}

/** No session was established within `connectTimeoutMs`. `attempts` as in {@link NoActiveEndpointError}. */
export class ConnectTimeoutError extends MasterSlaveError {
  /** The last answer of each endpoint. */
  readonly attempts: readonly AttemptError[];
  constructor(message: string, attempts: readonly AttemptError[]) {
    super("CONNECT_TIMEOUT", message + linesOf(attempts), { retryable: true, cause: attempts.at(-1) });
    this.attempts = attempts;
  }
}

/** A session ended unexpectedly; the connection looks for the next one. */
export class SessionLostError extends MasterSlaveError {
  constructor(code: "SESSION_LOST" | "HEARTBEAT_LOST" | "PROTOCOL_ERROR", message: string, details: ErrorDetails = {}) {
    super(code, message, { retryable: true, ...details });
  }
}

/** The connection was closed before the call was done. */
export class ConnectionClosedError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("CONNECTION_CLOSED", message, details);
  }
}

/** The caller's signal fired; `cause` is its reason. The class name is the platform's. */
export class AbortError extends MasterSlaveError {
  constructor(message: string, reason: unknown) {
    super("ABORTED", message, { cause: reason, retryable: true });
  }
}

/** This broker, protocol or test double cannot do what was asked; the message says why. */
export class UnsupportedError extends MasterSlaveError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("UNSUPPORTED", message, details);
  }
}
