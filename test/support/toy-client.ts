/**
 * The client of a protocol of one line each way, which proves that the transport knows no protocol: "HELLO
 * " is answered by "WELCOME
 * ". It imports nothing of the test runner, so that programs can use it.
 */
import { once } from "node:events";
import {
  AttemptError,
  AuthenticationError,
  formatAddress,
  type MasterSlaveError,
  SessionLostError,
} from "../../src/errors/errors.ts";
import { dial } from "../../src/transport/dial/dial.ts";
import { describePeer } from "../../src/transport/dial/peer-kind.ts";
import type { OpenContext, Session, SessionEnd } from "../../src/transport/dial/session.ts";
import type { EndpointSocket } from "../../src/transport/socket/endpoint-socket.ts";
import type { Endpoint } from "../../src/uri/endpoint.ts";

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
      reject(new AttemptError(code, `${formatAddress(endpoint)} ${what}`, { endpoint }));
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
    // The socket may have been reset while the attempt waited for its turn.
    if (socket.destroyed) onClose();
    socket.once("close", onClose);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** A session of the toy protocol. It counts as useful once it has been answered a PING. */
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
