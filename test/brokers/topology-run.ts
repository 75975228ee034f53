/** Runs a real network of groups: a host dies or is cut off, and the outcome is compared with the prediction. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DrillReport } from "../../src/topology/drill/drill-report.ts";
import { drillTopology, type ProbeRequest } from "../../src/topology/drill/drill-topology.ts";
import { networkOf } from "../../src/topology/network/network.ts";
import type { ProbedConnector } from "../../src/topology/probe/probe-topology.ts";
import { ConnectorWatchdog } from "./connector-watchdog.ts";
import type { ClientNote, NetworkClients, SeenBridge } from "./network-clients.ts";
import type { NetworkLab } from "./topology-lab.ts";

/** The clients: in this process, or in a host of their own. */
export type RunClients = {
  readonly [Name in "seen" | "notes" | "probe" | "transfer" | "close"]: (
    ...args: Parameters<NetworkClients[Name]>
  ) => ReturnType<NetworkClients[Name]> | Promise<Awaited<ReturnType<NetworkClients[Name]>>>;
};

const PATIENCE_MS = 120_000;
const POLL_MS = 100;
/**
 * Every client notices a loss within 10.5 s of the last bytes it received. The link comes back only after all have
 * noticed.
 */
const HOLD_MS = 12_000;

export interface CutRun {
  readonly report: DrillReport;
  /** Messages sent at a group while it was cut off, and received elsewhere after it was back. */
  readonly sent: number;
  readonly received: number;
  /** The events of our clients, from the cut on. */
  readonly notes: readonly ClientNote[];
}

export class NetworkRun {
  readonly #lab: NetworkLab;
  readonly #clients: RunClients;
  readonly watchdog: ConnectorWatchdog;

  constructor(lab: NetworkLab, clients: RunClients) {
    this.#lab = lab;
    this.#clients = clients;
    this.watchdog = new ConnectorWatchdog(({ from }) => {
      void lab.restartActive(from).catch((reason) => console.error(`[network] restarting ${from}: ${reason}`));
    });
  }

  /** Both ends of every connector that the plan has. */
  planned(): SeenBridge[] {
    return networkOf(this.#lab.topology).connectors.flatMap(({ from, to, connector }) =>
      to.flatMap((target): SeenBridge[] => [
        { at: from, to: target, started: true, createdByDuplex: false },
        ...(connector.duplex ? [{ at: target, to: from, started: true, createdByDuplex: true }] : []),
      ]),
    );
  }

  seen(): Promise<SeenBridge[]> {
    return Promise.resolve(this.#clients.seen());
  }

  transfer(from: string, to: string, count: number): Promise<number> {
    return Promise.resolve(this.#clients.transfer(from, to, count));
  }

  /** Resolves when the brokers report exactly the planned bridges; rejects with the difference if they never do. */
  async waitForLinks(): Promise<void> {
    const key = ({ at, to, createdByDuplex }: SeenBridge) => `${at}->${to}${createdByDuplex ? " (duplex)" : ""}`;
    const wanted = this.planned().map(key).sort();
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const seen = (await this.#clients.seen()).map(key).sort();
      if (seen.join() === wanted.join()) return;
      if (performance.now() > deadline)
        throw new Error(
          `Not within ${PATIENCE_MS} ms: the brokers' bridges are ${seen.join(", ")}, planned are ${wanted.join(", ")}`,
        );
      this.watchdog.note(this.#missing(seen), performance.now());
      await sleep(POLL_MS);
    }
  }

  /** Kills every process of a host, then takes its link down. */
  kill(host: string): Promise<DrillReport> {
    return drillTopology(this.#lab.topology, {
      hosts: [host],
      fault: "kill",
      strike: (struck) => this.#lab.killHost(struck),
      ...this.#watching(),
    });
  }

  /** Takes a host's link down while its processes live, and up again. Meanwhile messages are sent at a group on it. */
  async cut(host: string, from: string, to: string, count: number): Promise<CutRun> {
    const before = (await this.#clients.notes()).length;
    const stranded = await this.#servedBy(host);
    // The last event of each client whose group is cut off.
    const allSay = async (event: ClientNote["event"]) => {
      const notes = (await this.#clients.notes()).slice(before).toReversed();
      return stranded.every((group) => notes.find((note) => note.group === group)?.event === event);
    };
    let transferred: Promise<number> = Promise.resolve(0);
    const report = await drillTopology(this.#lab.topology, {
      hosts: [host],
      fault: "cut",
      holdMs: HOLD_MS,
      strike: async (struck) => {
        await this.#lab.cutHost(struck);
        transferred = this.transfer(from, to, count);
        // Awaited below, after the drill, which may fail first.
        transferred.catch(() => {});
      },
      heal: async (struck) => {
        await this.#waitFor(() => allSay("interrupted"), "Not every client noticed that its group is cut off");
        await this.#lab.healHost(struck);
      },
      ...this.#watching(),
    });
    const received = await transferred;
    await this.#waitFor(() => allSay("restored"), "Not every client was back after the link was");
    return { report, sent: count, received, notes: (await this.#clients.notes()).slice(before) };
  }

  async close(): Promise<void> {
    await this.#clients.close();
  }

  /** The groups whose active member is on a host. */
  async #servedBy(host: string): Promise<string[]> {
    const { members } = await this.#clients.probe({ connectors: false });
    const placed = [...networkOf(this.#lab.topology).members.values()];
    return placed
      .filter(({ member }) => member.host === host && members[member.name] === "active")
      .map(({ group }) => group);
  }

  async #waitFor(done: () => Promise<boolean>, problem: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await done())) {
      if (performance.now() > deadline) throw new Error(`${problem} within ${PATIENCE_MS} ms`);
      await sleep(POLL_MS);
    }
  }

  #watching() {
    return {
      patienceMs: PATIENCE_MS,
      probe: async (what: ProbeRequest) => this.#clients.probe(what),
      onMissing: (missing: readonly ProbedConnector[]) => this.watchdog.note(missing, performance.now()),
    };
  }

  #missing(seen: readonly string[]): ProbedConnector[] {
    return this.planned()
      .filter(({ at, to, createdByDuplex }) => !createdByDuplex && !seen.includes(`${at}->${to}`))
      .map(({ at, to }) => ({ name: `${at}-to-${to}`, from: at, to, state: "down" }));
  }
}
