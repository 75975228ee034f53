/** A protocol of one line each way, which proves that the transport knows none: "HELLO\n" is answered by "WELCOME\n". */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { AttemptError, AuthenticationError, type MasterSlaveError, SessionLostError } from "../../src/errors.ts";
import { dial } from "../../src/transport/dial.ts";
import type { EndpointSocket } from "../../src/transport/endpoint-socket.ts";
import { describePeer } from "../../src/transport/peer-kind.ts";
import type { OpenContext, Session, SessionEnd } from "../../src/transport/session.ts";
import type { Endpoint } from "../../src/uri/endpoint.ts";

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
  /** TCP connections that arrived. */
  connects = 0;
  /** When each HELLO arrived, by performance.now(). */
  readonly hellos: number[] = [];
  readonly open = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(mode: ToyMode) {
    this.mode = mode;
  }

  get endpoint(): Endpoint {
    return toyEndpoint(this.#port);
  }

  async listen(): Promise<this> {
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Nothing listens any more, and every connection is reset, as when a broker is killed. */
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

/** A toy server on a free port; it ends with the test. "refuse": a port where nothing listens. */
export async function toyServer(mode: ToyMode | "refuse"): Promise<ToyServer> {
  const server = await new ToyServer(mode === "refuse" ? "welcome" : mode).listen();
  if (mode === "refuse") await server.refuse();
  onTestFinished(async () => {
    await server.refuse();
  });
  return server;
}

export function toyEndpoint(port: number, host = "127.0.0.1"): Endpoint {
  return { scheme: "tcp", host, port, options: {} };
}

/** What the client side did: every dial, in order, by port. */
export class ToyClient {
  readonly dials: number[] = [];
  readonly sessions: ToySession[] = [];

  readonly open = async (endpoint: Endpoint, { signal, turn }: OpenContext): Promise<ToySession> => {
    this.dials.push(endpoint.port);
    const socket = await dial(endpoint, { signal });
    try {
      await turn();
      socket.write("HELLO\n");
      await welcome(socket, signal);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    const session = new ToySession(socket);
    this.sessions.push(session);
    return session;
  };

  /** How often an endpoint was dialled. */
  dialsOf({ endpoint }: { readonly endpoint: { readonly port: number } }): number {
    return this.dials.filter((port) => port === endpoint.port).length;
  }
}

function welcome(socket: EndpointSocket, signal: AbortSignal): Promise<void> {
  const { endpoint } = socket;
  return new Promise((resolve, reject) => {
    let text = "";
    const fail = (code: "WRONG_PROTOCOL" | "PROTOCOL_ERROR" | "ENDPOINT_CLOSED", what: string) =>
      reject(new AttemptError(code, `127.0.0.1:${endpoint.port} ${what}`, { endpoint }));
    const onData = (data: Buffer) => {
      text += data.toString("latin1");
      const foreign = describePeer(socket.firstBytes);
      if (foreign) return fail("WRONG_PROTOCOL", foreign);
      if (text === "DENIED\n") return reject(new AuthenticationError("denied", { endpoint }));
      if (text === "WELCOME\n") {
        socket.removeListener("data", onData);
        resolve();
      } else if (!"WELCOME\n".startsWith(text)) fail("PROTOCOL_ERROR", "answered something else");
    };
    socket.on("data", onData);
    const onClose = () => fail("ENDPOINT_CLOSED", "closed before it said WELCOME");
    // It may have been reset while the attempt waited for its turn.
    if (socket.destroyed) onClose();
    socket.once("close", onClose);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** A session of the toy protocol: useful once it has been answered a PING. */
export class ToySession implements Session {
  readonly socket: EndpointSocket;
  readonly ended: Promise<SessionEnd>;
  useful = false;
  #resolve: (end: SessionEnd) => void = () => {};

  constructor(socket: EndpointSocket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    socket.on("data", () => {
      this.useful = true;
    });
    socket.on("close", () => this.destroy(new SessionLostError("SESSION_LOST", "The toy peer is gone")));
    socket.on("error", (error) => this.destroy(error as MasterSlaveError));
  }

  /** Resolves when the peer has answered. */
  async ping(): Promise<void> {
    this.socket.write("PING\n");
    await once(this.socket, "data");
  }

  async close(signal: AbortSignal): Promise<void> {
    const over = () => this.destroy(new SessionLostError("SESSION_LOST", "The toy session was closed"));
    if (signal.aborted) over();
    signal.addEventListener("abort", over, { once: true });
    this.socket.write("BYE\n");
    await this.ended;
    signal.removeEventListener("abort", over);
  }

  destroy(cause: MasterSlaveError): void {
    this.#resolve({ error: cause, atMs: performance.now() });
    this.socket.destroy();
  }
}
