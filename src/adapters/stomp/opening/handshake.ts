/** The STOMP handshake over a connected socket: CONNECT, and CONNECTED or why not. */
import stompit, { type Client, type FrameHeaders } from "stompit";
import { MasterSlaveError } from "../../../errors/errors.ts";
import { printableLine } from "../../../errors/printable.ts";
import type { AdapterSettings } from "../../../messaging/port/adapter-settings.ts";
import type { Login } from "../../../messaging/port/login.ts";
import type { EndpointSocket } from "../../../transport/socket/endpoint-socket.ts";
import { redactingCredentials } from "../../shared/redact-credentials.ts";
import { firstFrameGate } from "../frames/first-frame.ts";
import { readBody } from "../frames/frame-body.ts";
import { FrameWriter } from "../frames/frame-writer.ts";
import { PARSER_OPTIONS } from "../frames/parser-options.ts";
import { headerText } from "../frames/received-headers.ts";
import { dialectOf, readBroker } from "./broker.ts";
import { brokenHandshake, foreignPeer, handshakeFailure, MAX_ERROR_BYTES, refusedConnect } from "./failures.ts";
import { loginHeaders } from "./login.ts";
import type { Peer } from "./peer.ts";
import type { SendMemory } from "./send-memory.ts";

/** What a handshake has led to: who the peer is, and what it is written to and read from. */
export interface Opened {
  readonly peer: Peer;
  readonly client: Client;
  readonly socket: EndpointSocket;
  readonly writer: FrameWriter;
}

export interface HandshakeRequest<Session> {
  /** Makes the session, at once: frames may stand behind CONNECTED in the same read. */
  readonly begin: (opened: Opened) => Session;
  readonly socket: EndpointSocket;
  readonly login: Login | undefined;
  readonly settings: AdapterSettings;
  readonly memory: SendMemory;
}

/** Our bytes unacknowledged for so many intervals, and the way to the peer is broken. Our beats come in two thirds of one. */
const UNACKNOWLEDGED_INTERVALS = 1.4;
/** More intervals than this without a byte, and the peer is dead: Classic's heart-beats come up to two intervals apart. */
const SILENT_INTERVALS = 2.1;

/**
 * Resolves with the session; rejects with an AttemptError, or with the signal's reason as soon as it fires, and then
 * has destroyed the socket.
 */
export function handshake<Session>(request: HandshakeRequest<Session>, signal: AbortSignal): Promise<Session> {
  const { socket, settings } = request;
  const { heartbeatMs } = settings;
  const redact = redactingCredentials(request.login);
  return new Promise((resolve, reject) => {
    const writer = new FrameWriter(socket);
    const client = new stompit.Client(socket, {
      ...PARSER_OPTIONS,
      outgoingFrameStream: writer,
      // The broker counts from what it last heard: a third of the interval early leaves it no doubt.
      heartbeatOutputMargin: Math.round(heartbeatMs / 3),
    });
    leaveCheckingToSocket(client);
    const settle = (outcome: () => void) => {
      signal.removeEventListener("abort", onAbort);
      socket.removeListener("data", onData);
      outcome();
      client.removeListener("error", onError);
      client.removeListener("connect", onConnect);
    };
    const fail = (error: unknown) =>
      settle(() => {
        reject(error);
        client.destroy();
      });
    const onAbort = () => fail(signal.reason);
    const onError = (error: Error) => fail(brokenHandshake(socket, error, redact));
    const onData = () => {
      const foreign = foreignPeer(socket, redact);
      if (foreign) fail(foreign);
    };
    const onConnect = () => {
      try {
        const session = begin(request, client, writer);
        settle(() => resolve(session));
      } catch (error) {
        fail(MasterSlaveError.from(error, socket.endpoint));
      }
    };
    client.on("error", onError);
    client.on("connect", onConnect);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("data", onData);
    const gate = firstFrameGate();
    socket.setHoldBack((bytes) => {
      onData();
      return gate(bytes);
    });
    client.connect(connectHeaders(request));
    client.setCommandHandler("ERROR", (frame) =>
      readBody(frame, MAX_ERROR_BYTES, (body) => {
        fail(refusedConnect(socket.endpoint, frame.headers, body, request.login));
      }),
    );
  });
}

/**
 * stompit only beats: our socket checks, and bears a blocked event loop. It beats at our own interval whatever the peer
 * asks for, or does not: a path that is broken one way is known by our own bytes, which nobody acknowledges.
 */
function leaveCheckingToSocket(client: Client): void {
  const run = client._runHeartbeat.bind(client);
  client._runHeartbeat = () => run(0, 1);
}

function connectHeaders({ socket, login, settings }: Omit<HandshakeRequest<unknown>, "begin">): Record<string, string> {
  const { clientId, heartbeatMs } = settings;
  return {
    "accept-version": "1.1,1.2",
    host: socket.endpoint.host,
    "heart-beat": `${heartbeatMs},${heartbeatMs}`,
    ...loginHeaders(login),
    ...(clientId !== undefined && { "client-id": clientId }),
  };
}

/** CONNECTED has come. @throws AttemptError for a version that is not ours. */
function begin<Session>(request: HandshakeRequest<Session>, client: Client, writer: FrameWriter): Session {
  const { socket, login, settings, memory } = request;
  const { endpoint } = socket;
  const { clientId, heartbeatMs, deadLetterDestination, releaseWaitMs, onWarning } = settings;
  const redact = redactingCredentials(login);
  const version = headerText(client.headers, "version") ?? "1.0";
  if (version !== "1.1" && version !== "1.2")
    throw handshakeFailure("oldVersion", endpoint, `, here ${printableLine(redact(version))}`);
  const broker = readBroker(headerText(client.headers, "server"), redact);
  const silenceMs = SILENT_INTERVALS * incomingHeartbeatMs(client.headers, heartbeatMs);
  const peer: Peer = {
    ...{ endpoint, broker, dialect: dialectOf(broker), version, redact },
    ...{ clientId, deadLetterDestination, releaseWaitMs, onWarning },
    // A broker that a group has stopped learns of our end only when it beats.
    memory,
    noticesSilence: silenceMs > 0,
  };
  const session = request.begin({ peer, client, socket, writer });
  if (silenceMs > 0) socket.watchPeer(silenceMs);
  if (heartbeatMs > 0) socket.watchAcknowledgements(UNACKNOWLEDGED_INTERVALS * heartbeatMs);
  return session;
}

/** What the peer promised to send, as STOMP negotiates it: the slower of both wishes, 0 when either side has none. */
function incomingHeartbeatMs(headers: FrameHeaders, wantedMs: number): number {
  const offeredMs = Number.parseInt(headerText(headers, "heart-beat") ?? "0", 10);
  return offeredMs > 0 && wantedMs > 0 ? Math.max(offeredMs, wantedMs) : 0;
}
