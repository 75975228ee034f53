/** The listening half of the null servers: a port of the system's choice, and every socket gone when it closes. */
import { createServer, type Socket } from "node:net";
import type { ServingNull } from "./null-server-options.ts";

/** What a socket says that is no protocol ends that socket: `serve` returns what takes its bytes, and may throw. */
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
    // Clients end as they like; a reset is one of the ways.
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
