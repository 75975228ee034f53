/** Rules about where messages can get, and whether they can come back. */

import { listsOverlap } from "../network/destinations.ts";
import type { Flow, FollowedConnector, Network } from "../network/network.ts";
import { brokerIdOf } from "../network/network.ts";
import { hopsOf, reachOf } from "../network/reach.ts";
import { listed, type Rule } from "./rule.ts";

const THREE = `hosts: { h1: { address: 10.0.0.1 }, h2: { address: 10.0.0.2 }, h3: { address: 10.0.0.3 } }
groups:
  A:
    members:
      - { name: a1, host: h1, ports: { openwire: 61616 } }
      - { name: a2, host: h2, ports: { openwire: 61616 } }
  B:
    members:
      - { name: b1, host: h2, ports: { openwire: 61617 } }
      - { name: b2, host: h3, ports: { openwire: 61617 } }
  C:
    members:
      - { name: c1, host: h3, ports: { openwire: 61618 } }
      - { name: c2, host: h1, ports: { openwire: 61618 } }`;

const ARTEMIS_PAIR = `product: artemis
groups:
  A:
    members:
      - { name: a1, host: h1, ports: { core: 61616 } }
      - { name: a2, host: h2, ports: { core: 61616 } }
  B:
    members:
      - { name: b1, host: h2, ports: { core: 61617 } }
      - { name: b2, host: h1, ports: { core: 61617 } }`;

const ttlTooSmall: Rule = {
  code: "TTL_TOO_SMALL",
  severity: "warning",
  condition:
    "Connectors lead from one group to another, but messages or the news of consumers may cross fewer of them.",
  source:
    "Classic's NetworkBridgeFilter stops a message after messageTTL connectors, and its demand after consumerTTL; both are 1 by default",
  bad: `${THREE}
connectors:
  - { from: A, to: B, duplex: true }
  - { from: B, to: C, duplex: true }`,
  good: `${THREE}
connectors:
  - { from: A, to: B, duplex: true, networkTTL: 2 }
  - { from: B, to: C, duplex: true, networkTTL: 2 }`,
  *find(network) {
    const reach = reachOf(network);
    for (const [from, far] of hopsOf(network)) {
      const missing = [...far].filter(([to]) => !reach.get(from)?.has(to));
      if (missing.length === 0) continue;
      const first = network.flows.find((flow) => flow.from === from);
      const needed = Math.max(...missing.map(([, hops]) => hops));
      yield {
        path: ["connectors", first?.by.index ?? 0],
        message: `Messages from group ${from} do not get to ${listed(missing.map(([to]) => to))}, which ${missing.length === 1 ? "is" : "are"} up to ${needed} connectors away`,
        advice: `Set networkTTL to ${needed} on the connectors between them, or connect the groups directly`,
      };
    }
  },
};

const oneWayIsland: Rule = {
  code: "ONE_WAY_ISLAND",
  severity: "warning",
  condition: "A group gets messages from the network but cannot send any back, or sends and never gets any.",
  source:
    'A connector of Classic moves messages from the group that has it to the other one, and back with duplex="true" only',
  bad: `${THREE}
connectors:
  - { from: A, to: B, duplex: true, networkTTL: 2 }
  - { from: A, to: C, networkTTL: 2 }`,
  good: `${THREE}
connectors:
  - { from: A, to: B, duplex: true, networkTTL: 2 }
  - { from: A, to: C, duplex: true, networkTTL: 2 }`,
  consequences: ["TTL_TOO_SMALL"],
  *find(network) {
    const linked = network.flows.filter(({ from, to }) => from !== to);
    const hasReturn = linked.some(({ from, to }) => linked.some((other) => other.from === to && other.to === from));
    // A network all of whose connectors lead one way is meant so: a chain, or a tree that collects.
    if (!hasReturn) return;
    for (const name of network.groups.keys()) {
      const out = linked.find(({ from }) => from === name);
      const back = linked.find(({ to }) => to === name);
      const only = out ?? back;
      if (!only || (out && back)) continue;
      yield {
        path: ["connectors", only.by.index],
        message: `Group ${name} ${out ? "sends to the network and gets nothing from it" : "gets messages from the network and cannot send any to it"}`,
        advice: "Add duplex: true, or a connector the other way",
      };
    }
  },
};

const loop: Rule = {
  code: "LOOP",
  severity: "error",
  condition:
    "Messages of one destination can come back to the group they started from, and nothing stops them. A ring with a time to live is no loop.",
  source:
    "Artemis bridges and AMQP senders count no hops; Classic stops a message by its TTL, or by brokerIds, which do not help when they are random",
  bad: `${ARTEMIS_PAIR}
connectors:
  - { from: A, to: B, kind: core-bridge, include: ["queue://orders"] }
  - { from: B, to: A, kind: core-bridge, include: ["queue://orders"] }`,
  good: `${ARTEMIS_PAIR}
connectors:
  - { from: A, to: B, kind: core-bridge, include: ["queue://orders"] }
  - { from: B, to: A, kind: core-bridge, include: ["queue://answers"] }`,
  *find(network) {
    const unstopped = network.flows.filter((flow) => flow.from !== flow.to && nothingStops(network, flow));
    for (const circle of circles(unstopped)) {
      const groups = circle.map(({ from }) => from);
      yield {
        path: ["connectors", Math.max(...circle.map(({ by }) => by.index))],
        message: `Messages go round ${[...groups, groups[0]].join(" -> ")}, and nothing stops them`,
        advice:
          "Take one of the connectors away, give them destinations of their own, or use connectors with a time to live",
      };
    }
  },
};

const mixedLoop: Rule = {
  code: "MIXED_LOOP",
  severity: "error",
  condition:
    "A circle of connectors is closed by one of another kind: neither sees the path that the other one has kept.",
  source:
    "Classic's brokerPath ends where a client takes the message, and the path of this package's bridge is unknown to brokers",
  bad: `connectors:
  - { from: A, to: B, include: ["queue://orders"] }
  - { from: B, to: A, kind: bridge, include: ["queue://orders"] }`,
  good: `connectors:
  - { from: A, to: B, include: ["queue://orders"] }
  - { from: B, to: A, kind: bridge, include: ["queue://answers"] }`,
  *find({ flows }) {
    const linked = flows.filter(({ from, to }) => from !== to);
    if (new Set(linked.map(({ by }) => by.kind)).size < 2) return;
    for (const circle of circles(linked, (edges) => new Set(edges.map(({ by }) => by.kind)).size > 1)) {
      const groups = circle.map(({ from }) => from);
      const kinds = [...new Set(circle.map(({ by }) => by.kind))];
      yield {
        path: ["connectors", Math.max(...circle.map(({ by }) => by.index))],
        message: `Messages can go round ${[...groups, groups[0]].join(" -> ")} by connectors of the kinds ${listed(kinds)}`,
        advice: "Use one kind on the whole circle, or give the connectors destinations of their own",
      };
    }
  },
};

function nothingStops({ topology }: Network, { to, by }: Flow): boolean {
  if (by.kind === "core-bridge" || by.kind === "sender" || by.kind === "receiver") return true;
  return by.kind === "network" && by.messageTTL === Number.POSITIVE_INFINITY && brokerIdOf(topology, to) === undefined;
}

/**
 * The shortest circle through each connector whose destinations can be the same all the way, each set of connectors once.
 * The way back is looked for among connectors that share a destination with the first one.
 */
function circles(flows: readonly Flow[], wanted: (circle: readonly Flow[]) => boolean = () => true): Flow[][] {
  const found = new Map<string, Flow[]>();
  for (const flow of flows) {
    const shared = flows.filter(({ by }) => listsOverlap(destinationsOf(flow.by), destinationsOf(by)));
    // A circle of two kinds: first by a way back that has the other kind, where there is one.
    const others = shared.filter(({ by }) => by.kind !== flow.by.kind);
    const circle = [others, shared]
      .map((edges) => wayBack(flow, edges))
      .find((each) => each !== undefined && wanted(each));
    if (circle)
      found.set(
        circle
          .map(({ by }) => by.index)
          .sort()
          .join(),
        circle,
      );
  }
  return [...found.values()];
}

function wayBack(start: Flow, edges: readonly Flow[]): Flow[] | undefined {
  const cameBy = new Map<string, Flow>();
  const outgoing = new Map<string, Flow[]>();
  for (const edge of edges)
    outgoing
      .set(edge.from, outgoing.get(edge.from) ?? [])
      .get(edge.from)
      ?.push(edge);
  const queue = [start.to];
  for (let at = 0; at < queue.length; at += 1)
    for (const edge of outgoing.get(queue[at] ?? "") ?? []) {
      if (cameBy.has(edge.to)) continue;
      cameBy.set(edge.to, edge);
      queue.push(edge.to);
    }
  const way: Flow[] = [];
  for (let group = start.from; group !== start.to; ) {
    const edge = cameBy.get(group);
    if (!edge) return undefined;
    way.unshift(edge);
    group = edge.from;
  }
  return [start, ...way];
}

function destinationsOf({ connector }: FollowedConnector): readonly string[] {
  return [...(connector.include ?? []), ...(connector.static ?? [])];
}

export const PATH_RULES: readonly Rule[] = [ttlTooSmall, oneWayIsland, loop, mixedLoop];
