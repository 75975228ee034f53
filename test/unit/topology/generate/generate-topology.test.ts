/** Generated networks are without findings; each broken rule is found, and nothing besides its consequences. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkTopology } from "../../../../src/topology/check/check-topology.ts";
import { RULES } from "../../../../src/topology/check/rule-table.ts";
import { readTopologyFile } from "../../../../src/topology/description/read-topology.ts";
import type { Connector, Group, Topology } from "../../../../src/topology/description/topology.ts";
import { generateTopology } from "../../../../src/topology/generate/generate-topology.ts";
import { simulateTopology } from "../../../../src/topology/simulate/simulate-topology.ts";

const options = fc.record({
  hostPairs: fc.integer({ min: 1, max: 6 }),
  shape: fc.constantFrom("ring", "star", "line", "mesh" as const),
  product: fc.constantFrom("classic", "artemis" as const),
});
const codesOf = (topology: Topology) => [...new Set(checkTopology(topology).map(({ code }) => code))];

type Break = (topology: Topology, group: string, at: number) => Topology;

const editGroup = (topology: Topology, name: string, edit: (group: Group) => Group): Topology => {
  const group = topology.groups[name];
  return group ? { ...topology, groups: { ...topology.groups, [name]: edit(group) } } : topology;
};
const editMember =
  (index: number, edit: object): Break =>
  (topology, name) =>
    editGroup(topology, name, (group) => ({
      ...group,
      members: group.members.map((member, at) => (at === index ? { ...member, ...edit } : member)),
    }));
const editConnector =
  (edit: (connector: Connector) => Connector): Break =>
  (topology, _group, at) => {
    const connectors = topology.connectors ?? [];
    return {
      ...topology,
      connectors: connectors.map((each, index) => (index === at % connectors.length ? edit(each) : each)),
    };
  };
const addConnector =
  (make: (topology: Topology, group: string, at: number) => Connector): Break =>
  (topology, group, at) => ({ ...topology, connectors: [...(topology.connectors ?? []), make(topology, group, at)] });
const connectorAt = ({ connectors = [] }: Topology, at: number) =>
  connectors[at % connectors.length] ?? { from: "A", to: "B" };

/** Gives a connector the URI that is made of its target's two addresses. */
function withUri(make: (first: string, second: string) => string): Break {
  return (topology, _group, at) => {
    const { to = "B" } = connectorAt(topology, at);
    const addresses = (topology.groups[to]?.members ?? []).map(
      ({ host, ports }) => `tcp://${topology.hosts[host]?.address}:${ports.openwire}`,
    );
    return editConnector((connector) => ({ ...connector, uri: make(addresses[0] ?? "", addresses[1] ?? "") }))(
      topology,
      "",
      at,
    );
  };
}

/** For each rule, a way to break it in any generated Classic network. */
const BREAKS: Readonly<Record<string, Break>> = {
  MEMBERS_ON_ONE_HOST: (topology, name) =>
    editGroup(topology, name, (group) => {
      const [first, second] = group.members;
      if (!first || !second) return group;
      return { ...group, members: [first, { ...second, host: first.host, ports: { openwire: 50_000 } }] };
    }),
  LONE_MASTER: (topology, name) =>
    editGroup(topology, name, (group) => ({ ...group, members: group.members.slice(0, 1) })),
  SAME_ZONE: (topology, name) => {
    const second = topology.groups[name]?.members[1]?.host ?? "h1";
    const first = topology.groups[name]?.members[0]?.host ?? "h1";
    const zone = topology.hosts[first]?.zone;
    const hosts = {
      ...topology.hosts,
      [second]: { address: "10.9.9.9", zone },
      spare: { address: "10.9.9.8", zone: "far" },
    };
    return { ...topology, hosts };
  },
  PORT_CLASH: editMember(1, { ports: { openwire: 50_001, stomp: 50_001 } }),
  SURVIVOR_OVERLOADED: (topology, name) => {
    const host = topology.groups[name]?.members[1]?.host ?? "h1";
    return {
      ...topology,
      hosts: { ...topology.hosts, [host]: { address: "10.9.9.9", zone: topology.hosts[host]?.zone, capacity: 1 } },
    };
  },
  BIND_ADDRESS_AS_TARGET: (topology, name) => {
    const host = topology.groups[name]?.members[1]?.host ?? "h1";
    return {
      ...topology,
      hosts: { ...topology.hosts, [host]: { address: "0.0.0.0", zone: topology.hosts[host]?.zone } },
    };
  },
  DUPLICATE_NAME: (topology, name) =>
    editGroup(topology, name, (group) => ({ ...group, brokerName: name === "A" ? "B" : "A" })),
  DIFFERENT_BROKER_NAMES_IN_GROUP: editMember(1, { brokerName: "another" }),
  RANDOM_BROKER_ID: (topology, name) => editGroup(topology, name, (group) => ({ ...group, brokerId: "random" })),
  ADVISORIES_OFF: (topology, name) => editGroup(topology, name, (group) => ({ ...group, advisorySupport: false })),
  NO_REPLAY_AUDIT: (topology, name) =>
    editGroup(topology, name, (group) => ({ ...group, policies: [{ queue: ">", replayWhenNoConsumers: true }] })),
  OWN_GROUP: addConnector((_topology, group) => ({ from: group, to: group, name: "own" })),
  SLOW_RECONNECT: editConnector((connector) => ({ ...connector, reconnect: "exponential" })),
  PASSWORD_IN_FILE: editConnector((connector) => ({ ...connector, username: "bridge", password: "hidden" })),
  DUPLEX_BOTH_ENDS: addConnector((topology, _group, at) => {
    const { from, to, networkTTL } = connectorAt(topology, at);
    return { from: to ?? "A", to: from, duplex: true, networkTTL };
  }),
  DUPLICATE_NAME_TO_PEER: (topology, _group, at) => {
    const { from, to = "B" } = connectorAt(topology, at);
    const name = `${from}-to-${to}`;
    return { ...topology, connectors: [...(topology.connectors ?? []), { ...connectorAt(topology, at), name }] };
  },
  MIXED_LOOP: addConnector((topology, _group, at) => {
    const { from, to = "B" } = connectorAt(topology, at);
    return { from, to, kind: "bridge" };
  }),
  LOOP: (topology) => {
    const groups = Object.entries(topology.groups).map(([name, group]) => [name, { ...group, brokerId: "random" }]);
    const connectors = (topology.connectors ?? []).map((each) => ({ ...each, networkTTL: -1 }));
    return { ...topology, groups: Object.fromEntries(groups), connectors };
  },
  TTL_TOO_SMALL: (topology) => {
    // A generated mesh, and a network of two groups, need no more than one hop: a third group hangs on the last one.
    const last = Object.keys(topology.groups).at(-1) ?? "A";
    const hosts = { ...topology.hosts, s1: { address: "10.9.0.1", zone: "a" }, s2: { address: "10.9.0.2", zone: "b" } };
    const members = ["s1", "s2"].map((host) => ({ name: `far-${host}`, host, ports: { openwire: 61_616 } }));
    const groups = { ...topology.groups, far: { members } };
    const connectors = [...(topology.connectors ?? []), { from: last, to: "far", duplex: true }];
    return { ...topology, hosts, groups, connectors };
  },
  ONE_WAY_ISLAND: (topology) => {
    const last = Object.keys(topology.groups).at(-1) ?? "A";
    const hosts = { ...topology.hosts, s1: { address: "10.9.0.1", zone: "a" }, s2: { address: "10.9.0.2", zone: "b" } };
    const members = ["s1", "s2"].map((host) => ({ name: `far-${host}`, host, ports: { openwire: 61_616 } }));
    const groups = { ...topology.groups, far: { members } };
    return { ...topology, hosts, groups, connectors: [...(topology.connectors ?? []), { from: last, to: "far" }] };
  },
  STATIC_TO_PAIR: withUri((first, second) => `static:(${first},${second})?useExponentialBackOff=false`),
  SLAVE_FIRST: withUri((first, second) => `masterslave:(${second},${first})?useExponentialBackOff=false`),
  BLANK_IN_URI: withUri((first, second) => `masterslave:(${first}, ${second})?useExponentialBackOff=false`),
  NO_SCHEME: withUri(
    (first, second) => `masterslave:(${first},${second.slice("tcp://".length)})?useExponentialBackOff=false`,
  ),
  ONE_URI_IN_MASTERSLAVE: withUri((first) => `masterslave:(${first})?useExponentialBackOff=false`),
  UNKNOWN_OPTION_DROPS_ORDER: withUri(
    (first, second) => `masterslave:(${first},${second})?useExponentialBackOff=false&x=1`,
  ),
  VIRTUAL_TOPIC_TWICE: editConnector((connector) => ({
    ...connector,
    include: ["topic://VirtualTopic.>", "queue://Consumer.*.VirtualTopic.>"],
  })),
};

/** What else a broken rule brings with it. */
const CONSEQUENCES: Readonly<Record<string, readonly string[]>> = {
  // The group's host carries what its standby carried.
  MEMBERS_ON_ONE_HOST: ["SURVIVOR_OVERLOADED"],
  // The other group of the pair changes its zone along with this one.
  SAME_ZONE: ["SAME_ZONE"],
  // Nothing but fixed ids stops a message whose time to live does not.
  LOOP: ["RANDOM_BROKER_ID"],
  // The new group is farther away than the network's own time to live reaches.
  ONE_WAY_ISLAND: ["TTL_TOO_SMALL"],
};

describe("a generated network", () => {
  it("has no finding, whatever its size, shape and product", () => {
    fc.assert(
      fc.property(options, (given) => {
        expect(checkTopology(generateTopology(given))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("has groups A, B, … with their members crosswise on the hosts of each pair", () => {
    const { groups, hosts } = generateTopology({ hostPairs: 4, shape: "mesh" });
    expect(Object.keys(groups).join("")).toBe("ABCDEFGH");
    expect(Object.keys(hosts)).toHaveLength(8);
    expect(groups["C"]?.members.map(({ name, host }) => [name, host])).toEqual([
      ["brokerC1", "h3"],
      ["brokerC2", "h4"],
    ]);
    expect(groups["D"]?.members.map(({ name, host }) => [name, host])).toEqual([
      ["brokerD1", "h4"],
      ["brokerD2", "h3"],
    ]);
  });

  it("of four pairs has 28 connectors as a mesh, 8 as a ring and 7 as a line or star", () => {
    const count = (shape: "mesh" | "ring" | "line" | "star") =>
      generateTopology({ hostPairs: 4, shape }).connectors?.length;
    expect([count("mesh"), count("ring"), count("line"), count("star")]).toEqual([28, 8, 7, 7]);
  });

  it.each([
    ["4.1", 1, "line"],
    ["4.2", 4, "mesh"],
  ] as const)("is that of examples/networks for Figure %s", async (figure, hostPairs, shape) => {
    const described = await readTopologyFile(
      new URL(`../../../../examples/networks/figure-${figure}.yaml`, import.meta.url),
    );
    expect(described).toEqual(generateTopology({ hostPairs, shape }));
  });

  it("of the largest size is read, checked and simulated in seconds", () => {
    const started = performance.now();
    for (const [shape, hostPairs] of [
      ["mesh", 70],
      ["line", 100],
      ["ring", 100],
    ] as const) {
      const topology = generateTopology({ hostPairs, shape });
      expect(checkTopology(topology)).toEqual([]);
      expect(simulateTopology(topology, { failedHosts: ["h1"] }).lost).toEqual([]);
    }
    // Generous: it is there to find what grows with the square.
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it("of 71 pairs is refused as a mesh", () => {
    expect(() => generateTopology({ hostPairs: 71, shape: "mesh" })).toThrow(/from 1 to 70/);
  });

  it.each([0, 501, 1.5, Number.NaN])("of %s pairs is refused", (hostPairs) => {
    expect(() => generateTopology({ hostPairs, shape: "ring" })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  for (const [code, breakRule] of Object.entries(BREAKS)) {
    it(`with ${code} broken has that finding, and besides it only listed consequences`, () => {
      fc.assert(
        fc.property(options, fc.nat(30), fc.nat(30), (given, group, at) => {
          const whole = generateTopology({ ...given, product: "classic" });
          const names = Object.keys(whole.groups);
          const broken = codesOf(breakRule(whole, names[group % names.length] ?? "A", at));
          expect(broken).toContain(code);
          expect([code, ...(CONSEQUENCES[code] ?? [])]).toEqual(expect.arrayContaining(broken));
        }),
        { numRuns: 25 },
      );
    });
  }

  it("has a way to break each rule that is not about Artemis", () => {
    const untried = RULES.map(({ code }) => code).filter((code) => !(code in BREAKS));
    expect(untried).toEqual(["TWO_CONNECTIONS_FOR_ONE_PAIR", "MIRROR_TO_INDEPENDENT_NODES"]);
  });
});
