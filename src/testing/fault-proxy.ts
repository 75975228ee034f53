/** A TCP proxy that breaks connections on command: put it before a member, a broker or anything else that listens. */
import { createServer, type Server, type Socket } from "node:net";
import { type InspectOptions, inspect } from "node:util";
import { InvalidArgumentError, UnsupportedError } from "../errors/errors.ts";
import { inspectedAs } from "../errors/inspected-as.ts";
import { type ClaimedPorts, claimPorts } from "./group/claimed-ports.ts";
import { type EndKind, type FlowDirection, type FlowShape, undisturbed } from "./proxy/flow-shape.ts";
import { endSocket, ProxiedConnection } from "./proxy/proxied-connection.ts";
import { readTarget, type TargetAddress } from "./proxy/target-address.ts";

/** What a new connection meets. */
type Answer =
  | { readonly kind: "pass" }
  | { readonly kind: "end"; readonly end: EndKind }
  | { readonly kind: "silent" }
  | { readonly kind: "garbage"; readonly bytes: Uint8Array }
  | { readonly kind: "half-handshake"; readonly bytes: number };

/** No protocol of ours begins like this. */
const GARBAGE = Buffer.from("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");

/**
 * Resolves with a proxy to `target` ({ host, port }, "host:port" or "stomp://host:port") that listens on a port of
 * 127.0.0.1 and passes everything until it is told otherwise. The target need not listen yet. Close it when the test ends.
 */
export async function faultProxy(target: TargetAddress | string): Promise<FaultProxy> {
  const address = readTarget(target);
  const proxy = new FaultProxy(address, await claimPorts(1));
  await proxy.pass();
  return proxy;
}

/** A proxy before one endpoint, to break connections with. */
export class FaultProxy implements AsyncDisposable {
  /** The address it listens at. */
  readonly host = "127.0.0.1";
  /** Below 32768, and kept while the proxy refuses. */
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

  /** TCP connections accepted so far. While it refuses nothing is accepted, so nothing is counted. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Connections of clients open now. */
  get connections(): number {
    return this.#clients.size;
  }

  /**
   * Everything as if there were no proxy: new connections reach the target, open ones go on undisturbed. Those that lost
   * bytes (black hole, half handshake) are reset, for TCP would not have lost them; those met with silence stay silent.
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

  /** New connections: nothing listens, they get ECONNREFUSED. Open ones go on. */
  async refuse(): Promise<void> {
    this.#requireOpen();
    this.#stopListening();
  }

  /** New connections: accepted, then closed at once. Open ones go on. */
  async closeAtOnce(): Promise<void> {
    await this.#meet({ kind: "end", end: "close" });
  }

  /** New connections: accepted, then reset at once. Open ones go on. */
  async reset(): Promise<void> {
    await this.#meet({ kind: "end", end: "reset" });
  }

  /** New connections: accepted, and never a byte in answer. Open ones go on. */
  async staySilent(): Promise<void> {
    await this.#meet({ kind: "silent" });
  }

  /** New connections: accepted and answered with bytes that are neither STOMP nor AMQP, or with `bytes`; then silence. Open ones go on. */
  async garbage(bytes: Uint8Array = GARBAGE): Promise<void> {
    await this.#meet({ kind: "garbage", bytes });
  }

  /** New connections: they reach the target, but only the first `bytes` of its answer come back. Open ones go on. */
  async halfHandshake(bytes: number): Promise<void> {
    requireCount("bytes", bytes, 0);
    await this.#meet({ kind: "half-handshake", bytes });
  }

  /** Open and new connections: bytes are swallowed, ends of streams too, and nobody is told. Until pass(). */
  blackHole(direction: FlowDirection = "both"): void {
    this.#shape(direction, { blackHole: true });
  }

  /** Open and new connections: bytes wait with the kernels and arrive after pass(), as in a partition that heals. */
  hold(direction: FlowDirection = "both"): void {
    this.#shape(direction, { hold: true });
  }

  /** Open and new connections: every byte arrives `ms` later. Until pass(). */
  delay(ms: number, direction: FlowDirection = "both"): void {
    requireCount("ms", ms, 0);
    this.#shape(direction, { delayMs: ms });
  }

  /** Open and new connections: no more than `bytesPerSecond` for each of them and each direction. Until pass(). */
  rate(bytesPerSecond: number, direction: FlowDirection = "both"): void {
    requireCount("bytesPerSecond", bytesPerSecond, 1);
    this.#shape(direction, { bytesPerSecond });
  }

  /**
   * Open and new connections, each by itself: after exactly `bytes` more bytes in that direction both sides are closed
   * (or reset), wherever in a frame that is. Until pass().
   */
  cutAfter(bytes: number, direction: Exclude<FlowDirection, "both">, end: EndKind = "close"): void {
    requireCount("bytes", bytes, 1);
    this.#shape(direction, { cut: { afterBytes: bytes, end } });
  }

  /** Open connections: closed (or reset), both sides. New ones meet what they met before. */
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

  /** As close(), for `await using`. */
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
