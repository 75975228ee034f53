/** The STOMP handshake over a connected socket: CONNECT, then CONNECTED or the reason for failure. */
import { MasterSlaveError } from "../../../errors/errors.ts";
import { printableLine } from "../../../errors/printable.ts";
import type { AdapterSettings } from "../../../messaging/port/adapter-settings.ts";
import type { Login } from "../../../messaging/port/login.ts";
import type { EndpointSocket } from "../../../transport/socket/endpoint-socket.ts";
import { OPTIONS } from "../../../uri/options/option-table.ts";
import { redactingCredentials } from "../../shared/redact-credentials.ts";
import { FrameWriter } from "../frames/frame-writer.ts";
import { type AnswerHeaders, ConnectRefused, connectWithStompit } from "../stompit/connect-with-stompit.ts";
import { dialectOf, readBroker } from "./broker.ts";
import { brokenHandshake, foreignPeer, handshakeFailure, refusedConnect } from "./failures.ts";
import { incomingHeartbeatMs, startHeartbeats } from "./heart-beat.ts";
import { loginHeaders } from "./login.ts";
import type { Peer } from "./peer.ts";
import type { SendMemory } from "./send-memory.ts";

/** The result of a handshake: the peer, and the socket and writer for it. */
export interface Opened {
  readonly peer: Peer;
  /** The socket, paused, with what the peer has sent after CONNECTED unread. */
  readonly socket: EndpointSocket;
  readonly writer: FrameWriter;
}

export interface HandshakeRequest {
  readonly socket: EndpointSocket;
  readonly login: Login | undefined;
  readonly settings: AdapterSettings;
  readonly memory: SendMemory;
}

/**
 * If our bytes stay unacknowledged for this many intervals, the path to the peer is broken. Our heart-beats come every
 * two thirds of an interval.
 */
const UNACKNOWLEDGED_INTERVALS = 1.4;
/**
 * After more intervals than this without a byte the peer is dead. Classic's heart-beats come up to two intervals apart.
 */
const SILENT_INTERVALS = 2.1;

/**
 * Resolves when the peer has accepted us. Rejects with an AttemptError, or with the signal's reason as soon as it
 * fires; the socket is destroyed then.
 */
export async function handshake(request: HandshakeRequest, signal: AbortSignal): Promise<Opened> {
  const { socket } = request;
  try {
    const headers = await connect(request, signal);
    const opened = open(request, headers);
    if (socket.destroyed) throw brokenHandshake(socket, socket.errored ?? new Error("the socket was closed"));
    return opened;
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? signal.reason : MasterSlaveError.from(error, socket.endpoint);
  }
}

/** Resolves with the headers of CONNECTED. Rejects with an AttemptError as soon as the peer's bytes cannot be STOMP. */
async function connect(request: HandshakeRequest, signal: AbortSignal): Promise<AnswerHeaders> {
  const { socket, login } = request;
  const redact = redactingCredentials(login);
  const ending = new AbortController();
  const onAbort = () => ending.abort(signal.reason);
  const onData = () => {
    const foreign = foreignPeer(socket, redact);
    if (foreign) ending.abort(foreign);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  socket.on("data", onData);
  try {
    signal.throwIfAborted();
    return await connectWithStompit(socket, connectHeaders(request), ending.signal);
  } catch (cause) {
    if (ending.signal.aborted) throw ending.signal.reason;
    if (cause instanceof ConnectRefused) throw refusedConnect(socket.endpoint, cause, login);
    throw brokenHandshake(socket, cause instanceof Error ? cause : new Error(String(cause)), redact);
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.removeListener("data", onData);
  }
}

function connectHeaders({ socket, login, settings }: HandshakeRequest): Record<string, string> {
  const { clientId, heartbeatMs } = settings;
  return {
    "accept-version": "1.1,1.2",
    host: socket.endpoint.host,
    "heart-beat": `${heartbeatMs},${heartbeatMs}`,
    ...loginHeaders(login),
    ...(clientId !== undefined && { "client-id": clientId }),
  };
}

/** Handles CONNECTED. @throws AttemptError for a version that we did not ask for. */
function open({ socket, login, settings, memory }: HandshakeRequest, headers: AnswerHeaders): Opened {
  const { endpoint } = socket;
  const { clientId, heartbeatMs, deadLetterDestination, releaseWaitMs, onWarning } = settings;
  const { maxMessageBytes = OPTIONS.maxMessageBytes.default } = settings;
  const redact = redactingCredentials(login);
  const version = headers["version"] ?? "1.0";
  if (version !== "1.1" && version !== "1.2")
    throw handshakeFailure("oldVersion", endpoint, `, here ${printableLine(redact(version))}`);
  const broker = readBroker(headers["server"], redact);
  const silenceMs = SILENT_INTERVALS * incomingHeartbeatMs(headers["heart-beat"], heartbeatMs);
  const peer: Peer = {
    ...{ endpoint, broker, dialect: dialectOf(broker), version, redact },
    ...{ clientId, deadLetterDestination, releaseWaitMs, maxMessageBytes, onWarning },
    // A broker that was stopped by a group notices our end only at its next heart-beat.
    memory,
    noticesSilence: silenceMs > 0,
  };
  const writer = new FrameWriter(socket);
  startHeartbeats(socket, { header: headers["heart-beat"], intervalMs: heartbeatMs }, () => writer.heartbeat());
  if (silenceMs > 0) socket.watchPeer(silenceMs);
  if (heartbeatMs > 0) socket.watchAcknowledgements(UNACKNOWLEDGED_INTERVALS * heartbeatMs);
  return { peer, socket, writer };
}
