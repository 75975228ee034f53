/** The endpoints of the toy line protocol, which can misbehave in every way. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { claimPorts } from "../../src/testing/group/claimed-ports.ts";
import type { Endpoint } from "../../src/uri/endpoint.ts";
import { toyEndpoint } from "./toy-client.ts";

export type ToyMode =
  | "welcome"
  | "close"
  | "reset"
  | "silent"
  | "half"
  | "garbage"
  | "openwire"
  | "denied"
  | "drop"
  | { readonly answersAfterMs: number };

const OPENWIRE = Buffer.concat([Buffer.from([0, 0, 1, 64, 1]), Buffer.from("ActiveMQ"), Buffer.alloc(32)]);

/** One endpoint of a toy group. `mode` may change at any time; `refuse` and `listen` close and open its port. */
export class ToyServer {
  mode: ToyMode;
  /** How many TCP connections arrived. */
  connects = 0;
  /** When each HELLO arrived, by performance.now(). */
  readonly hellos: number[] = [];
  readonly open = new Set<Socket>();
  #server: Server | undefined;
  readonly #port: number;

  constructor(mode: ToyMode, port: number) {
    this.mode = mode;
    this.#port = port;
  }

  get endpoint(): Endpoint {
    return toyEndpoint(this.#port);
  }

  async listen(): Promise<this> {
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    return this;
  }

  /** Stops listening and resets every connection, as when a broker is killed. */
  async refuse(): Promise<this> {
    const server = this.#server;
    this.#server = undefined;
    this.drop();
    if (server) await new Promise((resolve) => server.close(resolve));
    return this;
  }

  /** Resets every connection and goes on listening. */
  drop(): void {
    for (const socket of this.open) socket.resetAndDestroy();
  }

  #accept(socket: Socket): void {
    this.connects += 1;
    this.open.add(socket);
    socket.on("close", () => this.open.delete(socket));
    socket.on("error", () => {});
    if (this.mode === "close") socket.end();
    if (this.mode === "reset") socket.resetAndDestroy();
    if (this.mode === "garbage") socket.write("\u0000\u0001 no line of ours\n");
    if (this.mode === "openwire") socket.write(OPENWIRE);
    socket.on("data", (data) => {
      for (const line of data.toString("latin1").split("\n")) this.#answer(socket, line);
    });
  }

  #answer(socket: Socket, line: string): void {
    if (line === "PING") socket.write("PONG\n");
    if (line === "BYE") socket.end();
    if (line !== "HELLO") return;
    this.hellos.push(performance.now());
    const { mode } = this;
    if (mode === "welcome") socket.write("WELCOME\n");
    if (mode === "half") socket.write("WELC");
    if (mode === "denied") socket.end("DENIED\n");
    if (mode === "drop") socket.end("WELCOME\n");
    if (typeof mode === "object") setTimeout(() => socket.write("WELCOME\n"), mode.answersAfterMs);
  }
}

/** Starts a toy server on a port that it keeps until the test ends, even while it refuses connections. */
export async function toyServer(mode: ToyMode | "refuse"): Promise<ToyServer> {
  const claim = await claimPorts(1);
  const server = new ToyServer(mode === "refuse" ? "welcome" : mode, claim.ports[0] ?? 0);
  if (mode !== "refuse") await server.listen();
  onTestFinished(async () => {
    await server.refuse();
    await claim.release();
  });
  return server;
}
