/** A TCP connection to one address. */
import { Socket } from "node:net";
import { discard } from "../socket/discard.ts";

/** Rejects with the system's error, or with the signal's reason; nothing stays open then. */
export function connectTcp(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = new Socket();
    const settle = (outcome: () => void) => {
      signal.removeEventListener("abort", onAbort);
      outcome();
    };
    const fail = (error: unknown) =>
      settle(() => {
        discard(socket);
        reject(error);
      });
    const onAbort = () => fail(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", fail);
    socket.once("connect", () =>
      settle(() => {
        socket.removeAllListeners();
        resolve(socket);
      }),
    );
    socket.connect({ host: address, port });
  });
}
