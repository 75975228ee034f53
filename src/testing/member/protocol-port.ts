/** A port of the active member: listens, and keeps the connections of one protocol. */
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import type { AcceptConnection, MemberConnection, MemberConnectionOptions } from "./member-connection.ts";
import type { MemberSettings } from "./member-settings.ts";

/** How long clients may take for an orderly end. */
const STOP_LINGER_MS = 500;
/** How long to retry a port that another program uses at the moment. */
const BIND_PATIENCE_MS = 3000;
const BIND_RETRY_MS = 20;

type Certificate = MemberSettings["certificate"];

export class ProtocolPort {
  readonly #server: Server;
  readonly #connections = new Map<Socket, MemberConnection>();
  /** Sockets as the kernel has them, including those in a TLS handshake. */
  readonly #sockets = new Set<Socket>();

  private constructor(accept: AcceptConnection, options: MemberConnectionOptions, certificate: Certificate) {
    const onConnection = (socket: Socket) => {
      // Without a listener an early reset would be thrown from the event loop.
      socket.on("error", () => {});
      const connection = accept(socket, options);
      this.#connections.set(socket, connection);
      socket.once("close", () => {
        this.#connections.delete(socket);
        connection.onGone();
      });
    };
    this.#server = certificate
      ? createTlsServer({ ...certificate, noDelay: true }, onConnection)
      : createServer({ noDelay: true }, onConnection);
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  /** Rejects if the port stays in use. */
  static async listen(
    port: number,
    accept: AcceptConnection,
    { certificate, ...options }: MemberConnectionOptions & { readonly certificate?: Certificate },
  ): Promise<ProtocolPort> {
    const result = new ProtocolPort(accept, options, certificate);
    const deadline = performance.now() + BIND_PATIENCE_MS;
    for (;;) {
      const failure = await bind(result.#server, port);
      if (failure === undefined) return result;
      if (failure.code !== "EADDRINUSE" || performance.now() > deadline) throw failure;
      await sleep(BIND_RETRY_MS);
    }
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Refuses new connections and ends open ones as their protocol does. */
  async stop(): Promise<void> {
    const closed = this.#close();
    for (const connection of this.#connections.values()) connection.stop();
    const late = setTimeout(() => this.#destroySockets(), STOP_LINGER_MS);
    await closed;
    clearTimeout(late);
  }

  /** Ends like the sockets of a killed process: nothing more is flushed. */
  async crash(): Promise<void> {
    const closed = this.#close();
    this.#destroySockets();
    await closed;
  }

  #close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #destroySockets(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function bind(server: Server, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const onError = (cause: NodeJS.ErrnoException) => {
      server.removeListener("listening", onListening);
      resolve(cause);
    };
    const onListening = () => {
      server.removeListener("error", onError);
      // Once it listens, only a failing accept (no descriptors left) is reported here.
      server.on("error", () => {});
      resolve(undefined);
    };
    server.once("error", onError).once("listening", onListening);
    server.listen({ port, host: "127.0.0.1", exclusive: true });
  });
}
