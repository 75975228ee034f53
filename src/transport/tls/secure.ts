/** TLS over a socket that is connected: the certificates of this attempt, and the handshake. */
import { isIP, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, type TLSSocket } from "node:tls";
import { AttemptError, formatAddress } from "../../errors/errors.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import { discard } from "../socket/discard.ts";
import { guardServerIdentity } from "./server-identity.ts";
import { NOT_TLS, noteOurSide } from "./tls-failure.ts";
import { loadTls, type TlsMaterial } from "./tls-material.ts";
import type { TlsSource } from "./tls-options.ts";

export interface SecureOptions {
  readonly source: TlsSource;
  readonly signal: AbortSignal;
  /** Told what is waited for; see OpenContext. */
  readonly stage?: ((text: string) => void) | undefined;
}

/** The TLS handshake over a connected socket. Rejects with what went wrong, or with the signal's reason, and has destroyed the socket then. */
export async function secure(
  tcp: Socket,
  endpoint: Endpoint,
  { source, signal, stage }: SecureOptions,
): Promise<TLSSocket> {
  let material: TlsMaterial;
  // Nobody else listens while the files are read: an error would be thrown from the event loop, and TLS never sees an end that was read before it.
  const lost = new AbortController();
  const onEnd = () => lost.abort(closedBefore(endpoint));
  tcp.on("error", (error) => lost.abort(error));
  tcp.once("end", onEnd);
  try {
    // Only now: whoever does not even listen costs no look at the files, and no question to a vault.
    stage?.("connected, the tls option not yet answered");
    material = await loadTls(source, endpoint, AbortSignal.any([signal, lost.signal]));
    stage?.("connected, its TLS handshake unanswered: it may be no TLS port");
    lost.signal.throwIfAborted();
    // Who serves TLS lets the client begin. Behind such bytes an end stays unread.
    if (tcp.readableLength > 0)
      throw new AttemptError("TLS_FAILED", `${formatAddress(endpoint)} ${NOT_TLS}`, { endpoint });
  } catch (error) {
    discard(tcp);
    throw error;
  }
  tcp.removeListener("end", onEnd);
  return shakeHands(tcp, endpoint, material, signal);
}

function closedBefore(endpoint: Endpoint): AttemptError {
  const text = `${formatAddress(endpoint)} closed the connection before the TLS handshake: nobody may be active behind it yet`;
  return new AttemptError("ENDPOINT_CLOSED", text, { endpoint });
}

function shakeHands(tcp: Socket, endpoint: Endpoint, material: TlsMaterial, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = startTls(tcp, endpoint, material);
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
    // It stays: the broker's word on our certificate may come when the handshake is over.
    let done = false;
    socket.on("error", (error: Error) => {
      const agreed = done || socket.getPeerX509Certificate() !== undefined;
      noteOurSide(error, { certificate: material.clientCertificate, agreed });
    });
    socket.once("error", onError);
    socket.once("close", onClose);
    socket.once("secureConnect", () => {
      done = true;
      settle(() => resolve(socket));
    });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/** Throws, and leaves nothing open, when Node cannot take an option, such as ciphers that it does not know. */
function startTls(tcp: Socket, { host }: Endpoint, { options }: TlsMaterial): TLSSocket {
  const { servername, rejectUnauthorized = true, checkServerIdentity, minVersion, ...secrets } = options;
  const name = servername ?? (isIP(host) ? undefined : host);
  try {
    return connectTls({
      socket: tcp,
      host,
      ...(name === undefined ? {} : { servername: name }),
      ...(checkServerIdentity && { checkServerIdentity: guardServerIdentity(checkServerIdentity) }),
      rejectUnauthorized,
      // A socket shows its options to whoever inspects it, and this context shows nothing. Node's own default of the version follows a flag.
      secureContext: createSecureContext({ ...secrets, minVersion: minVersion ?? "TLSv1.2" }),
    });
  } catch (error) {
    discard(tcp);
    throw error;
  }
}
