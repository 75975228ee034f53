/** Rules about where members are: hosts, zones, ports and load. */
import type { Member } from "../description/topology.ts";
import { capacityOf, type Network } from "../network/network.ts";
import { groupA, listed, type Rule, type Violation } from "./rule.ts";

const ONE = "name: a1, host: h1, ports: { openwire: 61616 }";
const TWO = "name: a2, host: h2, ports: { openwire: 61616 }";

const membersOnOneHost: Rule = {
  code: "MEMBERS_ON_ONE_HOST",
  severity: "error",
  condition: "Two members of a group are on one host, which takes both along when it fails.",
  source:
    "ActiveMQ in Action, chapter 10: the members of a host pair are on different hosts; arkmq-org/activemq-artemis-operator#77",
  bad: groupA(ONE, "name: a2, host: h1, ports: { openwire: 61617 }"),
  good: groupA(ONE, "name: a2, host: h2, ports: { openwire: 61617 }"),
  *find({ groups }) {
    for (const [name, { members }] of groups)
      for (const [index, member] of members.entries()) {
        const earlier = members.slice(0, index).find(({ host }) => host === member.host);
        if (!earlier) continue;
        yield {
          path: ["groups", name, "members", index, "host"],
          message: `${earlier.name} and ${member.name} of group ${name} are both on host ${member.host}`,
          advice: `Move ${member.name} to another host`,
        };
      }
  },
};

const sameZone: Rule = {
  code: "SAME_ZONE",
  severity: "warning",
  condition: "All members of a group are in one zone, although the network has several.",
  source: "arkmq-org/activemq-artemis-operator#618: one member a host is not enough where zones fail as a whole",
  bad: `hosts: { h1: { address: 10.0.0.1, zone: z1 }, h2: { address: 10.0.0.2, zone: z1 }, h3: { address: 10.0.0.3, zone: z2 } }\n${groupA(ONE, TWO)}`,
  good: `hosts: { h1: { address: 10.0.0.1, zone: z1 }, h2: { address: 10.0.0.2, zone: z2 }, h3: { address: 10.0.0.3, zone: z2 } }\n${groupA(ONE, TWO)}`,
  *find({ topology, groups }) {
    const zones = new Set(Object.values(topology.hosts).flatMap(({ zone }) => zone ?? []));
    if (zones.size < 2) return;
    for (const [name, { members }] of groups) {
      const hosts = new Set(members.map(({ host }) => host));
      const own = new Set(members.map(({ host }) => topology.hosts[host]?.zone));
      const [zone] = own;
      // Members on one host are the finding MEMBERS_ON_ONE_HOST.
      if (hosts.size < 2 || own.size !== 1 || zone === undefined) continue;
      yield {
        path: ["groups", name, "members"],
        message: `All members of group ${name} are in zone ${zone}`,
        advice: "Place one member in another zone",
      };
    }
  },
};

const loneMaster: Rule = {
  code: "LONE_MASTER",
  severity: "warning",
  condition: "A group has one member: when it fails, nobody takes over.",
  source: "ActiveMQ's page MasterSlave: a group is a master and at least one slave over one store",
  bad: groupA(ONE),
  good: groupA(ONE, TWO),
  *find({ groups }) {
    for (const [name, { members }] of groups) {
      if (members.length !== 1) continue;
      yield {
        path: ["groups", name, "members"],
        message: `Group ${name} has one member, ${members[0]?.name}`,
        advice: "Add a second member on another host, over the same store",
      };
    }
  },
};

const survivorOverloaded: Rule = {
  code: "SURVIVOR_OVERLOADED",
  severity: "warning",
  condition: "When one host fails, another host has more active members than its capacity.",
  source:
    "Figure 4.1: when a host of a pair dies, the other one runs both groups; capacity is 2 active members unless said",
  bad: "hosts: { h1: { address: 10.0.0.1 }, h2: { address: 10.0.0.2, capacity: 1 } }",
  good: "hosts: { h1: { address: 10.0.0.1 }, h2: { address: 10.0.0.2, capacity: 2 } }",
  *find(network) {
    for (const failed of Object.keys(network.topology.hosts))
      for (const [host, load] of loadWithout(network, failed)) {
        const capacity = capacityOf(network.topology, host);
        if (load.length <= capacity) continue;
        yield {
          path: ["hosts", host],
          message: `When ${failed} fails, ${host} has ${load.length} active members (${listed(load)}), and its capacity is ${capacity}`,
          advice: "Spread the standbys over more hosts, or raise the capacity when the host can carry them",
        };
      }
  },
};

/** The number of active members on each other host that takes something over when a host fails. */
function loadWithout({ groups }: Network, failed: string): Map<string, string[]> {
  const load = new Map<string, string[]>();
  const takesOver = new Set<string>();
  for (const { members } of groups.values()) {
    const active = members.find(({ host }) => host !== failed);
    if (!active) continue;
    load.set(active.host, [...(load.get(active.host) ?? []), active.name]);
    if (active !== members[0]) takesOver.add(active.host);
  }
  return new Map([...load].filter(([host]) => takesOver.has(host)));
}

const portClash: Rule = {
  code: "PORT_CLASH",
  severity: "error",
  condition: "Two acceptors on one host have the same port: the second member to become active cannot start.",
  source: "A standby of Classic opens its ports when it takes over, so the clash shows at the takeover and not before",
  bad: groupA(ONE, "name: a2, host: h2, ports: { openwire: 61616, stomp: 61616 }"),
  good: groupA(ONE, "name: a2, host: h2, ports: { openwire: 61616, stomp: 61613 }"),
  *find({ groups, topology }) {
    const taken = new Map<string, string>();
    for (const [group, { members }] of groups)
      for (const [index, member] of members.entries())
        yield* clashes(member, ["groups", group, "members", index], taken, topology.hosts[member.host]?.address);
  },
};

function* clashes(
  { name, host, ports }: Member,
  path: readonly (string | number)[],
  taken: Map<string, string>,
  address = host,
): Iterable<Violation> {
  for (const [protocol, port] of Object.entries(ports)) {
    const holder = taken.get(`${address}:${port}`);
    const here = `${protocol} of ${name}`;
    if (holder === undefined) taken.set(`${address}:${port}`, here);
    else
      yield {
        path: [...path, "ports", protocol],
        message: `Port ${port} on host ${host} is that of ${holder} and of ${here}`,
        advice: "Give each acceptor on a host a port of its own",
      };
  }
}

const bindAddressAsTarget: Rule = {
  code: "BIND_ADDRESS_AS_TARGET",
  severity: "error",
  condition: "A connection is to go to 0.0.0.0 or ::, which stand for every address of the own host.",
  source: "Seen in published configurations: a copied transportConnector address; the broker then connects to itself",
  bad: `connectors: [{ from: A, to: B, uri: "static:(tcp://0.0.0.0:61617)?useExponentialBackOff=false" }]`,
  good: `connectors: [{ from: A, to: B, uri: "masterslave:(tcp://10.0.0.2:61617,tcp://10.0.0.1:61617)?useExponentialBackOff=false" }]`,
  *find({ topology, connectors }) {
    const isAny = (host: string | undefined) => host === "0.0.0.0" || host === "::" || host === "*";
    for (const [name, { address }] of Object.entries(topology.hosts))
      if (isAny(address))
        yield {
          path: ["hosts", name, "address"],
          message: `The address of host ${name} is ${address}, which is for listening and not for connecting`,
          advice: "Write the address by which the other hosts reach it",
        };
    for (const { uri, index } of connectors)
      for (const { host, text } of uri?.components ?? [])
        if (isAny(host))
          yield {
            path: ["connectors", index, "uri"],
            message: `${text} is an address for listening and not for connecting`,
            advice: "Write the address by which this host reaches the other one",
          };
  },
};

export const HOST_RULES: readonly Rule[] = [
  membersOnOneHost,
  sameZone,
  loneMaster,
  survivorOverloaded,
  portClash,
  bindAddressAsTarget,
];
