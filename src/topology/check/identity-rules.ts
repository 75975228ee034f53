/** Rules about names and ids: how brokers identify each other, before and after a takeover. */
import { brokerIdOf, brokerNameOf, connectorName, type Network, productOf } from "../network/network.ts";
import { groupA, listed, type Rule } from "./rule.ts";

const PAIR = ["name: a1, host: h1, ports: { openwire: 61616 }", "name: a2, host: h2, ports: { openwire: 61616 }"];

const duplicateName: Rule = {
  code: "DUPLICATE_NAME",
  severity: "error",
  condition: "Two members have one name, or two groups one brokerName.",
  source: "Classic names network subscriptions and loops by brokerName; two brokers of one name take each other's",
  bad: groupA(PAIR[0] ?? "", "name: a1, host: h2, ports: { openwire: 61616 }"),
  good: groupA(...PAIR),
  *find({ topology, groups }) {
    const members = new Set<string>();
    const brokers = new Map<string, string>();
    for (const [group, each] of groups) {
      for (const [index, { name }] of each.members.entries()) {
        if (members.has(name))
          yield {
            path: ["groups", group, "members", index, "name"],
            message: `Another member is called ${name} as well`,
            advice: "Give each member a name of its own",
          };
        members.add(name);
      }
      for (const name of new Set(each.members.map((member) => brokerNameOf(topology, group, member)))) {
        const other = brokers.get(name);
        if (other !== undefined)
          yield {
            path: ["groups", group, "brokerName"],
            message: `Groups ${other} and ${group} both have the brokerName ${name}`,
            advice: "Give each group a brokerName of its own, the same for all its members",
          };
        brokers.set(name, group);
      }
    }
  },
};

const duplicateNameToPeer: Rule = {
  code: "DUPLICATE_NAME_TO_PEER",
  severity: "error",
  condition: "Two connectors of a group to one peer have the same name, so that their client ids collide.",
  source: "Classic's client ids are <connector>_<broker>_outbound (measured on 6.1.8): the peer refuses the second",
  bad: `connectors:
  - { from: A, to: B, name: link, include: ["queue://a.>"] }
  - { from: A, to: B, name: link, include: ["queue://b.>"] }`,
  good: `connectors:
  - { from: A, to: B, name: link-a, include: ["queue://a.>"] }
  - { from: A, to: B, name: link-b, include: ["queue://b.>"] }`,
  *find({ connectors }) {
    const seen = new Map<string, string[]>();
    for (const each of connectors) {
      if (each.kind !== "network") continue;
      const name = connectorName(each, connectors);
      for (const to of each.to) {
        const key = JSON.stringify([each.from, to, name]);
        const owners = each.connector.members ?? ["*"];
        const before = seen.get(key) ?? [];
        if (before.some((owner) => owner === "*" || owners.includes("*") || owners.includes(owner)))
          yield {
            path: ["connectors", each.index],
            message: `Two connectors from ${each.from} to ${to} are called ${name}`,
            advice: "Give each connector to a peer a name of its own",
          };
        seen.set(key, [...before, ...owners]);
      }
    }
  },
};

const differentBrokerNames: Rule = {
  code: "DIFFERENT_BROKER_NAMES_IN_GROUP",
  severity: "error",
  condition: "The members of a group have different brokerNames, and a connector touches the group.",
  source: "Measured on Classic 6.1.8: a durable subscriber behind the network lost 5 of 15 messages at a takeover",
  bad: `groups:
  A:
    members:
      - { name: a1, host: h1, ports: { openwire: 61616 }, brokerName: a1 }
      - { name: a2, host: h2, ports: { openwire: 61616 }, brokerName: a2 }
  B:
    members:
      - { name: b1, host: h2, ports: { openwire: 61617 } }
      - { name: b2, host: h1, ports: { openwire: 61617 } }
connectors: [{ from: A, to: B }]`,
  good: `groups:
  A:
    members:
      - { name: a1, host: h1, ports: { openwire: 61616 }, brokerName: a }
      - { name: a2, host: h2, ports: { openwire: 61616 }, brokerName: a }
  B:
    members:
      - { name: b1, host: h2, ports: { openwire: 61617 } }
      - { name: b2, host: h1, ports: { openwire: 61617 } }
connectors: [{ from: A, to: B }]`,
  *find(network) {
    for (const name of networked(network)) {
      const members = network.groups.get(name)?.members ?? [];
      const names = [...new Set(members.map((member) => brokerNameOf(network.topology, name, member)))];
      if (names.length < 2) continue;
      yield {
        path: ["groups", name, "members"],
        message: `The members of group ${name} have the brokerNames ${listed(names)}`,
        advice: "Give all members of a group one brokerName: durable subscriptions of the network are named by it",
      };
    }
  },
};

const randomBrokerId: Rule = {
  code: "RANDOM_BROKER_ID",
  severity: "warning",
  condition:
    "A group of several Classic members in a network has no fixed brokerId, so that a takeover makes it a stranger.",
  source:
    "Measured on Classic 6.1.8: with random ids 20 of 20 messages came back to their group after its takeover, with a fixed id none. The price of a fixed id: what has gone to a peer can never return to this group's consumers",
  bad: `groups:
  A:
    brokerId: random
    members:
      - { name: a1, host: h1, ports: { openwire: 61616 } }
      - { name: a2, host: h2, ports: { openwire: 61616 } }
  B:
    members:
      - { name: b1, host: h2, ports: { openwire: 61617 } }
      - { name: b2, host: h1, ports: { openwire: 61617 } }
connectors: [{ from: A, to: B }]`,
  good: `groups:
  A:
    brokerId: "ID:a"
    members:
      - { name: a1, host: h1, ports: { openwire: 61616 } }
      - { name: a2, host: h2, ports: { openwire: 61616 } }
  B:
    members:
      - { name: b1, host: h2, ports: { openwire: 61617 } }
      - { name: b2, host: h1, ports: { openwire: 61617 } }
connectors: [{ from: A, to: B }]`,
  consequences: ["LOOP"],
  *find(network) {
    for (const name of networked(network)) {
      const isPair = (network.groups.get(name)?.members.length ?? 0) > 1;
      if (!isPair || productOf(network.topology, name) !== "classic" || brokerIdOf(network.topology, name)) continue;
      yield {
        path: ["groups", name, "brokerId"],
        message: `The members of group ${name} have a new brokerId at each start`,
        advice: `Write the same brokerId into all of them, such as brokerId="ID:${name}"`,
      };
    }
  },
};

/** The groups that a native network connector joins. */
function networked({ flows }: Network): Set<string> {
  return new Set(flows.filter(({ by }) => by.kind === "network").flatMap(({ from, to }) => [from, to]));
}

export const IDENTITY_RULES: readonly Rule[] = [
  duplicateName,
  duplicateNameToPeer,
  differentBrokerNames,
  randomBrokerId,
];
