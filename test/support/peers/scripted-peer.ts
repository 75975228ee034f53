/** A peer on a real socket that plays a script, step by step, and says plainly where what comes is not what was expected. */
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
  /** What has come over it so far, oldest first. */
  readonly came: Frame[];
  /** We have ended it, or the client has: what still comes is not looked at. */
  over: boolean;
}

/** What is expected next, and what is done when it comes. */
export interface Step<Frame, L extends Line<Frame>> {
  /** In the words of a test: "a transfer to q". */
  readonly what: string;
  /** Why the frame is not what is expected; undefined when it is. */
  mismatch(frame: Frame, line: L): string | undefined;
  readonly answers: ((line: L, frame: Frame) => void)[];
}

/** How long a script may take; it only finds out what hangs. */
const DEADLINE_MS = 10_000;

/**
 * Expectations are met in their order, whichever connection they come over. A connection that comes when nothing is
 * expected any more is closed at once, as by a broker that is on its way down.
 */
export abstract class ScriptedPeer<Frame, L extends Line<Frame>> {
  /** How many connections came, those that were turned away too. */
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
    // A handshake that fails is the client's to tell.
    this.#server.on("tlsClientError", () => {});
  }

  /** A line for a socket; its bytes are the peer's to read. */
  protected abstract open(socket: Socket): L;
  /** What comes beside the script, or when it is `over`, and is answered or ignored without a word. */
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

  /** Resolves when everything expected so far has come; rejects with what came instead, or what has not come in time. */
  get done(): Promise<void> {
    return this.#until(() => this.#steps.length === this.#played);
  }

  /** Resolves when the client has ended its last connection. */
  get left(): Promise<void> {
    return this.#until(() => this.lines.length > 0 && this.lines.every(({ over }) => over));
  }

  /** Ends every connection without a word, now. */
  dropAll(): void {
    for (const line of this.lines) this.drop(line);
  }

  /** Refuses every connection from now on, as the port of a standby does. */
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

  /** Every frame of every line, in the order they come. */
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

  /** A frame that nobody expected fails the test, even when it came after the last expectation. */
  async #end(): Promise<void> {
    await this.refuse();
    this.#throwFailure();
  }
}

/** A connection to a group of these peers, in this order, idle. The next is tried when one has answered, never beside it. */
export function connectionTo(peers: readonly { readonly uri: string }[], options: ConnectionOptions = {}): Connection {
  const list = peers.map((peer) => peer.uri).join(",");
  const uri = peers.length > 1 ? `masterslave:(${list})` : list;
  return storyConnection(uri, { attemptStagger: 60_000, minConnectTime: 0, ...options });
}
