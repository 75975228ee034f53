/**
 * A listener in front of a member that lets a limited number of connections a second through, in the order they came.
 * It stands for a master whose handshakes take much CPU time.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Each tick lets through the connections that have become due since the last one. */
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

  /**
   * Refuses connections until listen() is called. The system accepts every connection at once into the backlog, where
   * it waits.
   */
  constructor(target: { readonly host: string; readonly port: number }, perSecond: number, port: number) {
    this.#target = target;
    this.#perSecond = perSecond;
    this.#port = port;
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      this.#keep(socket);
      this.#waiting.push(socket);
    });
  }

  /** How many connections were let through. One whose client had gone by then took as much time as any other. */
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
      // Unused capacity is lost: an idle master does not catch up later.
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
