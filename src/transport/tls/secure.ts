/** Performs the TLS handshake over a connected socket, with the certificates of this attempt. */
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
  /** Reports what is waited for; see OpenContext. */
  readonly stage?: ((text: string) => void) | undefined;
}

/**
 * Performs the TLS handshake over a connected socket. If it rejects, with the failure or the signal's reason, the
 * socket is destroyed.
 */
export async function secure(
  tcp: Socket,
  endpoint: Endpoint,
  { source, signal, stage }: SecureOptions,
): Promise<TLSSocket> {
  let material: TlsMaterial;
  // While the files are read, the socket has no other listener: an error would be thrown from the event loop, and an
  // end that was read already would never reach TLS.
  const lost = new AbortController();
  const onEnd = () => lost.abort(closedBefore(endpoint));
  tcp.on("error", (error) => lost.abort(error));
  tcp.once("end", onEnd);
  try {
    // Load the files only now, so that an endpoint that refuses the connection costs no file access and no call of the
    // function.
    stage?.("connected, the tls option not yet answered");
    material = await loadTls(source, endpoint, AbortSignal.any([signal, lost.signal]));
    stage?.("connected, its TLS handshake unanswered: it may be no TLS port");
    lost.signal.throwIfAborted();
    // A TLS server lets the client begin. Unread bytes would hide an end of stream.
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
    // This listener stays: the broker's verdict on our certificate may come after the handshake.
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

/** Throws, and leaves nothing open, when Node cannot take an option, such as unknown ciphers. */
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
      // Inspecting a socket shows its options, but not this context. Node's own default version depends on a flag.
      secureContext: createSecureContext({ ...secrets, minVersion: minVersion ?? "TLSv1.2" }),
    });
  } catch (error) {
    discard(tcp);
    throw error;
  }
}
