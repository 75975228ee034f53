/**
 * An address that swallows connection attempts, like a host without power: connecting neither succeeds nor fails. It is
 * a listener whose accept queue is full and never emptied, so the kernel drops every further SYN.
 */
import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { UnsupportedError } from "../errors/errors.ts";

/** An address where connection attempts hang. */
export interface BlackHole extends AsyncDisposable {
  /** The address it listens at. */
  readonly host: string;
  /** The port it listens at. */
  readonly port: number;
  /** Frees the port; pending attempts get a reset or a refusal. Idempotent. */
  close(): Promise<void>;
}

/**
 * Node accepts connections whenever its event loop turns, so this thread blocks its loop on a lock. It wakes for
 * close(), and ends with the process in any case.
 */
const LISTEN_AND_SLEEP = `
  const { parentPort, workerData } = require("node:worker_threads");
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => {
      Atomics.wait(workerData, 0, 0);
      process.exit();
    });
  });
  server.on("connection", (socket) => socket.destroy());
`;

/** A connection attempt on the loopback that takes longer than this hangs. */
const HANGS_AFTER_MS = 150;
/** Linux queues one connection more than the backlog; other systems round it up. */
const MAX_FILLERS = 16;

/** Resolves when connecting to it hangs. Rejects with UnsupportedError on a kernel where it does not. */
export async function blackHole(): Promise<BlackHole> {
  const wake = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(LISTEN_AND_SLEEP, { eval: true, workerData: wake, execArgv: [] });
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  worker.unref();
  const fillers: Socket[] = [];
  const close = async (): Promise<void> => {
    for (const filler of fillers) filler.destroy();
    Atomics.store(wake, 0, 1);
    Atomics.notify(wake, 0);
    // This pending wait may be the only thing that keeps the process alive.
    worker.ref();
    await exited;
  };
  if (!(await fill(port, fillers))) {
    await close();
    throw new UnsupportedError(`This kernel still answers after ${MAX_FILLERS} connections that nobody accepts`);
  }
  return { host: "127.0.0.1", port, close, [Symbol.asyncDispose]: close };
}

/** Connects until an attempt hangs. */
async function fill(port: number, fillers: Socket[]): Promise<boolean> {
  while (fillers.length < MAX_FILLERS) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    // A test that forgets close() must still exit.
    socket.unref();
    const connected = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, HANGS_AFTER_MS, false);
      socket.once("connect", () => {
        clearTimeout(timer);
        resolve(true);
      });
    });
    if (!connected) {
      socket.destroy();
      return true;
    }
    fillers.push(socket);
  }
  return false;
}
