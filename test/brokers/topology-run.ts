/** Runs a network of groups for real: a host dies, messages go on, and what happens is laid beside what was predicted. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../src/connect/stomp.ts";
import { networkOf } from "../../src/topology/network/network.ts";
import { planTopology } from "../../src/topology/plan/plan-topology.ts";
import { type MemberState, simulateTopology } from "../../src/topology/simulate/simulate-topology.ts";
import type { NetworkLab } from "./topology-lab.ts";

type Client = Awaited<ReturnType<typeof connect>>;
type States = Readonly<Record<string, MemberState>>;

/** One direction of a connector, as the broker at one end tells it. */
export interface SeenBridge {
  /** The group whose active member told it. */
  readonly at: string;
  /** The brokerName at the other end. */
  readonly to: string;
  readonly started: boolean;
  /** The other end opened the connection. */
  readonly createdByDuplex: boolean;
}

export interface FailureRun {
  readonly predicted: States;
  readonly measured: States;
  /** From the kill until every group had an active member. */
  readonly takeoverMs: number;
  /** From the kill until every connector was there again. */
  readonly linksBackMs: number;
}

const PATIENCE_MS = 60_000;
const POLL_MS = 50;

export class NetworkRun {
  readonly #lab: NetworkLab;
  readonly #clients = new Map<string, Client>();
  /** The newest advisory of each bridge, by the group that told it and the other end. */
  readonly #seen = new Map<string, SeenBridge>();

  constructor(lab: NetworkLab) {
    this.#lab = lab;
  }

  /** Connects a client of ours to every group and listens there to what the broker says of its bridges. */
  async connect(): Promise<void> {
    const { groups } = planTopology(this.#lab.topology);
    for (const [group, { uris }] of Object.entries(groups)) {
      const client = await connect(uris.stomp ?? "", { connectTimeoutMs: PATIENCE_MS });
      this.#clients.set(group, client);
      const advisories = client.consume("topic://ActiveMQ.Advisory.NetworkBridge");
      await advisories.ready;
      void advisories
        .run(async (message) => this.#note(group, message.properties, message.text()))
        .catch((reason) => console.error(`[network] advisories of ${group} ended: ${reason}`));
    }
  }

  /** Both ends of every connector, as the plan wants them. */
  planned(): SeenBridge[] {
    return networkOf(this.#lab.topology).connectors.flatMap(({ from, to, connector }) =>
      to.flatMap((target): SeenBridge[] => [
        { at: from, to: target, started: true, createdByDuplex: false },
        ...(connector.duplex ? [{ at: target, to: from, started: true, createdByDuplex: true }] : []),
      ]),
    );
  }

  /** What the brokers have told, sorted as planned() is after sorting. */
  seen(): SeenBridge[] {
    return [...this.#seen.values()].filter(({ started }) => started);
  }

  /** Resolves when the brokers tell of exactly the planned bridges; rejects with the difference otherwise. */
  async waitForLinks(): Promise<void> {
    const key = ({ at, to, createdByDuplex }: SeenBridge) => `${at}->${to}${createdByDuplex ? " (duplex)" : ""}`;
    const wanted = this.planned().map(key).sort().join(", ");
    await waitUntil(
      () => this.seen().map(key).sort().join(", ") === wanted,
      () => `The brokers' bridges are ${this.seen().map(key).sort().join(", ")}, planned are ${wanted}`,
    );
  }

  /** Sends messages at one group and receives them at another one. Resolves with how many arrived, each counted once. */
  async transfer(
    from: string,
    to: string,
    count: number,
    queue = `figure.${from}.${to}.${Date.now()}`,
  ): Promise<number> {
    const consumer = this.#client(to).consume(`queue://${queue}`);
    await consumer.ready;
    const found = new Set<string>();
    const done = consumer.run(async (message) => {
      found.add(message.text());
    });
    for (let number = 0; number < count; number += 1)
      await this.#client(from).send(`queue://${queue}`, `${queue} ${number}`);
    await waitUntil(
      () => found.size === count,
      () => `${found.size} of ${count} messages came from ${from} to ${to}`,
    );
    await consumer.close();
    await done;
    return found.size;
  }

  /** Kills a host; resolves when its groups have been taken over and the connectors are back. */
  async fail(host: string): Promise<FailureRun> {
    const { members: predicted } = simulateTopology(this.#lab.topology, { failedHosts: [host] });
    this.#seen.clear();
    const before = performance.now();
    await this.#lab.killHost(host);
    let measured: States = {};
    const groups = Object.keys(this.#lab.topology.groups).length;
    await waitUntil(
      async () => {
        measured = await this.#lab.states();
        return Object.values(measured).filter((state) => state === "active").length === groups;
      },
      () => `Active are ${JSON.stringify(measured)}`,
    );
    const takeoverMs = Math.round(performance.now() - before);
    await this.#rejoin();
    await this.waitForLinks();
    const linksBackMs = Math.round(performance.now() - before);
    return { predicted, measured: await this.#lab.states(), takeoverMs, linksBackMs };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close({ drainTimeoutMs: 0 })));
  }

  /** Asks every broker anew: a late watcher is told of every bridge there is, and bridges that stayed would be silent. */
  async #rejoin(): Promise<void> {
    for (const client of this.#clients.values()) await client.close({ drainTimeoutMs: 0 });
    this.#seen.clear();
    await this.connect();
  }

  #client(group: string): Client {
    const client = this.#clients.get(group);
    if (!client) throw new Error(`No client of group ${group}`);
    return client;
  }

  #note(at: string, properties: Readonly<Record<string, unknown>>, body: string): void {
    const { BrokerInfo = {} } = JSON.parse(body) as { readonly BrokerInfo?: { readonly brokerName?: string } };
    const bridge: SeenBridge = {
      at,
      to: BrokerInfo.brokerName ?? "?",
      started: String(properties["started"]) === "true",
      createdByDuplex: String(properties["createdByDuplex"]) === "true",
    };
    this.#seen.set(`${bridge.at} ${bridge.to} ${bridge.createdByDuplex}`, bridge);
  }
}

async function waitUntil(done: () => boolean | Promise<boolean>, problem: () => string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error(`Not within ${PATIENCE_MS} ms: ${problem()}`);
    await sleep(POLL_MS);
  }
}
