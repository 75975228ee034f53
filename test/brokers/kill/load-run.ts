/** Loads on one pair of brokers whose active member is killed again and again; all of them go on at once. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../../src/connect/connect.ts";
import type { Connection } from "../../../src/messaging/connection.ts";
import { type MemberName, otherMember, type Protocol, type RealGroup } from "../group-contract.ts";
import { LOADS } from "./loads/all-loads.ts";
import { until } from "./loads/lanes.ts";
import { type LoadFindings, NO_FINDINGS, type RunningLoad } from "./loads/load.ts";

export interface LoadRunOptions {
  readonly loads: readonly string[];
  readonly rounds: number;
  readonly loadMs: number;
  readonly double: boolean;
  readonly log: (line: string) => void;
}

export interface LoadResult {
  readonly load: string;
  readonly kills: number;
  readonly longestOutageMs: number;
  readonly findings: LoadFindings;
}

/** A load that has done nothing for so long after a kill hangs. */
const STALL_MS = 60_000;
/** Within it every session has been opened and what was pending sent again, mostly. */
const RESTORING_MS = 400;

/** Runs one combination on a started group, which it leaves running. */
export async function runLoads(group: RealGroup, protocol: Protocol, options: LoadRunOptions): Promise<LoadResult[]> {
  const { loads, rounds, loadMs, double, log } = options;
  const watched = loads.map((load) => new WatchedLoad(load, group, protocol, log));
  try {
    for (const each of watched) await each.start();
    let kills = 0;
    while (kills < rounds && watched.every(({ stalled }) => !stalled)) {
      // At another moment of every load's turn each time.
      await sleep(loadMs * (0.5 + Math.random()));
      const startedAt = performance.now();
      const waiting = double ? await killTwice(group) : await killOnce(group);
      kills += double ? 2 : 1;
      const activeMs = performance.now() - startedAt;
      await Promise.all(watched.map((each) => each.getOn(STALL_MS)));
      const allMs = performance.now() - startedAt;
      log(`kill ${kills}: active again after ${activeMs.toFixed()} ms, every load again after ${allMs.toFixed()} ms`);
      await group.start(waiting);
    }
    await sleep(loadMs);
    await Promise.all(watched.map((each) => each.stop()));
    await Promise.all(watched.map((each) => each.settle()));
    return watched.map((each) => each.result(kills));
  } finally {
    await Promise.all(watched.map((each) => each.close()));
  }
}

/** Resolves when the other member is active, with the one to be brought back as its standby. */
async function killOnce(group: RealGroup): Promise<MemberName> {
  const killed = await group.waitActive();
  await group.kill(killed);
  await group.waitActive();
  return killed;
}

/** The member that takes over dies too, while sessions are restored on it; resolves when the first is active again. */
async function killTwice(group: RealGroup): Promise<MemberName> {
  const first = await killOnce(group);
  await sleep(Math.random() * RESTORING_MS);
  await group.kill(otherMember(first));
  await group.start(first);
  await group.waitActive();
  return otherMember(first);
}

class WatchedLoad {
  /** Whether it did nothing after a kill. */
  stalled = false;
  readonly #name: string;
  readonly #group: RealGroup;
  readonly #protocol: Protocol;
  readonly #prefix: string;
  readonly #log: (line: string) => void;
  readonly #connections = new Set<Connection>();
  readonly #warned = new Set<string>();
  #running: RunningLoad | undefined;
  #longestOutageMs = 0;

  constructor(name: string, group: RealGroup, protocol: Protocol, log: (line: string) => void) {
    this.#name = name;
    this.#group = group;
    this.#protocol = protocol;
    this.#prefix = `kill.${protocol}.${Date.now()}.${name}`;
    this.#log = log;
  }

  async start(): Promise<void> {
    const start = LOADS[this.#name];
    if (!start) throw new Error(`There is no load ${this.#name}`);
    this.#running = await start({
      product: this.#group.product,
      protocol: this.#protocol,
      name: this.#prefix,
      connect: (options) => this.#connect(options),
    });
  }

  /** Resolves when something more is done, or it must be taken to hang. */
  async getOn(timeoutMs: number): Promise<void> {
    const before = this.#running?.done ?? 0;
    if (await until(() => (this.#running?.done ?? 0) > before, timeoutMs)) return;
    this.stalled = true;
    this.#log(`${this.#name} hangs: nothing was done in ${timeoutMs} ms`);
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  async settle(): Promise<void> {
    await this.#running?.settle();
  }

  result(kills: number): LoadResult {
    const findings = this.#running?.findings() ?? NO_FINDINGS;
    const unexpected = this.stalled ? [...findings.unexpected, "it hung after a kill"] : findings.unexpected;
    return { load: this.#name, kills, longestOutageMs: this.#longestOutageMs, findings: { ...findings, unexpected } };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.close({ drainTimeoutMs: 1_000 })));
  }

  async #connect(options: Parameters<typeof connect>[1]): Promise<Connection> {
    const connection = await connect(this.#group.uri(this.#protocol), {
      credentials: this.#group.credentials,
      ...options,
    });
    this.#connections.add(connection);
    connection.on("restored", ({ outageMs }) => {
      this.#longestOutageMs = Math.max(this.#longestOutageMs, outageMs);
    });
    connection.on("warning", ({ code, message }) => {
      if (this.#warned.has(code)) return;
      this.#warned.add(code);
      this.#log(`${this.#name} warns for the first time: ${code} ${message}`);
    });
    connection.on("failed", ({ message }) => this.#log(`${this.#name} failed: ${message}`));
    return connection;
  }
}
