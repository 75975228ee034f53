/** What a member needs of one client's connection, whichever protocol it speaks. */
import type { Socket } from "node:net";
import { EndpointSocket } from "../../transport/socket/endpoint-socket.ts";
import type { Credentials, EndpointScheme } from "../../uri/endpoint.ts";
import type { Destinations } from "../destinations/destinations.ts";

export interface MemberConnection {
  /** Ends as the protocol does; the socket ends soon after. */
  stop(): void;
  /** The socket is gone: return what the client had not settled. */
  onGone(): void;
}

export interface MemberConnectionOptions {
  readonly destinations: Destinations;
  readonly credentials: Credentials | undefined;
  readonly maxMessageBytes: number;
  /** AMQP's idle-time-out in ms; the client chooses STOMP's heart-beats. */
  readonly idleTimeoutMs: number;
}

export type AcceptConnection = (socket: Socket, options: MemberConnectionOptions) => MemberConnection;

/** A client that has not finished its handshake by then is dropped. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
/** A client with more unsent bytes than this gets no further deliveries. */
const CONGESTED_BYTES = 1024 * 1024;

/** The library's side of a client's socket, which joins the small writes of one turn as our own connections do. */
export function gatheringSocket(socket: Socket, scheme: EndpointScheme): EndpointSocket {
  const peer = { scheme, host: socket.remoteAddress ?? "?", port: socket.remotePort ?? 0, options: {} };
  return new EndpointSocket(socket, peer);
}

export function isCongested(socket: Socket): boolean {
  return socket.writableLength > CONGESTED_BYTES;
}
