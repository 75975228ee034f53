/** Dialling an endpoint: name, TCP and TLS, up to the first byte of the protocol. */
import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { type Endpoint, isSecure } from "../uri/endpoint.ts";
import { connectAny, discard } from "./address-race.ts";
import { dialFailure } from "./dial-failure.ts";
import { EndpointSocket, type EndpointSocketOptions } from "./endpoint-socket.ts";
import { secure } from "./secure.ts";
import type { TlsSource } from "./tls-options.ts";

export interface DialOptions extends EndpointSocketOptions {
  readonly signal: AbortSignal;
  readonly tls?: TlsSource | undefined;
  /** Told what is waited for; see OpenContext. */
  readonly stage?: ((text: string) => void) | undefined;
}

/**
 * Connects, and for a secure scheme finishes the TLS handshake. Addresses of a name are tried in resolver order.
 * Rejects with an AttemptError (ENDPOINT_UNKNOWN, ENDPOINT_REFUSED, ENDPOINT_UNREACHABLE, ENDPOINT_CLOSED, TLS_FAILED),
 * or with the signal's reason; nothing stays open then.
 */
export async function dial(endpoint: Endpoint, options: DialOptions): Promise<EndpointSocket> {
  const { signal, tls, holdBack, stage } = options;
  signal.throwIfAborted();
  try {
    const addresses = await unlessAborted(signal, resolveHost(endpoint.host));
    const tcp = await connectAny(addresses, endpoint.port, signal);
    const inner = isSecure(endpoint) ? await secure(tcp, endpoint, { source: tls ?? {}, signal, stage }) : tcp;
    // It may fire in the very turn in which the last step ends.
    if (signal.aborted) discard(inner);
    signal.throwIfAborted();
    return new EndpointSocket(inner, endpoint, { holdBack });
  } catch (cause) {
    signal.throwIfAborted();
    throw dialFailure(endpoint, cause);
  }
}

async function resolveHost(host: string): Promise<readonly LookupAddress[]> {
  const family = isIP(host);
  return family ? [{ address: host, family }] : lookup(host, { all: true, verbatim: true });
}

/** The promise's outcome, or the signal's reason if that comes first. */
function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
