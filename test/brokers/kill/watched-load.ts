/**
 * Watches a load while its brokers are disturbed: whether it makes progress, and how long its connections had no
 * session.
 */
import { connect } from "../../../src/connect/connect.ts";
import type { Connection } from "../../../src/messaging/connection/connection.ts";
import type { Credentials } from "../../../src/uri/endpoint.ts";
import type { Product, Protocol } from "../group-contract.ts";
import { LOADS } from "./loads/all-loads.ts";
import { until } from "./loads/lanes.ts";
import { type LoadFindings, NO_FINDINGS, type RunningLoad } from "./loads/load.ts";

/** What a load runs on. */
export interface LoadTarget {
  readonly product: Product;
  readonly protocol: Protocol;
  readonly uri: string;
  readonly credentials: Credentials;
  /** The prefix of all destinations' names; none by default. */
  readonly prefix?: string;
  readonly restMs?: number;
  /** Called with every connection as soon as it exists. */
  readonly onConnection?: (connection: Connection) => void;
}

export class WatchedLoad {
  /** Whether it made no progress after a fault. */
  stalled = false;
  readonly name: string;
  longestOutageMs = 0;
  readonly #target: LoadTarget;
  readonly #prefix: string;
  readonly #log: (line: string) => void;
  readonly #connections = new Set<Connection>();
  readonly #warned = new Set<string>();
  #running: RunningLoad | undefined;

  constructor(name: string, target: LoadTarget, log: (line: string) => void) {
    this.name = name;
    this.#target = target;
    this.#prefix = `${target.prefix ?? ""}kill.${target.protocol}.${Date.now()}.${name}`;
    this.#log = log;
  }

  async start(): Promise<void> {
    const start = LOADS[this.name];
    if (!start) throw new Error(`There is no load ${this.name}`);
    this.#running = await start({
      ...this.#target,
      name: this.#prefix,
      connect: (options) => this.#connect(options),
    });
  }

  /** Resolves when the load makes progress, or must be taken to hang. */
  async getOn(timeoutMs: number): Promise<void> {
    const before = this.#running?.done ?? 0;
    if (await until(() => (this.#running?.done ?? 0) > before, timeoutMs)) return;
    this.stalled = true;
    this.#log(`${this.name} hangs: nothing was done in ${timeoutMs} ms`);
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  async settle(): Promise<void> {
    await this.#running?.settle();
  }

  get findings(): LoadFindings {
    const findings = this.#running?.findings() ?? NO_FINDINGS;
    const unexpected = this.stalled ? [...findings.unexpected, "it hung after a fault"] : findings.unexpected;
    return { ...findings, unexpected };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.close({ drainTimeoutMs: 1_000 })));
  }

  async #connect(options: Parameters<typeof connect>[1]): Promise<Connection> {
    const { uri, credentials, onConnection } = this.#target;
    const connection = await connect(uri, { credentials, ...options });
    onConnection?.(connection);
    this.#connections.add(connection);
    connection.on("restored", ({ outageMs }) => {
      this.longestOutageMs = Math.max(this.longestOutageMs, outageMs);
    });
    connection.on("warning", ({ code, message }) => {
      if (this.#warned.has(code)) return;
      this.#warned.add(code);
      this.#log(`${this.name} warns for the first time: ${code} ${message}`);
    });
    connection.on("failed", ({ message }) => this.#log(`${this.name} failed: ${message}`));
    return connection;
  }
}
