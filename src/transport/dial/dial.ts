/** Dials an endpoint: name, TCP and TLS, up to the first byte of the protocol. */
import type { Endpoint } from "../../uri/endpoint.ts";
import type { EndpointSocket } from "../socket/endpoint-socket.ts";
import { type DialOptions, reach } from "./reach.ts";

export type { DialOptions } from "./reach.ts";

/**
 * Connects, and finishes the TLS handshake for a secure scheme, at the first address where that succeeds. Rejects with
 * an AttemptError (ENDPOINT_UNKNOWN, ENDPOINT_REFUSED, ENDPOINT_UNREACHABLE, ENDPOINT_CLOSED, TLS_FAILED), or with the
 * signal's reason, and leaves nothing open then. Use reach() to fall back to another address when the protocol
 * handshake fails.
 */
export function dial(endpoint: Endpoint, options: DialOptions): Promise<EndpointSocket> {
  return reach(endpoint, options, async (socket) => socket);
}
