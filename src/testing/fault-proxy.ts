/** A TCP proxy that breaks connections on command: put it before a member, a broker or anything else that listens. */
import { createServer, type Server, type Socket } from "node:net";
import { type InspectOptions, inspect } from "node:util";
import { InvalidArgumentError, UnsupportedError } from "../errors/errors.ts";
import { inspectedAs } from "../errors/inspected-as.ts";
import { type ClaimedPorts, claimPorts } from "./group/claimed-ports.ts";
import { type EndKind, type FlowDirection, type FlowShape, undisturbed } from "./proxy/flow-shape.ts";
import { endSocket, ProxiedConnection } from "./proxy/proxied-connection.ts";
import { readTarget, type TargetAddress } from "./proxy/target-address.ts";

/** How the proxy treats a new connection. */
type Answer =
  | { readonly kind: "pass" }
  | { readonly kind: "end"; readonly end: EndKind }
  | { readonly kind: "silent" }
  | { readonly kind: "garbage"; readonly bytes: Uint8Array }
  | { readonly kind: "half-handshake"; readonly bytes: number };

/** Neither of our protocols begins like this. */
const GARBAGE = Buffer.from("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");

/**
 * Resolves with a proxy to `target` ({ host, port }, "host:port" or "stomp://host:port") that listens on a port of
 * 127.0.0.1 and at first passes everything. The target need not listen yet. Close the proxy when the test ends.
 */
export async function faultProxy(target: TargetAddress | string): Promise<FaultProxy> {
  const address = readTarget(target);
  const proxy = new FaultProxy(address, await claimPorts(1));
  await proxy.pass();
  return proxy;
}

/** A proxy in front of one endpoint that breaks connections on command. */
export class FaultProxy implements AsyncDisposable {
  /** The address it listens at. */
  readonly host = "127.0.0.1";
  /** Its port; below 32768, and reserved even while the proxy refuses. */
  readonly port: number;
  readonly #target: TargetAddress;
  readonly #claim: ClaimedPorts;
  readonly #toTarget: FlowShape = undisturbed();
  readonly #toClient: FlowShape = undisturbed();
  readonly #clients = new Map<Socket, ProxiedConnection | undefined>();
  #server: Server | undefined;
  #answer: Answer = { kind: "pass" };
  #attempts = 0;
  #closed: Promise<void> | undefined;

  /** @internal Use faultProxy(). */
  constructor(target: TargetAddress, claim: ClaimedPorts) {
    this.#target = target;
    this.#claim = claim;
    this.port = claim.ports[0] ?? 0;
  }

  /** Number of TCP connections accepted so far. While it refuses, nothing is accepted or counted. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Number of client connections open now. */
  get connections(): number {
    return this.#clients.size;
  }

  /**
   * Passes everything: new connections reach the target, open ones go on. Open ones that lost bytes (black hole, half
   * handshake) are reset, because TCP never loses bytes silently; those that were met with silence stay silent.
   */
  async pass(): Promise<void> {
    Object.assign(this.#toTarget, undisturbed());
    Object.assign(this.#toClient, undisturbed());
    for (const connection of this.#clients.values()) {
      if (connection?.swallowed) connection.end("reset");
      else connection?.update();
    }
    await this.#meet({ kind: "pass" });
  }

  /** Refuses new connections with ECONNREFUSED. Open ones go on. */
  async refuse(): Promise<void> {
    this.#requireOpen();
    this.#stopListening();
  }

  /** Accepts new connections and closes them at once. Open ones go on. */
  async closeAtOnce(): Promise<void> {
    await this.#meet({ kind: "end", end: "close" });
  }

  /** Accepts new connections and resets them at once. Open ones go on. */
  async reset(): Promise<void> {
    await this.#meet({ kind: "end", end: "reset" });
  }

  /** Accepts new connections and never answers. Open ones go on. */
  async staySilent(): Promise<void> {
    await this.#meet({ kind: "silent" });
  }

  /**
   * Accepts new connections and answers with bytes that are neither STOMP nor AMQP, or with `bytes`, then stays silent.
   * Open ones go on.
   */
  async garbage(bytes: Uint8Array = GARBAGE): Promise<void> {
    await this.#meet({ kind: "garbage", bytes });
  }

  /** New connections reach the target, but only the first `bytes` of its answer come back. Open ones go on. */
  async halfHandshake(bytes: number): Promise<void> {
    requireCount("bytes", bytes, 0);
    await this.#meet({ kind: "half-handshake", bytes });
  }

  /** Swallows the bytes and ends of stream of open and new connections, without notice, until pass(). */
  blackHole(direction: FlowDirection = "both"): void {
    this.#shape(direction, { blackHole: true });
  }

  /**
   * Holds the bytes of open and new connections in the kernels; they arrive after pass(), as when a partition heals.
   */
  hold(direction: FlowDirection = "both"): void {
    this.#shape(direction, { hold: true });
  }

  /** Delays every byte of open and new connections by `ms`, until pass(). */
  delay(ms: number, direction: FlowDirection = "both"): void {
    requireCount("ms", ms, 0);
    this.#shape(direction, { delayMs: ms });
  }

  /** Limits each open and new connection to `bytesPerSecond` in each direction, until pass(). */
  rate(bytesPerSecond: number, direction: FlowDirection = "both"): void {
    requireCount("bytesPerSecond", bytesPerSecond, 1);
    this.#shape(direction, { bytesPerSecond });
  }

  /**
   * After exactly `bytes` more bytes in that direction, closes (or resets) both sides of each open or new connection,
   * wherever in a frame that is. Until pass().
   */
  cutAfter(bytes: number, direction: Exclude<FlowDirection, "both">, end: EndKind = "close"): void {
    requireCount("bytes", bytes, 1);
    this.#shape(direction, { cut: { afterBytes: bytes, end } });
  }

  /** Closes (or resets) both sides of all open connections. New ones are treated as before. */
  dropConnections(end: EndKind = "close"): void {
    for (const [client, connection] of [...this.#clients]) {
      if (connection) connection.end(end);
      else endSocket(client, end);
    }
  }

  /** Stops listening, ends every connection and frees the port. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Shows where it listens, the target and the connections that are open, and nothing else of what it holds. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const facts = {
      at: `${this.host}:${this.port}`,
      target: `${this.#target.host}:${this.#target.port}`,
      connections: this.connections,
    };
    return inspectedAs("FaultProxy", facts, depth, options);
  }

  /** Same as close(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#stopListening();
    this.dropConnections();
    await this.#claim.release();
  }

  #shape(direction: FlowDirection, change: Partial<FlowShape>): void {
    this.#requireOpen();
    if (direction !== "to-client") Object.assign(this.#toTarget, change);
    if (direction !== "to-target") Object.assign(this.#toClient, change);
    for (const connection of this.#clients.values()) connection?.update();
  }

  async #meet(answer: Answer): Promise<void> {
    this.#requireOpen();
    this.#answer = answer;
    if (this.#server) return;
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => this.#onClient(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port: this.port, host: this.host, exclusive: true }, resolve);
    });
  }

  #stopListening(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  #requireOpen(): void {
    if (this.#closed) throw new UnsupportedError("The proxy is closed");
  }

  #onClient(client: Socket): void {
    this.#attempts++;
    client.on("error", () => {});
    this.#clients.set(client, this.#serve(client));
    client.on("close", () => this.#clients.delete(client));
    if (this.#answer.kind === "end") endSocket(client, this.#answer.end);
  }

  #serve(client: Socket): ProxiedConnection | undefined {
    const answer = this.#answer;
    if (answer.kind === "pass" || answer.kind === "half-handshake") {
      const answerBytes = answer.kind === "pass" ? undefined : answer.bytes;
      const { toTarget, toClient } = { toTarget: this.#toTarget, toClient: this.#toClient };
      return new ProxiedConnection({ client, target: this.#target, toTarget, toClient, answerBytes });
    }
    if (answer.kind === "garbage") client.write(answer.bytes);
    client.resume();
    client.on("end", () => client.destroy());
    return undefined;
  }
}

function requireCount(name: string, value: number, least: number): void {
  if (!Number.isFinite(value) || value < least) {
    throw new InvalidArgumentError(`${name} is a number from ${least} on, not ${value}`);
  }
}
