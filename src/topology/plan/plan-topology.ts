/** Plans the configuration of clients and brokers: the URI of each group, and the connectors of each broker. */

import type { ConnectorKind, Group, PortName, Topology } from "../description/topology.ts";
import {
  addressOf,
  connectorName,
  type FollowedConnector,
  type Network,
  networkOf,
  productOf,
  SCHEMES,
} from "../network/network.ts";
import { connectorUri } from "./connector-uri.ts";

/** How the clients of a group reach it. */
export interface GroupPlan {
  /** By protocol: `masterslave:(…)` with the preferred master first, or the plain address of a group of one. */
  readonly uris: Readonly<Partial<Record<PortName, string>>>;
}

/** One connector of a broker. */
export interface ConnectorPlan {
  /** Unique among the connectors of its group. */
  readonly name: string;
  /** The URI for the broker's configuration. */
  readonly uri: string;
  /** The group it leads to; undefined when its URI names no known member. */
  readonly to: string | undefined;
  /** How the messages are moved. */
  readonly kind: ConnectorKind;
  /** Messages flow both ways over the one connection. */
  readonly duplex: boolean;
}

/** The configuration of one broker. */
export interface BrokerPlan {
  /** The group it is a member of. */
  readonly group: string;
  /** Every member of every other group, never one of its own: Figures 4.1 and 4.2. */
  readonly mayConnectTo: readonly string[];
  /** In the order of the description. */
  readonly connectors: readonly ConnectorPlan[];
}

/** The plan of a network. */
export interface TopologyPlan {
  /** By the group's name. */
  readonly groups: Readonly<Record<string, GroupPlan>>;
  /** By the member's name. */
  readonly brokers: Readonly<Record<string, BrokerPlan>>;
  /** The files of this package's bridge that the description needs: their names, and the connectors in each. */
  readonly bridges: Readonly<Record<string, readonly string[]>>;
}

/** Returns the plan of a description. Never throws. */
export function planTopology(topology: Topology): TopologyPlan {
  const network = networkOf(topology);
  const groups = Object.entries(topology.groups).map(
    ([name, group]) => [name, { uris: urisOf(topology, group) }] as const,
  );
  const brokers = [...network.members.values()].map(
    ({ member, group }) => [member.name, brokerPlan(network, member.name, group)] as const,
  );
  const bridged = network.connectors.filter(({ kind }) => kind === "bridge");
  return {
    groups: Object.fromEntries(groups),
    brokers: Object.fromEntries(brokers),
    bridges:
      bridged.length === 0 ? {} : { "bridge.yaml": bridged.map((each) => connectorName(each, network.connectors)) },
  };
}

/** The URI of a group by each protocol that any of its members speaks. */
function urisOf(topology: Topology, { members }: Group): Partial<Record<PortName, string>> {
  const uris: Partial<Record<PortName, string>> = {};
  for (const protocol of Object.keys(SCHEMES) as PortName[]) {
    const addresses = members.flatMap(({ ports, host }) => {
      const port = ports[protocol];
      return port === undefined ? [] : [`${SCHEMES[protocol]}://${bracketed(addressOf(topology, host))}:${port}`];
    });
    if (addresses.length === 1) uris[protocol] = addresses[0] ?? "";
    else if (addresses.length > 1) uris[protocol] = `masterslave:(${addresses.join(",")})`;
  }
  return uris;
}

export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function brokerPlan(network: Network, name: string, group: string): BrokerPlan {
  const others = [...network.members.values()].filter((each) => each.group !== group);
  return {
    group,
    mayConnectTo: others.map(({ member }) => member.name),
    connectors: connectorsOf(network, name, group).map((each) => connectorPlan(network, each)),
  };
}

/** The connectors in one broker's own configuration. */
export function connectorsOf(network: Network, name: string, group: string): FollowedConnector[] {
  return network.connectors.filter(
    ({ from, kind, connector }) =>
      from === group && kind !== "bridge" && (connector.members === undefined || connector.members.includes(name)),
  );
}

function connectorPlan(network: Network, each: FollowedConnector): ConnectorPlan {
  return {
    name: connectorName(each, network.connectors),
    uri: connectorUri(each, productOf(network.topology, each.from)),
    to: each.to[0],
    kind: each.kind,
    duplex: each.connector.duplex ?? false,
  };
}
