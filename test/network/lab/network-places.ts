/**
 * Where the hosts of a network of groups run: in network namespaces joined by a bridge, or on addresses of the loopback
 * network.
 */
import type { Host as DescribedHost, Topology } from "../../../src/topology/description/topology.ts";
import { NetworkClients } from "../../brokers/network-clients.ts";
import type { HostLink } from "../../brokers/topology-lab.ts";
import { onLoopback } from "../../brokers/topology-lab.ts";
import type { RunClients } from "../../brokers/topology-run.ts";
import { HostProgram } from "./host-program.ts";
import { createNetwork } from "./network.ts";
import type { NetworkClientsOperations } from "./network-clients-program.ts";
import { detectNetwork } from "./network-way.ts";

export interface NetworkPlaces {
  readonly kind: "namespaces" | "loopback";
  /** The same network with the addresses that its hosts have here. */
  readonly topology: Topology;
  /** The hosts by their names; empty on loopback, where no link can be taken down. */
  readonly links: ReadonlyMap<string, HostLink>;
  /** Where the clients run: in a host of their own if there are hosts. */
  startClients(): Promise<RunClients>;
  close(): Promise<void>;
}

/** Uses namespaces if this machine allows them, otherwise loopback. */
export async function networkPlaces(topology: Topology): Promise<NetworkPlaces> {
  const canMake = await detectNetwork().then(
    () => true,
    () => false,
  );
  return canMake ? inNamespaces(topology) : loopbackPlaces(topology);
}

export async function loopbackPlaces(described: Topology): Promise<NetworkPlaces> {
  const topology = await onLoopback(described);
  const startClients = async (): Promise<RunClients> => {
    const clients = new NetworkClients(topology);
    await clients.connect();
    return clients;
  };
  return { kind: "loopback", topology, links: new Map(), startClients, close: async () => {} };
}

/** Ports stay as described, because every host has its own address. */
export async function inNamespaces(described: Topology): Promise<NetworkPlaces> {
  const network = await createNetwork();
  try {
    const links = new Map<string, HostLink>();
    const hosts: Record<string, DescribedHost> = {};
    for (const [name, host] of Object.entries(described.hosts)) {
      const place = await network.host(name);
      links.set(name, place);
      hosts[name] = { ...host, address: place.address };
    }
    const topology: Topology = { ...described, hosts };
    const clientHost = await network.host("clients");
    const startClients = async (): Promise<RunClients> => {
      const program = new URL("./network-clients-program.ts", import.meta.url);
      const clients = await HostProgram.start<NetworkClientsOperations>(clientHost, program);
      await clients.call("connect", topology);
      return {
        seen: () => clients.call("seen"),
        notes: () => clients.call("notes"),
        probe: (what) => clients.call("probe", what),
        transfer: (from, to, count) => clients.call("transfer", from, to, count),
        close: () => clients.close(),
      };
    };
    return { kind: "namespaces", topology, links, startClients, close: () => network.close() };
  } catch (reason) {
    await network.close();
    throw reason;
  }
}
