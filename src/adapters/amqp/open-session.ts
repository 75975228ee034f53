/** Opens an AMQP 1.0 session at one endpoint: connects, asks for credentials, waits for its turn, and does the SASL and open handshakes. */
import { AbortError, formatAddress, MasterSlaveError } from "../../errors/errors.ts";
import type { AdapterSettings } from "../../messaging/port/adapter-settings.ts";
import type { MessagingSession } from "../../messaging/port/messaging-session.ts";
import { whySilent } from "../../transport/dial/peer-kind.ts";
import { reach } from "../../transport/dial/reach.ts";
import type { OpenSession } from "../../transport/dial/session.ts";
import type { EndpointSocket } from "../../transport/socket/endpoint-socket.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import { AmqpSession } from "./amqp-session.ts";
import { attemptFailure } from "./opening/failures.ts";
import { handshake } from "./opening/handshake.ts";
import { keepBeating } from "./opening/heart-beat.ts";
import { askLogin } from "./opening/login.ts";

/** Returns the function that opens sessions; failures.ts lists how it fails. */
export function openAmqpSession(settings: AdapterSettings): OpenSession<MessagingSession> {
  const { tls, lookup } = settings;
  return async (endpoint, context) => {
    const { signal, stage } = context;
    try {
      return await reach(endpoint, { ...context, tls, lookup }, async (socket, turn) => {
        stage?.("connected, the credentials not yet given");
        const login = await whileConnected(socket, signal, askLogin(settings, endpoint, signal));
        await whileConnected(socket, signal, turn());
        stage?.(whySilent(endpoint));
        const opened = await handshake(socket, login, settings, signal);
        keepBeating(socket, opened.connection, settings.heartbeatMs);
        return new AmqpSession(socket, opened, settings);
      });
    } catch (error) {
      throw signal.aborted ? reasonOf(signal, endpoint) : MasterSlaveError.from(error, endpoint);
    }
  };
}

/** Settles as the promise does, unless the signal fires or the socket closes first. */
function whileConnected<T>(socket: EndpointSocket, signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    const onClose = () => {
      const { endpoint, firstBytes } = socket;
      reject(attemptFailure(endpoint, { kind: "socket", error: socket.errored ?? undefined }, firstBytes));
    };
    if (signal.aborted) onAbort();
    if (socket.destroyed) onClose();
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("close", onClose);
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", onAbort);
      socket.removeListener("close", onClose);
    });
  });
}

function reasonOf(signal: AbortSignal, endpoint: Endpoint): MasterSlaveError {
  if (signal.reason instanceof MasterSlaveError) return signal.reason;
  return new AbortError(`The attempt at ${formatAddress(endpoint)} was given up`, signal.reason);
}
