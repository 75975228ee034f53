/** A description with its defaults filled in and its connectors followed: what the checks, the plan and the simulation ask. */
import type { Connector, ConnectorKind, Group, Member, PortName, Product, Topology } from "../description/topology.ts";
import { type DiscoveryUri, readDiscoveryUri, type UriComponent } from "./discovery-uri.ts";

/** A member with its place. */
export interface PlacedMember {
  readonly member: Member;
  readonly group: string;
  /** In the group's list; 0 is the preferred master. */
  readonly index: number;
  readonly address: string;
}

/** A connector that was followed to its groups. */
export interface FollowedConnector {
  readonly connector: Connector;
  /** In the description's list. */
  readonly index: number;
  readonly kind: ConnectorKind;
  readonly from: string;
  /** The groups it reaches: one, unless its URI names members of several, or of none that is known. */
  readonly to: readonly string[];
  readonly uri: DiscoveryUri | undefined;
  /** The members its URI names, in its order; the target group's members in order where there is no URI. */
  readonly targets: readonly PlacedMember[];
  readonly messageTTL: number;
  readonly consumerTTL: number;
}

/** One direction in which messages flow. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly by: FollowedConnector;
}

export interface Network {
  readonly topology: Topology;
  readonly groups: ReadonlyMap<string, Group>;
  readonly members: ReadonlyMap<string, PlacedMember>;
  readonly connectors: readonly FollowedConnector[];
  readonly flows: readonly Flow[];
}

const DEFAULT_CAPACITY = 2;
/** A message crosses one connector unless more is allowed; both products have it so. */
const DEFAULT_TTL = 1;

export function networkOf(topology: Topology): Network {
  const groups = new Map(Object.entries(topology.groups));
  const placed = [...groups].flatMap(([group, { members }]) =>
    members.map((member, index): PlacedMember => {
      return { member, group, index, address: addressOf(topology, member.host) };
    }),
  );
  // Of two members with one name the first counts; DUPLICATE_NAME reports the second.
  const members = new Map(placed.toReversed().map((each) => [each.member.name, each]));
  const ordered = placed.filter((each) => members.get(each.member.name) === each);
  const byName = new Map(ordered.map((each) => [each.member.name, each]));
  const connectors = (topology.connectors ?? []).map((connector, index) => follow(connector, index, byName, groups));
  return { topology, groups, members: byName, connectors, flows: connectors.flatMap(flowsOf) };
}

function follow(
  connector: Connector,
  index: number,
  members: ReadonlyMap<string, PlacedMember>,
  groups: ReadonlyMap<string, Group>,
): FollowedConnector {
  const uri = connector.uri === undefined ? undefined : readDiscoveryUri(connector.uri);
  const named = uri?.components.flatMap((each) => memberAt(each, members) ?? []) ?? [];
  const wanted = (groups.get(connector.to ?? "")?.members ?? []).filter(
    ({ name }) => connector.targets === undefined || connector.targets.includes(name),
  );
  const planned = wanted.flatMap(({ name }) => members.get(name) ?? []);
  const targets = uri ? named : planned;
  const to = new Set(targets.map(({ group }) => group));
  if (connector.to !== undefined && to.size === 0) to.add(connector.to);
  const { networkTTL = DEFAULT_TTL } = connector;
  return {
    connector,
    index,
    kind: connector.kind ?? "network",
    from: connector.from,
    to: [...to],
    uri,
    targets,
    messageTTL: hops(connector.messageTTL ?? networkTTL),
    consumerTTL: hops(connector.consumerTTL ?? networkTTL),
  };
}

/** -1 stands for any number. */
function hops(ttl: number): number {
  return ttl < 0 ? Number.POSITIVE_INFINITY : ttl;
}

/** The member that listens at an address: by host and port, or by its own name as a host name, as containers have it. */
function memberAt({ host, port }: UriComponent, members: ReadonlyMap<string, PlacedMember>): PlacedMember | undefined {
  if (host === undefined) return undefined;
  const found = [...members.values()].filter(
    (each) => each.address === host || each.member.host === host || each.member.name === host,
  );
  const listens = (each: PlacedMember) => Object.values(each.member.ports).some((known) => known === port);
  return (
    found.find((each) => port !== undefined && listens(each)) ??
    (found.length === 1 ? portless(found[0], port) : undefined)
  );
}

/** A member whose ports nobody told is known by its host alone. */
function portless(found: PlacedMember | undefined, port: number | undefined): PlacedMember | undefined {
  if (!found) return undefined;
  return port === undefined || Object.keys(found.member.ports).length === 0 ? found : undefined;
}

function flowsOf(by: FollowedConnector): Flow[] {
  const { connector, from, kind } = by;
  return by.to.flatMap((to): Flow[] => {
    const there: Flow = { from, to, by };
    const back: Flow = { from: to, to: from, by };
    // A receiver draws messages in; the connection is opened by the side that gets them.
    if (kind === "receiver" || kind === "federation") return connector.duplex ? [back, there] : [back];
    return connector.duplex ? [there, back] : [there];
  });
}

/** Returns the flows that leave each group, by the group's name. */
export function outgoingFlows(flows: readonly Flow[]): Map<string, Flow[]> {
  const found = new Map<string, Flow[]>();
  for (const flow of flows) {
    const list = found.get(flow.from);
    if (list) list.push(flow);
    else found.set(flow.from, [flow]);
  }
  return found;
}

export function productOf(topology: Topology, group: string): Product {
  return topology.groups[group]?.product ?? topology.product ?? "classic";
}

/** The address of a host; the name itself for a host that the description does not have. */
export function addressOf({ hosts }: Topology, host: string): string {
  return hosts[host]?.address ?? host;
}

export function capacityOf(topology: Topology, host: string): number {
  return topology.hosts[host]?.capacity ?? DEFAULT_CAPACITY;
}

export function brokerNameOf(topology: Topology, group: string, member?: Member): string {
  return member?.brokerName ?? topology.groups[group]?.brokerName ?? group;
}

/** The brokerId that every member gets; undefined when each start makes a new one. */
export function brokerIdOf(topology: Topology, group: string): string | undefined {
  const { brokerId = `ID:${brokerNameOf(topology, group)}` } = topology.groups[group] ?? {};
  return brokerId === "random" ? undefined : brokerId;
}

export function connectorName(
  { connector, from, to, index }: FollowedConnector,
  all: readonly FollowedConnector[],
): string {
  if (connector.name !== undefined) return connector.name;
  const plain = `${from}-to-${to[0] ?? "nowhere"}`;
  const earlier = all.filter(
    (each) => each.index < index && each.connector.name === undefined && each.from === from && each.to[0] === to[0],
  );
  return earlier.length === 0 ? plain : `${plain}-${earlier.length + 1}`;
}

/** The port that other brokers connect to, with its scheme. */
export function brokerPort(
  member: Member,
  product: Product,
): { readonly scheme: string; readonly port: number } | undefined {
  const order: readonly PortName[] = product === "artemis" ? ["core", "openwire"] : ["openwire", "openwire+ssl"];
  for (const name of order) {
    const port = member.ports[name];
    if (port !== undefined) return { scheme: SCHEMES[name], port };
  }
  return undefined;
}

/** The scheme by which each acceptor is reached. */
export const SCHEMES: Readonly<Record<PortName, string>> = {
  openwire: "tcp",
  "openwire+ssl": "ssl",
  core: "tcp",
  stomp: "stomp",
  "stomp+ssl": "stomp+ssl",
  amqp: "amqp",
  amqps: "amqps",
  mqtt: "mqtt",
  ws: "ws",
  http: "http",
};
