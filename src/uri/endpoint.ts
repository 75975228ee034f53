/** An endpoint: one address a client may try, as the URI names it. */
import type { EndpointAddress } from "../errors/errors.ts";

export const ENDPOINT_SCHEMES = ["tcp", "ssl", "stomp", "stomp+ssl", "stomps", "amqp", "amqps", "amqp+ssl"] as const;
/** The schemes that an endpoint can have. */
export type EndpointScheme = (typeof ENDPOINT_SCHEMES)[number];

/** User name and password. Kept where no enumeration, JSON or inspection finds them. */
export interface Credentials {
  /** The user's name. */
  readonly username: string;
  /** The password. */
  readonly password: string;
}

/** One address of one member, as the URI gives it. */
export interface Endpoint extends EndpointAddress {
  /** What is spoken there, and whether TLS is used. */
  readonly scheme: EndpointScheme;
  /** Without brackets for IPv6. */
  readonly host: string;
  /** The TCP port. */
  readonly port: number;
  /** The component's own query, checked against the option table, `nested.*` of the group merged in. */
  readonly options: Readonly<Record<string, string>>;
  /** From the user-info; non-enumerable, never printed. */
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
 * Whether what is sent to a host by this name or address stays on this machine: `localhost` and the names below it
 * (RFC 6761, 6.3), 127.0.0.0/8 and ::1. A name that merely resolves to such an address counts as beyond it.
 */
export function isLoopback({ host }: { readonly host: string }): boolean {
  return /^((.+\.)?localhost\.?|127(\.\d{1,3}){3}|::1)$/i.test(host);
}

/** The protocol an endpoint's scheme names; undefined for tcp and ssl, which name none. */
export function protocolOf(scheme: EndpointScheme): "stomp" | "amqp" | undefined {
  if (scheme.startsWith("stomp")) return "stomp";
  if (scheme.startsWith("amqp")) return "amqp";
  return undefined;
}
