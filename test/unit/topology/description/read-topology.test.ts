import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../../src/config/config-error.ts";
import { readTopology } from "../../../../src/topology/description/read-topology.ts";
import { topologyJsonSchema } from "../../../../src/topology/description/topology-json-schema.ts";

/** The description of DESIGN, chapter "topology". */
const PAIR = `
product: classic
hosts: { h1: { address: 10.0.0.1, zone: a }, h2: { address: 10.0.0.2, zone: b } }
groups:
  A: { members: [{ name: brokerA1, host: h1, ports: { openwire: 61616, stomp: 61613, amqp: 5672 } }, { name: brokerA2, host: h2, ports: { openwire: 61616, stomp: 61613, amqp: 5672 } }] }
  B: { members: [{ name: brokerB1, host: h2, ports: { openwire: 61617 } }, { name: brokerB2, host: h1, ports: { openwire: 61617 } }] }
connectors: [{ from: B, to: A, duplex: true, networkTTL: 1 }]
`;

function mistakesIn(text: string | object) {
  try {
    readTopology(text, { file: "network.yaml", env: {} });
  } catch (reason) {
    if (reason instanceof ConfigError) return reason;
    throw reason;
  }
  throw new Error("The description was accepted");
}

describe("a description of a network", () => {
  it("is read from YAML, from JSON and from an object alike", () => {
    const topology = readTopology(PAIR);
    expect(topology.groups["A"]?.members[0]?.ports).toEqual({ openwire: 61616, stomp: 61613, amqp: 5672 });
    expect(readTopology(JSON.stringify(topology))).toEqual(topology);
    expect(readTopology(structuredClone(topology))).toEqual(topology);
  });

  it("with an unknown key is refused with TOPOLOGY_INVALID, at its line and column, with the nearest name", () => {
    const error = mistakesIn(
      "hosts: { h1: { address: a } }\ngroups:\n  A:\n    member: []\n    members: [{ name: a, host: h1, ports: {} }]\n",
    );
    expect(error.code).toBe("TOPOLOGY_INVALID");
    expect(error.findings).toMatchObject([
      { code: "CONFIG_UNKNOWN_KEY", file: "network.yaml", line: 4, column: 5, advice: "Did you mean members?" },
    ]);
  });

  it.each([
    [
      "a host that is not defined",
      PAIR.replace("brokerA1, host: h1", "brokerA1, host: h3"),
      "groups.A.members[0].host",
    ],
    ["a group that is not defined", PAIR.replace("to: A", "to: X"), "connectors[0].to"],
    [
      "a member that the target does not have",
      PAIR.replace("to: A,", "to: A, targets: [brokerB1],"),
      "connectors[0].targets[0]",
    ],
  ])("with %s is refused at the place of the name", (_what, text, path) => {
    expect(mistakesIn(text).findings).toMatchObject([{ code: "UNKNOWN_NAME", path, line: expect.any(Number) }]);
  });

  it("whose connector leads nowhere is refused", () => {
    const error = mistakesIn(PAIR.replace("from: B, to: A,", "from: B,"));
    expect(error.findings).toMatchObject([{ code: "CONFIG_MISSING", path: "connectors[0].to" }]);
  });

  it("with a port out of range, an unknown protocol and a wrong type is refused with a finding for each", () => {
    const text = PAIR.replace("openwire: 61616, stomp: 61613", "openwire: 616160, stomb: 61613").replace(
      "duplex: true",
      "duplex: 3",
    );
    expect(mistakesIn(text).findings.length).toBeGreaterThanOrEqual(3);
  });

  it("has a JSON Schema in docs/, for editors, that is that of the code", () => {
    const shipped = readFileSync(new URL("../../../../docs/topology.schema.json", import.meta.url), "utf8");
    expect(JSON.parse(shipped)).toEqual(topologyJsonSchema());
  });

  it("has a JSON Schema that names its parts and refuses others", () => {
    const schema = topologyJsonSchema();
    expect(schema).toMatchObject({ type: "object", required: ["hosts", "groups"], additionalProperties: false });
    expect(JSON.stringify(schema)).toContain("The first is the preferred master");
  });
});
