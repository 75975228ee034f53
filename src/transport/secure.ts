/** TLS over a socket that is connected: what may be configured, and the handshake. */
import { isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import type { Endpoint } from "../uri/endpoint.ts";
import { discard } from "./address-race.ts";

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

/** The TLS handshake over a connected socket. Rejects with what went wrong, or with the signal's reason, and has destroyed the socket then. */
export function secure(tcp: Socket, endpoint: Endpoint, tls: TlsOptions, signal: AbortSignal): Promise<TLSSocket> {
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
