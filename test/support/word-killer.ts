/**
 * A broker that fails at a certain word, as brokers fail at a bad frame: a TCP proxy that resets the connection when a
 * client sends the word.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface WordKiller {
  readonly port: number;
  /** How many connections were reset. */
  readonly killed: number;
}

/** Starts the proxy in front of `port` of 127.0.0.1; it ends with the test. */
export async function wordKiller(port: number, word: string): Promise<WordKiller> {
  const sockets = new Set<Socket>();
  const counts = { killed: 0 };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer({ noDelay: true }, (client) => {
    const target = connect({ port, host: "127.0.0.1", noDelay: true });
    keep(client);
    keep(target);
    target.pipe(client);
    client.on("data", (bytes) => {
      if (bytes.includes(word)) {
        counts.killed += 1;
        client.destroy();
        target.destroy();
      } else target.write(bytes);
    });
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const)
      one.on("close", () => other.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    port: (server.address() as AddressInfo).port,
    get killed() {
      return counts.killed;
    },
  };
}
