/** Description -> export -> read back -> the same description, but for what brokers' XML cannot hold. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Connector, Group, Topology } from "../../../../src/topology/description/topology.ts";
import { exportTopology } from "../../../../src/topology/export/export-topology.ts";
import { generateTopology } from "../../../../src/topology/generate/generate-topology.ts";
import { readBrokerXml } from "../../../../src/topology/read/read-broker-xml.ts";

const destination = fc.constantFrom(
  "queue://orders.>",
  "topic://prices.*",
  'queue://a&b<c>"d',
  "topic://VirtualTopic.x",
  "queue://Größe",
);
const list = fc.uniqueArray(destination, { minLength: 1, maxLength: 3 });
const secret = fc.constantFrom("hid&den\"<>'", { env: "BRIDGE_PASSWORD" });

const group = fc.record<Partial<Group>>(
  {
    brokerId: fc.constantFrom("random", "ID:own", "ID:a b&c"),
    brokerName: fc.constantFrom("own-name", "x"),
    advisorySupport: fc.constant(false),
    store: fc.constant("/mnt/nfs/own"),
    policies: fc.constant([{ queue: ">", replayWhenNoConsumers: true, enableAudit: false }]),
  },
  { requiredKeys: [] },
);
const connector = fc.record<Partial<Connector>>(
  {
    name: fc.constantFrom("link", "north -> south", 'a"b<&'),
    duplex: fc.constantFrom(true, false),
    networkTTL: fc.integer({ min: -1, max: 9 }),
    messageTTL: fc.integer({ min: -1, max: 9 }),
    consumerTTL: fc.integer({ min: -1, max: 9 }),
    reconnect: fc.constantFrom("fixed", "exponential"),
    include: list,
    exclude: list,
    static: list,
    username: fc.constant("bridge"),
    password: secret,
  },
  { requiredKeys: [] },
);

/** One group and one connector of a generated network changed; the others are what plan and export write by default. */
const networks = fc
  .record({
    hostPairs: fc.integer({ min: 1, max: 4 }),
    shape: fc.constantFrom("ring", "star", "line", "mesh" as const),
    groupEdit: group,
    connectorEdit: connector,
    at: fc.nat(30),
  })
  .map(({ hostPairs, shape, groupEdit, connectorEdit, at }): Topology => {
    const base = generateTopology({ hostPairs, shape });
    const names = Object.keys(base.groups);
    const name = names[at % names.length] ?? "A";
    const connectors = (base.connectors ?? []).map((each, index, all) =>
      index === at % all.length ? { ...each, ...connectorEdit } : each,
    );
    return {
      ...base,
      groups: { ...base.groups, [name]: { members: [], ...base.groups[name], ...groupEdit } },
      connectors,
    };
  });

/** Takes away what brokers' XML cannot hold, and what is the same whether it is written or left out. */
function essence(topology: Topology) {
  const addressOf = (host: string) => topology.hosts[host]?.address;
  const groups = Object.values(topology.groups).map(({ members, ...rest }) => ({
    ...rest,
    members: members.map(({ host, ...each }) => ({ ...each, address: addressOf(host) })),
  }));
  // The group's name is that of its brokers.
  const nameOf = (name: string | undefined) => topology.groups[name ?? ""]?.brokerName ?? name;
  const named = Object.entries(topology.groups).map(([name], index) => ({
    ...groups[index],
    brokerName: nameOf(name),
  }));
  const connectors = (topology.connectors ?? []).map(
    ({ from, to, name, duplex, networkTTL = 1, reconnect = "fixed", ...rest }) => {
      const [source, target] = [nameOf(from), nameOf(to)];
      // A name that was not written is made of the groups' names.
      return {
        ...rest,
        from: source,
        to: target,
        name: name ?? `${from}-to-${to}`,
        duplex: duplex ?? false,
        networkTTL,
        reconnect,
      };
    },
  );
  return {
    product: topology.product,
    groups: named,
    connectors: connectors.map((each) =>
      Object.fromEntries(Object.entries(each).filter(([, value]) => value !== undefined)),
    ),
  };
}

describe("a network that was exported and read back", () => {
  it("is the same on Classic, but for names of hosts, zones and capacities", () => {
    fc.assert(
      fc.property(networks, (topology) => {
        const { topology: found } = readBrokerXml(exportTopology(topology, { target: "classic" }));
        expect(essence(found)).toEqual(essence(topology));
      }),
      { numRuns: 60 },
    );
  });

  it("is the same on Artemis, where it was generated", () => {
    for (const shape of ["ring", "star", "line", "mesh"] as const)
      for (const hostPairs of [1, 2, 4]) {
        const topology = generateTopology({ hostPairs, shape, product: "artemis" });
        const { topology: found, findings } = readBrokerXml(exportTopology(topology, { target: "artemis" }));
        expect(findings).toEqual([]);
        expect(essence(found)).toEqual(essence(topology));
      }
  });

  it("is the same on Artemis with a bridge, a sender and a mirror", () => {
    const base = generateTopology({ hostPairs: 2, shape: "line", product: "artemis" });
    const connectors: Connector[] = [
      {
        from: "A",
        to: "C",
        name: "bridged",
        kind: "core-bridge",
        include: ["queue://orders"],
        username: "bridge",
        password: { env: "PASSWORD" },
      },
      { from: "A", to: "D", name: "sent", kind: "sender", include: ["queue://orders"] },
      { from: "C", to: "D", name: "mirrored", kind: "mirror" },
    ];
    const topology = { ...base, connectors };
    expect(essence(readBrokerXml(exportTopology(topology, { target: "artemis" })).topology)).toEqual(essence(topology));
  });

  it("has no finding when it was generated", () => {
    const topology = generateTopology({ hostPairs: 4, shape: "mesh" });
    expect(readBrokerXml(exportTopology(topology, { target: "classic" })).findings).toEqual([]);
  });

  it("has each finding of the description at its file, line and column of the XML", () => {
    const base = generateTopology({ hostPairs: 1, shape: "line" });
    const topology = {
      ...base,
      connectors: [{ from: "A", to: "A", reconnect: "exponential" as const, username: "x", password: "hidden" }],
    };
    const files = exportTopology(topology, { target: "classic" });
    const { findings } = readBrokerXml(files);
    expect(findings.map(({ code }) => code)).toEqual(["OWN_GROUP", "SLOW_RECONNECT", "PASSWORD_IN_FILE"]);
    for (const { file = "", line = 0, column = 0 } of findings) {
      const [before, after] = [
        files
          .get(file)
          ?.split("\n")
          [line - 1]?.slice(0, column - 1),
        files
          .get(file)
          ?.split("\n")
          [line - 1]?.slice(column - 1),
      ];
      expect(after).toMatch(/^"|^<networkConnector/);
      if (after?.startsWith('"')) expect(before).toMatch(/ (uri|password)=$/);
    }
  });
});
