/** One host name with several loopback addresses, each with its own peer on the same port. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { claimPorts } from "../../src/testing/group/claimed-ports.ts";
import type { Lookup } from "../../src/transport/dial/resolve-host.ts";

/** What a peer does with each connection; `refuse`: nothing listens at this address. */
export type AddressPeer = "refuse" | ((socket: Socket) => void);

export interface NamedPeers {
  readonly port: number;
  /** Resolves every name to these addresses, in this order. */
  readonly lookup: Lookup;
  /** How many connections arrived at each address, in the same order. */
  readonly connects: () => readonly number[];
  /** How many connections are open now. */
  readonly open: ReadonlySet<Socket>;
}

export const resolvesTo =
  (...addresses: readonly string[]): Lookup =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));

/**
 * Finds a port that is free on all the addresses, and starts a peer at each. The black hole's address keeps its own
 * listener.
 */
export async function peersByAddress(peers: Readonly<Record<string, AddressPeer>>, at?: number): Promise<NamedPeers> {
  const claim = at === undefined ? await claimPorts(1) : undefined;
  if (claim) onTestFinished(() => claim.release());
  const port = at ?? claim?.ports[0] ?? 0;
  const open = new Set<Socket>();
  const counts = new Map(Object.keys(peers).map((address) => [address, 0]));
  for (const [address, peer] of Object.entries(peers)) {
    if (peer === "refuse") continue;
    await listen(address, port, (socket) => {
      counts.set(address, (counts.get(address) ?? 0) + 1);
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => open.delete(socket));
      peer(socket);
      // A socket that nobody reads does not notice its end.
      if (!socket.isPaused()) socket.resume();
    });
  }
  return { port, lookup: resolvesTo(...counts.keys()), connects: () => [...counts.values()], open };
}

async function listen(address: string, port: number, accept: (socket: Socket) => void): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    accept(socket);
  });
  server.listen({ port, host: address, exclusive: true });
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return server;
}
