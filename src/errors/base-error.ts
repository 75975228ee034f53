/** The base class of every error of this package, and how an endpoint is written in an error. */
import type { ErrorCode } from "./error-codes.ts";
import { printable } from "./printable.ts";
import { isInstance, textOf } from "./text-of.ts";

/** Where an error happened: an endpoint without its options, so that no secret can travel with it. */
export interface EndpointAddress {
  /** The scheme, such as `stomp` or `amqps`. */
  readonly scheme: string;
  /** The host name or address, as it was given. */
  readonly host: string;
  /** The TCP port. */
  readonly port: number;
}

/**
 * What a failed attempt means for the search: `next` tries the next endpoint; `stop` ends the search, because no
 * endpoint will answer differently.
 */
export type Verdict = "next" | "stop";

/** What an error carries beside its code and text. */
export interface ErrorDetails {
  /** The endpoint where the error happened, if it happened at one. */
  readonly endpoint?: EndpointAddress | undefined;
  /** The underlying error. */
  readonly cause?: unknown;
  /** Whether the same call may succeed later, unchanged; false by default. */
  readonly retryable?: boolean;
}

/** The base of every error of this package. `retryable` says whether the same call may succeed later, unchanged. */
export class MasterSlaveError extends Error {
  /** A stable code: programs should compare it, not the text. */
  readonly code: ErrorCode;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** The endpoint where the error happened, if it happened at one. */
  readonly endpoint: EndpointAddress | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    // The message may contain the peer's own text.
    super(printable(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = details.retryable ?? false;
    // A copy, because the caller's endpoint carries options and perhaps credentials.
    this.endpoint = details.endpoint && addressOf(details.endpoint);
  }

  /** Converts any thrown value to one of our errors; never throws. */
  static from(reason: unknown, endpoint?: EndpointAddress): MasterSlaveError {
    if (isInstance(reason, MasterSlaveError)) return reason;
    return new MasterSlaveError("INTERNAL", `Unexpected failure: ${textOf(reason)}`, { cause: reason, endpoint });
  }
}

/** Returns only scheme, host and port. */
export function addressOf(endpoint: EndpointAddress): EndpointAddress {
  return { scheme: endpoint.scheme, host: endpoint.host, port: endpoint.port };
}

/** Returns `stomp://host:61613`, with IPv6 hosts in brackets. */
export function formatAddress({ scheme, host, port }: EndpointAddress): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
