/**
 * Reserves the ports of one group for its lifetime. A standby does not listen on its own ports, so the group claims a
 * block of ports by listening on the first one, where any other group's claim fails.
 */
import type { Server } from "node:net";
import { MasterSlaveError } from "../../errors/errors.ts";
import { listenExclusively } from "../member/store-lock.ts";

/** Below 32768, where Linux begins to assign ports to outgoing sockets. */
const FIRST_PORT = 12_000;
const LAST_PORT = 32_000;
const BLOCK = 16;
/** The number of ports in a block besides the one that claims it. */
export const PORTS_PER_CLAIM = BLOCK - 1;

export interface ClaimedPorts {
  /** Ports of 127.0.0.1; nothing listened on them when they were claimed. */
  readonly ports: readonly number[];
  release(): Promise<void>;
}

/** Rejects if no block of ports is free. */
export async function claimPorts(count: number): Promise<ClaimedPorts> {
  const blocks = Math.floor((LAST_PORT - FIRST_PORT) / BLOCK);
  const start = Math.floor(Math.random() * blocks);
  for (let tried = 0; tried < blocks; tried++) {
    const first = FIRST_PORT + ((start + tried) % blocks) * BLOCK;
    const claim = await listenExclusively(first);
    if (claim === undefined) continue;
    const ports = Array.from({ length: count }, (_, index) => first + 1 + index);
    if (await allFree(ports)) return { ports, release: () => closed(claim) };
    await closed(claim);
  }
  throw new MasterSlaveError("INTERNAL", `No ${BLOCK} ports in a row are free between ${FIRST_PORT} and ${LAST_PORT}`);
}

async function allFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) {
    const server = await listenExclusively(port);
    if (server === undefined) return false;
    await closed(server);
  }
  return true;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
