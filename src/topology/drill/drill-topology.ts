/** A drill: hosts are killed or cut off, and what happens is compared with the prediction. */
import { setTimeout as sleep } from "node:timers/promises";
import { AbortError } from "../../errors/errors.ts";
import type { Topology } from "../description/topology.ts";
import { type Network, networkOf } from "../network/network.ts";
import {
  type NetworkProbe,
  type ProbedConnector,
  type ProbeTopologyOptions,
  probeTopology,
} from "../probe/probe-topology.ts";
import { type MemberState, networkState, type Simulation, simulateTopology } from "../simulate/simulate-topology.ts";
import type { DrillMember, DrillReport } from "./drill-report.ts";

/** What a drill asks a probe for. */
export type ProbeRequest = Required<Pick<ProbeTopologyOptions, "connectors">> & Pick<ProbeTopologyOptions, "members">;

/** The fault of a drill, and how it is observed. */
export interface DrillTopologyOptions extends ProbeTopologyOptions {
  /** The hosts that fail. */
  readonly hosts: readonly string[];
  /** `kill` ends every process of the hosts; `cut` takes their links down while the processes live. */
  readonly fault: "kill" | "cut";
  /** Causes the fault. The drill goes on when it resolves, and fails when it rejects. */
  readonly strike: (host: string, members: readonly string[]) => Promise<void>;
  /** Undoes a cut; when left out, the drill ends with the link down. */
  readonly heal?: ((host: string, members: readonly string[]) => Promise<void>) | undefined;
  /** How long to wait for the predicted state, in ms; 60,000 when left out. */
  readonly patienceMs?: number | undefined;
  /** How long a cut is observed, in ms: no member may take over in that time; 10,000 when left out. */
  readonly holdMs?: number | undefined;
  /** Probes the network, if it cannot be reached from here; probeTopology when left out. */
  readonly probe?: ((what: ProbeRequest) => Promise<NetworkProbe>) | undefined;
  /** Called after every probe that finds connectors missing, with their number, while the drill waits for them. */
  readonly onMissing?: ((missing: readonly ProbedConnector[]) => void) | undefined;
}

type States = Readonly<Record<string, MemberState>>;

/** What was measured after the fault. */
interface Struck {
  readonly measured: States;
  readonly takeoverMs: number | undefined;
}

const PATIENCE_MS = 60_000;
const HOLD_MS = 10_000;
const POLL_MS = 100;

/**
 * Resolves with what happened. Rejects with INVALID_ARGUMENT for an unknown host, ABORTED when
 * `signal` fires, and with what `strike` or `heal` throws.
 */
export async function drillTopology(topology: Topology, options: DrillTopologyOptions): Promise<DrillReport> {
  try {
    return await new Drill(topology, options).run();
  } catch (reason) {
    if (options.signal?.aborted) throw new AbortError("The drill was aborted", options.signal.reason);
    throw reason;
  }
}

class Drill {
  readonly #topology: Topology;
  readonly #network: Network;
  readonly #options: DrillTopologyOptions;
  readonly #differences: string[] = [];

  constructor(topology: Topology, options: DrillTopologyOptions) {
    this.#topology = topology;
    this.#network = networkOf(topology);
    this.#options = options;
  }

  async run(): Promise<DrillReport> {
    const { hosts, fault } = this.#options;
    const before = await this.#probe(true);
    const predicted = this.#predict(before);
    const started = performance.now();
    const { measured, takeoverMs } = await this.#strike(predicted, started);
    const rows = this.#compare(before.members, predicted.members, measured);
    const healed = fault === "cut" && this.#options.heal ? await this.#heal(predicted, measured) : undefined;
    const waitsFrom = healed ? healed.startedAt : started;
    const isWhole = fault === "kill" || healed !== undefined;
    const connectors = isWhole
      ? await this.#connectorsBack(before, waitsFrom)
      : { missing: [], connectorsMs: undefined };
    return {
      ...networkState(this.#network, measured),
      fault,
      hosts,
      before: networkState(this.#network, before.members),
      predicted,
      rows,
      ...connectors,
      takeoverMs,
      healed: healed && { rows: healed.rows, recoveryMs: healed.recoveryMs },
      differences: this.#differences,
    };
  }

  /** Heals a cut even if observing it fails. */
  async #strike(predicted: Simulation, started: number): Promise<Struck> {
    const { fault, strike, heal } = this.#options;
    try {
      await this.#each(strike);
      return fault === "kill" ? await this.#afterKill(predicted, started) : await this.#duringCut(predicted);
    } catch (reason) {
      if (fault === "cut" && heal) await this.#each(heal);
      throw reason;
    }
  }

  #predict({ members }: NetworkProbe): Simulation {
    const { hosts, fault } = this.#options;
    const active = Object.fromEntries(
      [...this.#network.members.values()].flatMap(({ member, group }) =>
        members[member.name] === "active" ? [[group, member.name]] : [],
      ),
    );
    return simulateTopology(
      this.#topology,
      fault === "kill" ? { failedHosts: hosts, active } : { failedHosts: [], cutHosts: hosts, active },
    );
  }

  /** Waits until the network is as predicted, or until the time is up. */
  async #afterKill(predicted: Simulation, started: number): Promise<Struck> {
    const heirs = [...this.#network.members.values()]
      .filter(({ member, group }) => predicted.takenOver.includes(group) && predicted.members[member.name] !== "down")
      .map(({ member }) => member.name);
    const isServed = (members: States) => predicted.takenOver.every((group) => this.#isServed(group, members));
    // Members that may take over are probed alone first, because a dead host answers nothing and would delay every
    // result.
    const found = heirs.length > 0 ? await this.#until(started, isServed, heirs) : undefined;
    const takeoverMs = found && isServed(found) ? Math.round(performance.now() - started) : undefined;
    return { measured: await this.#until(started, (members) => isAs(predicted.members, members)), takeoverMs };
  }

  /** Observes for the whole time, because a member that takes over even briefly is a difference. */
  async #duringCut(predicted: Simulation): Promise<Struck> {
    const { holdMs = HOLD_MS } = this.#options;
    const started = performance.now();
    let measured: States = {};
    let settled = false;
    do {
      measured = this.#named((await this.#probe(false)).members);
      settled ||= isAs(predicted.members, measured);
      // The first answers may date from before the link was down.
      const tookOver = Object.keys(measured).filter(
        (name) => measured[name] === "active" && predicted.members[name] !== "active",
      );
      if (settled && tookOver.length > 0) break;
      await this.#pause();
    } while (performance.now() - started < holdMs);
    return { measured, takeoverMs: undefined };
  }

  async #heal(predicted: Simulation, cut: States) {
    const startedAt = performance.now();
    if (this.#options.heal) await this.#each(this.#options.heal);
    const members = await this.#until(startedAt, (found) => isAs(predicted.after.members, found));
    const rows = this.#compare(cut, predicted.after.members, members, " after the link was back");
    const recoveryMs = isAs(predicted.after.members, members) ? Math.round(performance.now() - startedAt) : undefined;
    return { startedAt, rows, recoveryMs };
  }

  /** Connectors that were up before must be up again between groups that have an active member. */
  async #connectorsBack({ connectors: before }: NetworkProbe, started: number) {
    const expected = before.filter(({ state }) => state === "up");
    const { patienceMs = PATIENCE_MS, onMissing } = this.#options;
    let missing: readonly ProbedConnector[] = expected;
    const asked = [...this.#network.members.values()].filter(({ member }) => !this.#isDead(member.host));
    const names = asked.map(({ member }) => member.name);
    while (expected.length > 0) {
      const { connectors, members } = await this.#probe(true, names);
      missing = connectors.filter(
        (each) => each.state === "down" && this.#joins(each, members) && expected.some((other) => isSame(each, other)),
      );
      if (missing.length === 0) return { missing, connectorsMs: Math.round(performance.now() - started) };
      if (performance.now() - started > patienceMs) break;
      onMissing?.(missing);
      await this.#pause();
    }
    for (const { name, from, to } of missing)
      this.#differences.push(`Connector ${name} from group ${from} to group ${to} should be there again and is not`);
    return { missing, connectorsMs: undefined };
  }

  #isDead(host: string): boolean {
    return this.#options.fault === "kill" && this.#options.hosts.includes(host);
  }

  /** Whether both groups have an active member, which a connector needs. */
  #joins({ from, to }: ProbedConnector, members: States): boolean {
    return this.#isServed(from, members) && this.#isServed(to, members);
  }

  #isServed(group: string, members: States): boolean {
    return this.#network.groups.get(group)?.members.some(({ name }) => members[name] === "active") ?? false;
  }

  #compare(before: States, predicted: States, measured: States, when = ""): DrillMember[] {
    return [...this.#network.members.values()].map(({ member: { name, host }, group }): DrillMember => {
      const state = (of: States) => of[name] ?? "unknown";
      const row = { before: state(before), predicted: state(predicted), measured: state(measured) };
      const agrees = row.predicted === row.measured;
      if (!agrees) this.#differences.push(`${name} should be ${row.predicted}${when} and is ${row.measured}`);
      return { member: name, group, host, ...row, agrees };
    });
  }

  async #until(started: number, done: (members: States) => boolean, only?: readonly string[]): Promise<States> {
    const { patienceMs = PATIENCE_MS } = this.#options;
    for (;;) {
      const { members } = await this.#probe(false, only);
      const named = this.#named(members);
      if (done(named) || performance.now() - started > patienceMs) return named;
      await this.#pause();
    }
  }

  /**
   * A probe cannot distinguish a killed member from a standby, or a cut-off host from a dead one. The drill knows which
   * it was.
   */
  #named(members: States): Record<string, MemberState> {
    const { hosts, fault } = this.#options;
    const named = { ...members };
    for (const { member } of this.#network.members.values()) {
      if (!hosts.includes(member.host)) continue;
      const state = named[member.name];
      if (fault === "kill" && (state === "standby" || state === "down")) named[member.name] = "down";
      if (fault === "cut" && state === "down") named[member.name] = "cut";
    }
    return named;
  }

  async #each(act: (host: string, members: readonly string[]) => Promise<void>): Promise<void> {
    const membersOn = (host: string) =>
      [...this.#network.members.values()].filter(({ member }) => member.host === host).map(({ member }) => member.name);
    await Promise.all(this.#options.hosts.map((host) => act(host, membersOn(host))));
  }

  async #probe(connectors: boolean, members?: readonly string[]): Promise<NetworkProbe> {
    const { probe = (asked) => probeTopology(this.#topology, { ...this.#options, ...asked }), signal } = this.#options;
    signal?.throwIfAborted();
    return probe({ connectors, members });
  }

  async #pause(): Promise<void> {
    await sleep(POLL_MS, undefined, this.#options.signal ? { signal: this.#options.signal } : {});
  }
}

function isSame(a: ProbedConnector, b: ProbedConnector): boolean {
  return a.name === b.name && a.from === b.from && a.to === b.to;
}

function isAs(predicted: States, found: States): boolean {
  return Object.entries(predicted).every(([name, state]) => found[name] === state);
}
