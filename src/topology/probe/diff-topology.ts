/** Compares a running network with its description: each difference is a finding at its place in the description. */
import type { FindingDetails } from "../../config/config-document.ts";
import type { Finding, Severity } from "../../config/finding.ts";
import { printableLine } from "../../errors/printable.ts";
import { documentOf } from "../description/read-topology.ts";
import type { Topology } from "../description/topology.ts";
import { brokerNameOf, connectorName, networkOf, productOf } from "../network/network.ts";
import type { NetworkProbe } from "./probe-topology.ts";

/** Every kind of difference, with its severity and its condition; docs/topology-findings.md is printed from this. */
export const DIFFERENCES = {
  NO_ACTIVE_MEMBER: { severity: "error", condition: "No member of a group is active." },
  TWO_ACTIVE_MEMBERS: {
    severity: "error",
    condition: "Several members of a group are active: they do not share one store, and messages are in two places.",
  },
  NOT_PREFERRED: { severity: "warning", condition: "Another member than the preferred master is active." },
  MEMBER_DOWN: { severity: "error", condition: "A member's host does not answer at all." },
  MEMBER_UNKNOWN: {
    severity: "warning",
    condition: "A member answered something from which its state cannot be told.",
  },
  LOGIN_REFUSED: {
    severity: "error",
    condition: "An active member refused the login, so that it could be asked no further.",
  },
  OTHER_PRODUCT: { severity: "error", condition: "A member runs another product than the description says." },
  OTHER_BROKER_NAME: { severity: "error", condition: "A broker calls itself otherwise than the description says." },
  CONNECTOR_DOWN: {
    severity: "error",
    condition: "The broker at the far end of a connector has no connection from it.",
  },
  CONNECTOR_UNPLANNED: {
    severity: "warning",
    condition: "A broker has a connector that the description does not have.",
  },
  CONNECTORS_UNKNOWN: {
    severity: "info",
    condition:
      "A broker tells nothing of its connectors: the login may not read advisories, or STOMP cannot show them.",
  },
} as const satisfies Record<string, { readonly severity: Severity; readonly condition: string }>;

type Difference = Omit<FindingDetails, "code" | "severity"> & { readonly code: keyof typeof DIFFERENCES };

/** Returns the differences of the running network in `probe`, group by group, then the connectors. */
export function diffTopology(topology: Topology, probe: NetworkProbe): Finding[] {
  const document = documentOf(topology);
  return [...memberDifferences(topology, probe), ...connectorDifferences(topology, probe)].map((difference) =>
    document.finding({ ...difference, severity: DIFFERENCES[difference.code].severity }),
  );
}

function* memberDifferences(topology: Topology, { answers }: NetworkProbe): Iterable<Difference> {
  for (const [group, { members }] of Object.entries(topology.groups)) {
    const active = members.filter(({ name }) => answers[name]?.state === "active").map(({ name }) => name);
    const path = ["groups", group, "members"];
    if (active.length === 0)
      yield {
        code: "NO_ACTIVE_MEMBER",
        path,
        message: `No member of group ${group} is active`,
        advice: "Start one, or look into its log",
      };
    if (active.length > 1)
      yield {
        code: "TWO_ACTIVE_MEMBERS",
        path,
        message: `${active.join(" and ")} of group ${group} are active at the same time`,
        advice: "Stop all but one, give them one store directory with a lock, and compare their messages",
      };
    const [only, ...others] = active;
    if (only !== undefined && others.length === 0 && only !== members[0]?.name)
      yield {
        code: "NOT_PREFERRED",
        path,
        message: `${only} is active, and ${members[0]?.name} is the preferred master`,
        advice: `Stop ${only} when it suits, and ${members[0]?.name} takes over`,
      };
    for (const [index, { name }] of members.entries())
      yield* differencesOfMember(topology, group, name, [...path, index], answers[name]);
  }
}

function* differencesOfMember(
  topology: Topology,
  group: string,
  name: string,
  path: readonly (string | number)[],
  answer: NetworkProbe["answers"][string] | undefined,
): Iterable<Difference> {
  const { state, reason = "it was not asked", loginRefused, product, brokerName } = answer ?? {};
  if (state === "down")
    yield {
      code: "MEMBER_DOWN",
      path,
      message: `${name} does not answer: ${reason}`,
      advice: "Look at its host and its network",
    };
  if (state === "unknown" || state === undefined)
    yield {
      code: "MEMBER_UNKNOWN",
      path,
      message: `${name} could not be asked: ${reason}`,
      advice: "Compare its ports with the description",
    };
  if (loginRefused)
    yield {
      code: "LOGIN_REFUSED",
      path,
      message: `${name} refused the login: ${reason}`,
      advice: "Give --username and --password-file",
    };
  const wanted = productOf(topology, group) === "classic" ? "activemq" : "artemis";
  if (product !== undefined && product !== wanted)
    yield {
      code: "OTHER_PRODUCT",
      path,
      message: `${name} says that it is ${product}, not ${wanted}`,
      advice: "Compare its ports with the description",
    };
  const member = topology.groups[group]?.members.find((each) => each.name === name);
  const expected = brokerNameOf(topology, group, member);
  if (brokerName !== undefined && brokerName !== expected)
    yield {
      code: "OTHER_BROKER_NAME",
      path,
      message: `${name} has the brokerName ${printableLine(brokerName)}, not ${expected}`,
      advice: "Every member of a group has one brokerName; connectors and durable subscriptions depend on it",
    };
}

function* connectorDifferences(topology: Topology, probe: NetworkProbe): Iterable<Difference> {
  const { connectors } = networkOf(topology);
  const indexOf = (name: string, from: string) =>
    connectors.find((each) => each.from === from && connectorName(each, connectors) === name)?.index ?? 0;
  const silent = new Set<string>();
  for (const { name, from, to, state } of probe.connectors) {
    const path = ["connectors", indexOf(name, from)];
    if (state === "down")
      yield {
        code: "CONNECTOR_DOWN",
        path,
        message: `Connector ${name} of group ${from} is not connected at group ${to}`,
        advice: `Look for ${name} in the log of ${from}'s active member; a connector that stays away may hang, as in activemq#1864`,
      };
    const isActive = topology.groups[to]?.members.some((member) => probe.members[member.name] === "active");
    if (state !== "unknown" || !isActive || silent.has(to)) continue;
    silent.add(to);
    yield {
      code: "CONNECTORS_UNKNOWN",
      path,
      message: `The active member of group ${to} tells nothing of the connectors to it`,
      advice: "Let the login read topic://ActiveMQ.Advisory.Connection, and give the group an amqp port",
    };
  }
  for (const { at, clientId, address } of probe.unplanned)
    yield {
      code: "CONNECTOR_UNPLANNED",
      path: ["groups", at],
      message: `Group ${at} has a connector that calls itself ${printableLine(clientId)}, from ${printableLine(address)}`,
      advice: "Add it to the description, or take it out of the broker that has it",
    };
}
