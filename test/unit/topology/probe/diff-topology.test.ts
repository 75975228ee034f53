/** Every difference between a network and its description, each at its place, and none where there is none. */
import { describe, expect, it } from "vitest";
import { generateTopology } from "../../../../src/topology/generate/generate-topology.ts";
import { networkOf } from "../../../../src/topology/network/network.ts";
import type { MemberAnswer } from "../../../../src/topology/probe/ask-member.ts";
import { DIFFERENCES, diffTopology } from "../../../../src/topology/probe/diff-topology.ts";
import type { NetworkProbe } from "../../../../src/topology/probe/probe-topology.ts";
import { networkState } from "../../../../src/topology/simulate/simulate-topology.ts";

const pair = generateTopology({ hostPairs: 1, shape: "line" });
const UP = { name: "A-to-B", from: "A", to: "B", state: "up" } as const;

/** The pair as planned, but for these answers. */
function probeOf(answers: Readonly<Record<string, MemberAnswer>>, rest: Partial<NetworkProbe> = {}): NetworkProbe {
  const all: Record<string, MemberAnswer> = {
    brokerA1: { state: "active", product: "activemq", brokerName: "A" },
    brokerA2: { state: "standby" },
    brokerB1: { state: "active", product: "activemq", brokerName: "B" },
    brokerB2: { state: "standby" },
    ...answers,
  };
  const members = Object.fromEntries(Object.entries(all).map(([name, { state }]) => [name, state]));
  return { ...networkState(networkOf(pair), members), answers: all, connectors: [UP], unplanned: [], ...rest };
}

const CASES: readonly [code: keyof typeof DIFFERENCES, probe: NetworkProbe, path: string][] = [
  ["NO_ACTIVE_MEMBER", probeOf({ brokerA1: { state: "standby" } }), "groups.A.members"],
  ["TWO_ACTIVE_MEMBERS", probeOf({ brokerA2: { state: "active" } }), "groups.A.members"],
  ["NOT_PREFERRED", probeOf({ brokerA1: { state: "standby" }, brokerA2: { state: "active" } }), "groups.A.members"],
  ["MEMBER_DOWN", probeOf({ brokerB2: { state: "down", reason: "silence" } }), "groups.B.members[1]"],
  ["MEMBER_UNKNOWN", probeOf({ brokerB2: { state: "unknown", reason: "it speaks HTTP" } }), "groups.B.members[1]"],
  ["LOGIN_REFUSED", probeOf({ brokerB1: { state: "active", loginRefused: true } }), "groups.B.members[0]"],
  ["OTHER_PRODUCT", probeOf({ brokerB1: { state: "active", product: "artemis" } }), "groups.B.members[0]"],
  ["OTHER_BROKER_NAME", probeOf({ brokerB1: { state: "active", brokerName: "localhost" } }), "groups.B.members[0]"],
  ["CONNECTOR_DOWN", probeOf({}, { connectors: [{ ...UP, state: "down" }] }), "connectors[0]"],
  ["CONNECTORS_UNKNOWN", probeOf({}, { connectors: [{ ...UP, state: "unknown" }] }), "connectors[0]"],
  [
    "CONNECTOR_UNPLANNED",
    probeOf({}, { unplanned: [{ at: "B", clientId: "x_C_outbound", address: "tcp://10.0.0.9:1" }] }),
    "groups.B",
  ],
];

describe("a diff between a network and its description", () => {
  it("finds nothing in a network that is as described", () => {
    expect(diffTopology(pair, probeOf({}))).toEqual([]);
  });

  it.each(CASES)("reports %s at its place, and nothing else", (code, probe, path) => {
    expect(diffTopology(pair, probe).map((finding) => [finding.code, finding.severity, finding.path])).toEqual([
      [code, DIFFERENCES[code].severity, path],
    ]);
  });

  it("writes control characters in the names that a peer gave itself as escapes", () => {
    const named = probeOf(
      { brokerB1: { state: "active", brokerName: "a\x1b[2Jb" } },
      { unplanned: [{ at: "B", clientId: "\x1b[2J_outbound", address: "tcp://\nh" }] },
    );
    expect(diffTopology(pair, named).map(({ message }) => message)).toEqual([
      "brokerB1 has the brokerName a\\x1b[2Jb, not B",
      "Group B has a connector that calls itself \\x1b[2J_outbound, from tcp://\\nh",
    ]);
  });

  it("has a case for every difference of the table", () => {
    expect(CASES.map(([code]) => code).sort()).toEqual(Object.keys(DIFFERENCES).sort());
  });
});
