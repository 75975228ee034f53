/** A listener before a member that lets so many connections a second through, in the order they came: a master whose handshakes are dear. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A tick lets through what has come due since the one before. */
const TICK_MS = 10;

export class AcceptLimiter {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #perSecond: number;
  readonly #port: number;
  readonly #waiting: Socket[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #timer: NodeJS.Timeout | undefined;
  #served = 0;

  /** Refuses until listen() is called. The backlog is the system's: every connection is accepted at once, and waits. */
  constructor(target: { readonly host: string; readonly port: number }, perSecond: number, port: number) {
    this.#target = target;
    this.#perSecond = perSecond;
    this.#port = port;
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      this.#keep(socket);
      this.#waiting.push(socket);
    });
  }

  /** Connections let through; one whose client had gone by then cost as much as any other. */
  get served(): number {
    return this.#served;
  }

  async listen(): Promise<void> {
    this.#server.listen({ port: this.#port, host: "127.0.0.1", backlog: 4_096 });
    await once(this.#server, "listening");
    let at = performance.now();
    let due = 0;
    this.#timer = setInterval(() => {
      const now = performance.now();
      // What is not used is gone: a master that idles does not catch up.
      due = this.#waiting.length > 0 ? due + ((now - at) * this.#perSecond) / 1_000 : 0;
      at = now;
      for (; due >= 1 && this.#waiting.length > 0; due -= 1) this.#serve(this.#waiting.shift());
    }, TICK_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(client: Socket | undefined): void {
    if (!client) return;
    this.#served += 1;
    const target = connect({ ...this.#target, noDelay: true });
    this.#keep(target);
    client.once("close", () => target.destroy());
    target.once("close", () => client.destroy());
    client.pipe(target).pipe(client);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
