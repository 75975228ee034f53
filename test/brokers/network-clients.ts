/**
 * Our clients in a network of groups, one for each group. They send and receive messages, read the brokers' advisories,
 * and report which member is active.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../src/connect/stomp.ts";
import type { Topology } from "../../src/topology/description/topology.ts";
import type { ProbeRequest } from "../../src/topology/drill/drill-topology.ts";
import { planTopology } from "../../src/topology/plan/plan-topology.ts";
import { type NetworkProbe, probeTopology } from "../../src/topology/probe/probe-topology.ts";

type Client = Awaited<ReturnType<typeof connect>>;

/** One direction of a connector, as reported by the broker at one end. */
export interface SeenBridge {
  /** The group whose active member reported it. */
  readonly at: string;
  /** The brokerName at the other end. */
  readonly to: string;
  readonly started: boolean;
  /** Whether the other end opened the connection. */
  readonly createdByDuplex: boolean;
}

/** An event of a client's connection. */
export interface ClientNote {
  readonly group: string;
  readonly event: "interrupted" | "restored";
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Why the connection was interrupted, or where it is connected now. */
  readonly detail: string;
}

const PATIENCE_MS = 120_000;
/** A busy machine needs seconds for sixteen simultaneous handshakes. */
const PROBE_TIMEOUT_MS = 5_000;

export class NetworkClients {
  readonly #topology: Topology;
  readonly #clients = new Map<string, Client>();
  /** The newest advisory of each bridge, by the reporting group and the other end. */
  readonly #seen = new Map<string, SeenBridge>();
  readonly #notes: ClientNote[] = [];

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  /** Connects a client to every group and subscribes there to the broker's advisories about its bridges. */
  async connect(): Promise<void> {
    const { groups } = planTopology(this.#topology);
    for (const [group, { uris }] of Object.entries(groups)) {
      const client = await connect(uris.stomp ?? "", { connectTimeoutMs: PATIENCE_MS });
      this.#clients.set(group, client);
      const note = (event: ClientNote["event"], detail: string) =>
        this.#notes.push({ group, event, atMs: Date.now(), detail });
      client.on("interrupted", ({ cause }) => note("interrupted", `${cause.code}: ${cause.message}`));
      client.on("restored", ({ endpoint }) => note("restored", `${endpoint.host}:${endpoint.port}`));
      const advisories = client.consume("topic://ActiveMQ.Advisory.NetworkBridge");
      await advisories.ready;
      void advisories
        .run(async (message) => this.#note(group, message.properties, message.text()))
        .catch((reason) => console.error(`[network] advisories of ${group} ended: ${reason}`));
    }
    // The first probe loads the adapter; that time must not count as the brokers' silence.
    await this.probe();
  }

  /** The bridges that the brokers have reported. */
  seen(): SeenBridge[] {
    return [...this.#seen.values()].filter(({ started }) => started);
  }

  /** The events of the clients since they connected. */
  notes(): ClientNote[] {
    return this.#notes;
  }

  probe(what: ProbeRequest = { connectors: true }): Promise<NetworkProbe> {
    return probeTopology(this.#topology, { ...what, timeoutMs: PROBE_TIMEOUT_MS });
  }

  /** Sends messages at one group and receives them at another. Resolves with how many arrived, each counted once. */
  async transfer(from: string, to: string, count: number): Promise<number> {
    const queue = `figure.${from}.${to}.${Date.now()}`;
    const consumer = this.#client(to).consume(`queue://${queue}`);
    await consumer.ready;
    const found = new Set<string>();
    const done = consumer.run(async (message) => {
      found.add(message.text());
    });
    for (let number = 0; number < count; number += 1)
      await this.#client(from).send(`queue://${queue}`, `${queue} ${number}`);
    const deadline = performance.now() + PATIENCE_MS;
    while (found.size < count) {
      if (performance.now() > deadline)
        throw new Error(`${found.size} of ${count} messages came from ${from} to ${to}`);
      await sleep(20);
    }
    await consumer.close();
    await done;
    return found.size;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close({ drainTimeoutMs: 0 })));
    this.#clients.clear();
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
