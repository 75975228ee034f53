/** A program that listens and dials, to test how the network treats packets. */
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { serveCalls } from "./serve-calls.ts";
import { now } from "./shared-clock.ts";

/** Receives the echoes of one open connection. */
let socket: Socket | undefined;

const operations = {
  /** Echoes what arrives, on every address; resolves with the port. */
  async listen(): Promise<number> {
    const server = createServer((peer) => peer.on("error", () => {}).pipe(peer)).listen(0, "::");
    await once(server, "listening");
    const address = server.address();
    return typeof address === "object" && address ? address.port : 0;
  },

  /** Resolves with "connected", the error's code, or "silence" after `timeoutMs`. */
  dial(host: string, port: number, timeoutMs: number): Promise<string> {
    return new Promise((resolve) => {
      const dialled = connect(port, host, () => resolve("connected"));
      socket = dialled;
      dialled.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      setTimeout(() => resolve("silence"), timeoutMs).unref();
    });
  },

  /** Resolves with the addresses of a name as the system's resolver gives them, or the error's code. */
  async resolve(name: string): Promise<string[]> {
    try {
      return (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);
    } catch (error) {
      return [error instanceof Error && "code" in error ? String(error.code) : String(error)];
    }
  },

  /**
   * Sends this many bytes over the open connection. Resolves with how long their echo took, or with undefined after
   * `timeoutMs`.
   */
  echo(bytes: number, timeoutMs: number): Promise<number | undefined> {
    return new Promise((resolve) => {
      const startedAt = now();
      let left = bytes;
      const onData = (chunk: Buffer): void => {
        left -= chunk.length;
        if (left <= 0) finish(now() - startedAt);
      };
      const finish = (ms?: number): void => {
        socket?.off("data", onData);
        resolve(ms);
      };
      socket?.on("data", onData);
      socket?.write(Buffer.alloc(bytes));
      setTimeout(finish, timeoutMs).unref();
    });
  },
};
export type TalkerOperations = typeof operations;

serveCalls(operations);
