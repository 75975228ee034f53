/** Which broker may connect to which: every pair of Figures 4.1 and 4.2, from data files. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkTopology } from "../../../../src/topology/check/check-topology.ts";
import type { Topology } from "../../../../src/topology/description/topology.ts";
import { generateTopology } from "../../../../src/topology/generate/generate-topology.ts";
import { planTopology } from "../../../../src/topology/plan/plan-topology.ts";

interface Figure {
  readonly allowed: readonly (readonly [from: string, to: string])[];
  readonly forbidden: readonly (readonly [from: string, to: string])[];
}

const FIGURES = [
  { name: "4.1", hostPairs: 1, allowed: 8, forbidden: 8 },
  { name: "4.2", hostPairs: 4, allowed: 224, forbidden: 32 },
] as const;

for (const { name, hostPairs, ...counts } of FIGURES) {
  const file = new URL(`../../../vectors/topology/figure-${name}.json`, import.meta.url);
  const figure = JSON.parse(readFileSync(file, "utf8")) as Figure;
  const topology = generateTopology({ hostPairs, shape: "mesh" });
  const groupOf = (member: string) =>
    Object.keys(topology.groups).find((group) =>
      topology.groups[group]?.members.some((each) => each.name === member),
    ) ?? "";
  /** The network with one connector, from one member to one member. */
  const withConnector = (from: string, to: string): Topology => ({
    ...topology,
    connectors: [{ from: groupOf(from), to: groupOf(to), members: [from], targets: [to] }],
  });

  describe(`Figure ${name}`, () => {
    it("has every pair of its brokers in the data file once", () => {
      expect([figure.allowed.length, figure.forbidden.length]).toEqual([counts.allowed, counts.forbidden]);
      expect(new Set([...figure.allowed, ...figure.forbidden].map((pair) => pair.join())).size).toBe(
        (4 * hostPairs) ** 2,
      );
    });

    it("allows exactly the connectors that the plan allows", () => {
      const planned = Object.entries(planTopology(topology).brokers).flatMap(([from, { mayConnectTo }]) =>
        mayConnectTo.map((to) => `${from} -> ${to}`),
      );
      expect(planned.sort()).toEqual(figure.allowed.map(([from, to]) => `${from} -> ${to}`).sort());
    });

    it("has no allowed connector that check takes for one into the own group", () => {
      for (const [from, to] of figure.allowed)
        expect(
          checkTopology(withConnector(from, to)).map(({ code }) => code),
          `${from} -> ${to}`,
        ).not.toContain("OWN_GROUP");
    });

    it("has no forbidden connector that check lets pass", () => {
      for (const [from, to] of figure.forbidden)
        expect(
          checkTopology(withConnector(from, to)).map(({ code }) => code),
          `${from} -> ${to}`,
        ).toContain("OWN_GROUP");
    });
  });
}

describe("the plan of Figure 4.1", () => {
  const plan = planTopology(generateTopology({ hostPairs: 1, shape: "line" }));

  it("has one URI a group and protocol, with the preferred master first", () => {
    expect(plan.groups["A"]?.uris).toEqual({
      openwire: "masterslave:(tcp://10.0.0.1:61616,tcp://10.0.0.2:61616)",
      stomp: "masterslave:(stomp://10.0.0.1:61613,stomp://10.0.0.2:61613)",
      amqp: "masterslave:(amqp://10.0.0.1:5672,amqp://10.0.0.2:5672)",
    });
    expect(plan.groups["B"]?.uris.stomp).toBe("masterslave:(stomp://10.0.0.2:61713,stomp://10.0.0.1:61713)");
  });

  it("gives both members of a group the same connectors", () => {
    const expected = {
      name: "A-to-B",
      to: "B",
      kind: "network",
      duplex: true,
      uri: "masterslave:(tcp://10.0.0.2:61716,tcp://10.0.0.1:61716)?useExponentialBackOff=false&initialReconnectDelay=200",
    };
    expect(plan.brokers["brokerA1"]?.connectors).toEqual([expected]);
    expect(plan.brokers["brokerA2"]?.connectors).toEqual([expected]);
    expect(plan.brokers["brokerB1"]).toEqual({ group: "B", mayConnectTo: ["brokerA1", "brokerA2"], connectors: [] });
  });
});
