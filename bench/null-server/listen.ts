/**
 * The listening part of the null servers: uses a port that the system chooses, and destroys every socket when it
 * closes.
 */
import { createServer, type Socket } from "node:net";
import type { ServingNull } from "./null-server-options.ts";

/**
 * `serve` returns a function that takes a socket's bytes. If that throws, because the bytes are no valid protocol, the
 * socket is destroyed.
 */
export function listen(serve: (socket: Socket) => (chunk: Buffer) => void): Promise<ServingNull> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const read = serve(socket);
    socket.on("data", (chunk) => {
      try {
        read(chunk);
      } catch (error) {
        console.error(`[null server] ${error}`);
        socket.destroy();
      }
    });
    socket.on("close", () => sockets.delete(socket));
    // A client may close its connection in any way, also by a reset.
    socket.on("error", () => socket.destroy());
  });
  const close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((closed) => server.close(() => closed()));
  };
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve({ port: typeof address === "object" && address ? address.port : 0, close });
    });
  });
}
