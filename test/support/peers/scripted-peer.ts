/**
 * A peer on a real socket that plays a script, step by step, and reports clearly when something else arrives than
 * expected.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { onTestFinished } from "vitest";
import type { ConnectionOptions } from "../../../src/connect/connect-options.ts";
import type { Connection } from "../../../src/messaging/connection/connection.ts";
import type { Certificate } from "../certificate.ts";
import { storyConnection } from "../stories.ts";

/** One connection that a client made. */
export interface Line<Frame> {
  readonly socket: Socket;
  /** What has arrived over the connection so far, oldest first. */
  readonly came: Frame[];
  /** Either side has ended the connection: whatever still arrives is ignored. */
  over: boolean;
}

/** The next expectation, and the reaction to it. */
export interface Step<Frame, L extends Line<Frame>> {
  /** A description for error messages, such as "a transfer to q". */
  readonly what: string;
  /** Returns why a frame is not the expected one; undefined when it is. */
  mismatch(frame: Frame, line: L): string | undefined;
  readonly answers: ((line: L, frame: Frame) => void)[];
}

/** How long a script may take. This only detects scripts that hang. */
const DEADLINE_MS = 10_000;

/**
 * Expectations are met in order, over whichever connection the frames arrive. A connection that arrives when nothing
 * more is expected is closed at once, as by a broker that is shutting down.
 */
export abstract class ScriptedPeer<Frame, L extends Line<Frame>> {
  /** How many connections arrived, including those that were closed at once. */
  connections = 0;
  readonly lines: L[] = [];
  readonly #server: Server;
  readonly #scheme: string;
  readonly #steps: Step<Frame, L>[] = [];
  #port = 0;
  #played = 0;
  #failure: Error | undefined;
  #wake: (() => void)[] = [];
  #told = false;
  #refusing = false;

  protected constructor(scheme: string, certificate: Certificate | undefined) {
    this.#scheme = scheme;
    const take = (socket: Socket) => this.#take(socket);
    this.#server = certificate ? createTlsServer(certificate, take) : createServer({ noDelay: true }, take);
    // A failed handshake is reported by the client.
    this.#server.on("tlsClientError", () => {});
  }

  /** Creates a line for a socket; the peer reads the socket's bytes. */
  protected abstract open(socket: Socket): L;
  /** Answers or ignores frames that are not part of the script, also once the script is `over`. */
  protected abstract tolerate(frame: Frame, line: L, over: boolean): boolean;
  protected abstract describe(frame: Frame): string;

  protected async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
    onTestFinished(() => this.#end());
  }

  get port(): number {
    return this.#port;
  }

  get uri(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  /**
   * Resolves when everything expected so far has arrived; rejects with what arrived instead, or with what did not
   * arrive in time.
   */
  get done(): Promise<void> {
    return this.#until(() => this.#steps.length === this.#played);
  }

  /** Resolves when the client has ended its last connection. */
  get left(): Promise<void> {
    return this.#until(() => this.lines.length > 0 && this.lines.every(({ over }) => over));
  }

  /** Ends every connection now, without a frame. */
  dropAll(): void {
    for (const line of this.lines) this.drop(line);
  }

  /** From now on refuses every connection, as the port of a standby does. */
  async refuse(): Promise<void> {
    if (this.#refusing) return;
    this.#refusing = true;
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.dropAll();
    });
  }

  drop(line: L): void {
    line.over = true;
    line.socket.destroy();
    this.#wakeAll();
  }

  protected expect(step: Step<Frame, L>): Step<Frame, L> {
    this.#steps.push(step);
    return step;
  }

  /** Every frame of every connection, in the order of arrival. */
  protected came(frame: Frame, line: L): void {
    if (line.over || this.#failure) return;
    line.came.push(frame);
    const step = this.#steps[this.#played];
    const mismatch = step?.mismatch(frame, line);
    if (step && mismatch === undefined) {
      this.#played += 1;
      for (const answer of step.answers) answer(line, frame);
      this.#wakeAll();
    } else if (!this.tolerate(frame, line, step === undefined)) {
      this.#fail(`${this.#expected()}, and ${this.describe(frame)} came${mismatch ? `: ${mismatch}` : ""}`);
    }
  }

  #take(socket: Socket): void {
    this.connections += 1;
    socket.on("error", () => {});
    if (this.#failure || this.#played === this.#steps.length) {
      socket.destroy();
      return;
    }
    const line = this.open(socket);
    this.lines.push(line);
    socket.on("close", () => {
      line.over = true;
      this.#wakeAll();
    });
  }

  #expected(): string {
    const step = this.#steps[this.#played];
    const where = `${this.uri} (step ${this.#played + 1} of ${this.#steps.length})`;
    return step ? `${where} expected ${step.what}` : `${this.uri} expected nothing more`;
  }

  #fail(text: string): void {
    const came = this.lines.map((line) => line.came.map((frame) => this.describe(frame)).join(", ")).join(" | ");
    this.#failure ??= new Error(`${text}. All that came: ${came || "nothing"}`);
    this.dropAll();
    this.#wakeAll();
  }

  async #until(condition: () => boolean): Promise<void> {
    const timer = setTimeout(() => this.#fail(`${this.#expected()}, which did not come in time`), DEADLINE_MS);
    try {
      while (!this.#failure && !condition()) await new Promise<void>((resolve) => this.#wake.push(resolve));
    } finally {
      clearTimeout(timer);
    }
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (!this.#failure || this.#told) return;
    this.#told = true;
    throw this.#failure;
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** An unexpected frame fails the test, even after the last expectation was met. */
  async #end(): Promise<void> {
    await this.refuse();
    this.#throwFailure();
  }
}

/** Returns an idle connection to a group of these peers, in this order. It never tries two of them at the same time. */
export function connectionTo(peers: readonly { readonly uri: string }[], options: ConnectionOptions = {}): Connection {
  const list = peers.map((peer) => peer.uri).join(",");
  const uri = peers.length > 1 ? `masterslave:(${list})` : list;
  return storyConnection(uri, { attemptStagger: 60_000, minConnectTime: 0, ...options });
}
