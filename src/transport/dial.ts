/** Dialling an endpoint: name, TCP and TLS, up to the first byte of the protocol. */
import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { type Endpoint, isSecure } from "../uri/endpoint.ts";
import { connectAny, discard } from "./address-race.ts";
import { dialFailure } from "./dial-failure.ts";
import { EndpointSocket, type EndpointSocketOptions } from "./endpoint-socket.ts";

/** What of Node's TLS options applies; verification is on unless `rejectUnauthorized` is false. */
export type TlsOptions = Pick<
  ConnectionOptions,
  | "ca"
  | "cert"
  | "key"
  | "passphrase"
  | "pfx"
  | "servername"
  | "rejectUnauthorized"
  | "minVersion"
  | "maxVersion"
  | "ciphers"
  | "checkServerIdentity"
>;

export interface DialOptions extends EndpointSocketOptions {
  readonly signal: AbortSignal;
  readonly tls?: TlsOptions | undefined;
}

/**
 * Connects, and for a secure scheme finishes the TLS handshake. Addresses of a name are tried in resolver order.
 * Rejects with an AttemptError (ENDPOINT_UNKNOWN, ENDPOINT_REFUSED, ENDPOINT_UNREACHABLE, ENDPOINT_CLOSED, TLS_FAILED),
 * or with the signal's reason; nothing stays open then.
 */
export async function dial(endpoint: Endpoint, options: DialOptions): Promise<EndpointSocket> {
  const { signal, tls, holdBack } = options;
  signal.throwIfAborted();
  try {
    const addresses = await unlessAborted(signal, resolveHost(endpoint.host));
    const tcp = await connectAny(addresses, endpoint.port, signal);
    const inner = isSecure(endpoint) ? await secure(tcp, endpoint, tls ?? {}, signal) : tcp;
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

/** The TLS handshake over a connected socket. */
function secure(tcp: Socket, endpoint: Endpoint, tls: TlsOptions, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = startTls(tcp, endpoint, tls);
    const settle = (outcome: () => void) => {
      signal.removeEventListener("abort", onAbort);
      socket.removeListener("error", onError);
      socket.removeListener("close", onClose);
      outcome();
    };
    const fail = (error: unknown) =>
      settle(() => {
        discard(socket);
        discard(tcp);
        reject(error);
      });
    const onError = (error: Error) => fail(error);
    const onClose = () => fail(Object.assign(new Error("closed during the TLS handshake"), { code: "ECONNRESET" }));
    const onAbort = () => fail(signal.reason);
    socket.once("error", onError);
    socket.once("close", onClose);
    socket.once("secureConnect", () => settle(() => resolve(socket)));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/** Throws, and leaves nothing open, when Node cannot take an option, such as a `ca` that is no certificate. */
function startTls(tcp: Socket, { host }: Endpoint, tls: TlsOptions): TLSSocket {
  const name = tls.servername ?? (isIP(host) ? undefined : host);
  try {
    return connectTls({
      ...tls,
      socket: tcp,
      host,
      ...(name === undefined ? {} : { servername: name }),
      rejectUnauthorized: tls.rejectUnauthorized ?? true,
    });
  } catch (error) {
    discard(tcp);
    throw error;
  }
}

/** The promise's outcome, or the signal's reason if that comes first. */
function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
