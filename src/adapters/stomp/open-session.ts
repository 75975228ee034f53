/** Opens STOMP sessions: one attempt at one endpoint, from the first SYN to CONNECTED. */

import { unlessAborted } from "../../async/unless-aborted.ts";
import { AbortError, formatAddress, InvalidArgumentError, MasterSlaveError } from "../../errors/errors.ts";
import type { AdapterSettings } from "../../messaging/port/adapter-settings.ts";
import type { MessagingSession } from "../../messaging/port/messaging-session.ts";
import { whySilent } from "../../transport/dial/peer-kind.ts";
import { type ReachOptions, reach, type UseSocket } from "../../transport/dial/reach.ts";
import type { OpenContext, OpenSession } from "../../transport/dial/session.ts";
import type { EndpointSocket } from "../../transport/socket/endpoint-socket.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import { brokenHandshake, foreignPeer, isClientIdInUse } from "./opening/failures.ts";
import { handshake } from "./opening/handshake.ts";
import { askLogin, fitsConnect } from "./opening/login.ts";
import { SendMemory } from "./opening/send-memory.ts";
import { StompSession } from "./stomp-session.ts";

/**
 * Returns the function that makes the attempts of one connection. Each attempt rejects with an AttemptError whose
 * verdict is listed in HANDSHAKE_FAILURES, or with the reason of `context.signal` as soon as that fires, and then
 * leaves nothing open. @throws InvalidArgumentError for a client id that STOMP cannot carry.
 */
export function openStompSession(settings: AdapterSettings): OpenSession<MessagingSession> {
  const { clientId, tls, lookup } = settings;
  if (clientId !== undefined && !fitsConnect(clientId)) {
    throw new InvalidArgumentError(
      "The client id has a character that a STOMP CONNECT frame cannot carry, such as a line break",
    );
  }
  let warned = false;
  const memory = new SendMemory(settings.groupCommit === true);
  return async (endpoint, context) => {
    const { signal } = context;
    const options: ReachOptions = { ...context, tls, lookup };
    try {
      const session = await reach(endpoint, options, speak(settings, memory, context));
      warned = false;
      return session;
    } catch (cause) {
      // Warn once until a session is open: the broker may take a while to notice that an earlier connection is gone.
      if (isClientIdInUse(cause) && !warned) {
        warned = true;
        settings.onWarning({ code: "SUBSCRIPTION_IN_USE", message: cause.message, endpoint });
      }
      throw signal.aborted ? abortReason(endpoint, signal) : MasterSlaveError.from(cause, endpoint);
    }
  };
}

/** The handshake at one address, over a connected socket. */
function speak(
  settings: AdapterSettings,
  memory: SendMemory,
  { signal: wanted, stage }: OpenContext,
): UseSocket<MessagingSession> {
  return async (socket, turn) => {
    const ending = attemptEnding(socket, wanted);
    try {
      await ending.unless(turn());
      const foreign = foreignPeer(socket);
      if (foreign) throw foreign;
      stage?.("connected, the credentials not yet given");
      const login = await ending.unless(askLogin(settings, socket.endpoint, ending.signal));
      stage?.(whySilent(socket.endpoint));
      return new StompSession(await handshake({ socket, login, settings, memory }, ending.signal));
    } finally {
      ending.release();
    }
  };
}

/** Fires when the attempt must end: it is no longer wanted, or the peer is gone. */
interface AttemptEnding {
  readonly signal: AbortSignal;
  /** Settles as the promise does, or rejects with the reason if the attempt ends first. */
  unless<T>(promise: Promise<T>): Promise<T>;
  release(): void;
}

function attemptEnding(socket: EndpointSocket, wanted: AbortSignal): AttemptEnding {
  const controller = new AbortController();
  const { signal } = controller;
  const onAbort = () => controller.abort(abortReason(socket.endpoint, wanted));
  const onError = (error: Error) => controller.abort(brokenHandshake(socket, error));
  wanted.addEventListener("abort", onAbort, { once: true });
  socket.once("error", onError);
  // The signal may have fired before this listener existed.
  if (wanted.aborted) onAbort();
  else if (socket.destroyed) onError(new Error("the socket was closed"));
  return {
    signal,
    unless: (promise) => unlessAborted(signal, promise),
    release: () => {
      wanted.removeEventListener("abort", onAbort);
      socket.removeListener("error", onError);
    },
  };
}

function abortReason(endpoint: Endpoint, { reason }: AbortSignal): MasterSlaveError {
  if (reason instanceof MasterSlaveError) return reason;
  return new AbortError(`The attempt at ${formatAddress(endpoint)} was given up`, reason);
}
