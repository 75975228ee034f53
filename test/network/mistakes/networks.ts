/** The small networks in which mistakes are made: two groups of one or two members, over two hosts. */
import type { Connector, Group, Member, Topology } from "../../../src/topology/description/topology.ts";
import { freePorts } from "../../brokers/free-ports.ts";

const PORTS = { openwire: 1, stomp: 1, amqp: 1 } as const;

function member(name: string, host: string): Member {
  return { name, host, ports: PORTS };
}

/** Groups A and B of one member each. */
export function twoBrokers(
  connectors: readonly Connector[],
  ofA: Partial<Group> = {},
  ofB: Partial<Group> = {},
): Topology {
  return networkOf(
    { A: { members: [member("a1", "h1")], ...ofA }, B: { members: [member("b1", "h2")], ...ofB } },
    connectors,
  );
}

/** A group A of one member and a group B of two. */
export function brokerAndPair(connectors: readonly Connector[]): Topology {
  return networkOf(
    { A: { members: [member("a1", "h2")] }, B: { members: [member("b1", "h1"), member("b2", "h2")] } },
    connectors,
  );
}

/** A group A of two members and a group B of one. */
export function pairAndBroker(connectors: readonly Connector[], ofA: Partial<Group> = {}): Topology {
  return networkOf(
    { A: { members: [member("a1", "h1"), member("a2", "h2")], ...ofA }, B: { members: [member("b1", "h2")] } },
    connectors,
  );
}

/** Three groups of one member each. */
export function threeBrokers(connectors: readonly Connector[]): Topology {
  const groups = Object.fromEntries(
    ["A", "B", "C"].map((name) => [name, { members: [member(`${name.toLowerCase()}1`, "h1")] }]),
  );
  return networkOf(groups, connectors);
}

function networkOf(groups: Topology["groups"], connectors: readonly Connector[]): Topology {
  return {
    product: "classic",
    hosts: { h1: { address: "127.0.0.1" }, h2: { address: "127.0.0.2" } },
    groups,
    connectors,
  };
}

/** The same for Artemis, whose brokers are reached by a port of their own. */
export function onArtemis(topology: Topology): Topology {
  const groups = Object.entries(topology.groups).map(([name, group]) => {
    const members = group.members.map((each) => ({ ...each, ports: { core: 1, stomp: 1, amqp: 1 } }));
    return [name, { ...group, members }] as const;
  });
  return { ...topology, product: "artemis", groups: Object.fromEntries(groups) };
}

/**
 * Gives every acceptor a free port, and replaces the placeholders in URIs: `{b1}` becomes the member's host:port (of
 * AMQP on Artemis), and `{b1.port}` only the port.
 */
export async function withFreePorts(topology: Topology): Promise<Topology> {
  const all = Object.values(topology.groups).flatMap(({ members }) => members);
  const free = await freePorts(all.reduce((count, { ports }) => count + Object.keys(ports).length, 0));
  const groups = Object.entries(topology.groups).map(([name, group]) => {
    const members = group.members.map((each) => {
      return { ...each, ports: Object.fromEntries(Object.keys(each.ports).map((port) => [port, free.pop() ?? 0])) };
    });
    return [name, { ...group, members }] as const;
  });
  const placed = groups.flatMap(([, { members }]) => members);
  const addressOf = (name: string) => {
    const found = placed.find((each) => each.name === name);
    if (!found) throw new Error(`There is no member ${name}`);
    const ports = found.ports as Member["ports"];
    return `${topology.hosts[found.host]?.address}:${topology.product === "artemis" ? ports.amqp : ports.openwire}`;
  };
  const connectors = topology.connectors?.map((connector) => {
    const uri = connector.uri
      ?.replace(/\{(\w+)\.port\}/g, (_all, name: string) => addressOf(name).split(":")[1] ?? "")
      .replace(/\{(\w+)\}/g, (_all, name: string) => addressOf(name));
    return uri === undefined ? connector : { ...connector, uri };
  });
  return { ...topology, groups: Object.fromEntries(groups), connectors };
}
