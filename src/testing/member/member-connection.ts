/** What a member needs of one client's connection, whichever protocol it speaks. */
import type { Socket } from "node:net";
import { EndpointSocket } from "../../transport/socket/endpoint-socket.ts";
import type { Credentials, EndpointScheme } from "../../uri/endpoint.ts";
import type { Destinations } from "../destinations/destinations.ts";

export interface MemberConnection {
  /** Leaves as the protocol has it; the socket ends soon after. */
  stop(): void;
  /** The socket is gone: give back what the client had not settled. */
  onGone(): void;
}

export interface MemberConnectionOptions {
  readonly destinations: Destinations;
  readonly credentials: Credentials | undefined;
  readonly maxMessageBytes: number;
  /** AMQP's idle-time-out; STOMP's heart-beats are as the client asks. */
  readonly idleTimeoutMs: number;
}

export type AcceptConnection = (socket: Socket, options: MemberConnectionOptions) => MemberConnection;

/** A client that has not finished its handshake by then is dropped. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Past this many unsent bytes a client gets no more deliveries. */
const CONGESTED_BYTES = 1024 * 1024;

/** The library's end of a client's socket: with the small writes of one turn joined, as our own connections have it. */
export function gatheringSocket(socket: Socket, scheme: EndpointScheme): EndpointSocket {
  const peer = { scheme, host: socket.remoteAddress ?? "?", port: socket.remotePort ?? 0, options: {} };
  return new EndpointSocket(socket, peer);
}

export function isCongested(socket: Socket): boolean {
  return socket.writableLength > CONGESTED_BYTES;
}
