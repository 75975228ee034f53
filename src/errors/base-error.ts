/** What every error of this package is, and how an endpoint is written in one. */
import type { ErrorCode } from "./error-codes.ts";
import { printable } from "./printable.ts";
import { isInstance, textOf } from "./text-of.ts";

/** Where an error happened: an endpoint without its options, so that no secret can travel with it. */
export interface EndpointAddress {
  /** What is spoken there, such as `stomp` or `amqps`. */
  readonly scheme: string;
  /** The name or address, as it was given. */
  readonly host: string;
  /** The TCP port. */
  readonly port: number;
}

/** What a failed attempt means for the search: `next` tries the next endpoint, `stop` ends it, for no endpoint will answer differently. */
export type Verdict = "next" | "stop";

/** What an error carries beside its code and text. */
export interface ErrorDetails {
  /** Where it happened, if it happened at one endpoint. */
  readonly endpoint?: EndpointAddress | undefined;
  /** What it came of. */
  readonly cause?: unknown;
  /** Whether the same call may succeed later, as it is; false unless said. */
  readonly retryable?: boolean;
}

/** The base of every error of this package. `retryable`: the same call may succeed later, as it is. */
export class MasterSlaveError extends Error {
  /** Stays the same over versions: decide by it, not by the text. */
  readonly code: ErrorCode;
  /** Whether the same call may succeed later, as it is. */
  readonly retryable: boolean;
  /** Where it happened, if it happened at one endpoint. */
  readonly endpoint: EndpointAddress | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    // Peers' words are in it.
    super(printable(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = details.retryable ?? false;
    // A copy: the caller's endpoint carries options and perhaps credentials.
    this.endpoint = details.endpoint && addressOf(details.endpoint);
  }

  /** Any thrown value as one of our errors; never throws. */
  static from(reason: unknown, endpoint?: EndpointAddress): MasterSlaveError {
    if (isInstance(reason, MasterSlaveError)) return reason;
    return new MasterSlaveError("INTERNAL", `Unexpected failure: ${textOf(reason)}`, { cause: reason, endpoint });
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
