/**
 * The lock on the group's store: an exclusive listener on a port of 127.0.0.1. The kernel frees it when its holder is
 * killed, and keeps it for a stopped one (SIGSTOP), like the brokers' file locks. Node has no file locks, and a lock
 * file would outlive a SIGKILL.
 */
import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface StoreLockOptions {
  readonly port: number;
  /** How often a standby tries to get the lock, in ms. */
  readonly pollMs: number;
  readonly signal: AbortSignal;
}

export class StoreLock {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Waits until the lock is free. Rejects when `signal` fires, or when the port cannot be listened on at all. */
  static async acquire({ port, pollMs, signal }: StoreLockOptions): Promise<StoreLock> {
    for (;;) {
      signal.throwIfAborted();
      const server = await listenExclusively(port);
      if (server) {
        if (!signal.aborted) return new StoreLock(server);
        await closed(server);
      }
      await sleep(pollMs, undefined, { signal });
    }
  }

  release(): Promise<void> {
    return closed(this.#server);
  }
}

/** Returns the listening server, or undefined while another process has the port. */
export function listenExclusively(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EADDRINUSE") resolve(undefined);
      else reject(cause);
    });
    // exclusive: inside a cluster worker the primary would otherwise share one listener among all workers.
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
