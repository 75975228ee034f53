/** An endpoint socket over real TCP, and the peer's end of it. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { onTestFinished } from "vitest";
import { EndpointSocket } from "../../src/transport/socket/endpoint-socket.ts";
import { toyEndpoint } from "./toy-client.ts";

export interface SocketPair {
  readonly socket: EndpointSocket;
  readonly inner: Socket;
  readonly peer: Socket;
  /** The events by which `socket` ended, in order: end, finish, error CODE, close. */
  readonly told: readonly string[];
}

export async function socketPair(): Promise<SocketPair> {
  const server = createServer({ noDelay: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const inner = connect(port, "127.0.0.1");
  const [[peer]] = (await Promise.all([once(server, "connection"), once(inner, "connect")])) as [[Socket], unknown];
  peer.on("error", () => {});
  server.close();
  const pair = wrapped(inner, port);
  onTestFinished(() => {
    pair.socket.destroy();
    peer.destroy();
  });
  return { ...pair, inner, peer };
}

/** Returns an endpoint socket over a connected one, and records its events. */
export function wrapped(inner: Socket, port: number): Pick<SocketPair, "socket" | "told"> {
  const socket = new EndpointSocket(inner, toyEndpoint(port));
  const told: string[] = [];
  for (const event of ["end", "finish", "close"]) socket.on(event, () => told.push(event));
  socket.on("error", (error: Error & { code?: string }) => told.push(`error ${error.code}`));
  return { socket, told };
}

/** Resolves with what a stream says until it ends or `bytes` bytes have arrived. */
export async function collect(stream: Readable, bytes = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks);
}
