/** Rules about where messages can get, and whether they can come back. */

import type { ConfigPath } from "../../config/finding.ts";
import { type Circle, circlesOf } from "../network/circles.ts";
import type { Flow, Network } from "../network/network.ts";
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
    // A network whose connectors all lead one way is intended: a chain, or a tree that collects.
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
    for (const circle of circlesOf(unstopped)) {
      yield {
        path: lastOf(circle),
        message: `Messages of ${circle.destination} go round ${wayOf(circle)}, and nothing stops them`,
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
    for (const circle of circlesOf(linked, { mixed: true })) {
      const kinds = [...new Set(circle.flows.map(({ by }) => by.kind))];
      yield {
        path: lastOf(circle),
        message: `Messages of ${circle.destination} can go round ${wayOf(circle)} by connectors of the kinds ${listed(kinds)}`,
        advice: "Use one kind on the whole circle, or give the connectors destinations of their own",
      };
    }
  },
};

function nothingStops({ topology }: Network, { to, by }: Flow): boolean {
  if (by.kind === "core-bridge" || by.kind === "sender" || by.kind === "receiver") return true;
  return by.kind === "network" && by.messageTTL === Number.POSITIVE_INFINITY && brokerIdOf(topology, to) === undefined;
}

/** The position of a finding about a circle: the connector that is described last, which closes it. */
function lastOf({ flows }: Circle): ConfigPath {
  return ["connectors", Math.max(...flows.map(({ by }) => by.index))];
}

function wayOf({ flows }: Circle): string {
  return [...flows.map(({ from }) => from), flows[0]?.from].join(" -> ");
}

export const PATH_RULES: readonly Rule[] = [ttlTooSmall, oneWayIsland, loop, mixedLoop];
