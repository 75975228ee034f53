/** An endpoint: one address a client may try, as the URI names it. */
import type { EndpointAddress } from "../errors/errors.ts";

export const ENDPOINT_SCHEMES = ["tcp", "ssl", "stomp", "stomp+ssl", "stomps", "amqp", "amqps", "amqp+ssl"] as const;
/** The schemes that an endpoint can have. */
export type EndpointScheme = (typeof ENDPOINT_SCHEMES)[number];

/** A user name and password, stored so that enumeration, JSON and inspection do not show them. */
export interface Credentials {
  /** The user's name. */
  readonly username: string;
  /** The password. */
  readonly password: string;
}

/** One address of one member, as the URI gives it. */
export interface Endpoint extends EndpointAddress {
  /** The protocol and whether TLS is used. */
  readonly scheme: EndpointScheme;
  /** The host, without brackets for IPv6. */
  readonly host: string;
  /** The TCP port. */
  readonly port: number;
  /** The endpoint's own options, checked against the option table, with the group's `nested.*` options merged in. */
  readonly options: Readonly<Record<string, string>>;
  /** The credentials of the user-info; non-enumerable, never printed. */
  readonly credentials?: Credentials | undefined;
}

/** Whether an endpoint is reached over TLS. */
export function isSecure(endpoint: { readonly scheme: EndpointScheme }): boolean {
  return (
    endpoint.scheme === "ssl" ||
    endpoint.scheme === "amqps" ||
    endpoint.scheme === "stomps" ||
    endpoint.scheme.endsWith("+ssl")
  );
}

/**
 * Whether the host is this machine by its name or address: `localhost` and the names below it (RFC 6761, 6.3),
 * 127.0.0.0/8 and ::1. A name that merely resolves to such an address does not count.
 */
export function isLoopback({ host }: { readonly host: string }): boolean {
  return /^((.+\.)?localhost\.?|127(\.\d{1,3}){3}|::1)$/i.test(host);
}

/** The protocol that an endpoint's scheme names; undefined for tcp and ssl. */
export function protocolOf(scheme: EndpointScheme): "stomp" | "amqp" | undefined {
  if (scheme.startsWith("stomp")) return "stomp";
  if (scheme.startsWith("amqp")) return "amqp";
  return undefined;
}
