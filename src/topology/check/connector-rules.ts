/** Rules about the settings of connectors, and what brokers must provide for them. */
import { patternsOverlap } from "../network/destinations.ts";
import type { FollowedConnector, Network } from "../network/network.ts";
import { productOf } from "../network/network.ts";
import { listed, type Rule } from "./rule.ts";

const GROUP_B = `  B:
    members:
      - { name: b1, host: h2, ports: { openwire: 61617 } }
      - { name: b2, host: h1, ports: { openwire: 61617 } }`;
const groupAWith = (setting: string) => `groups:
  A:
    ${setting}
    members:
      - { name: a1, host: h1, ports: { openwire: 61616 } }
      - { name: a2, host: h2, ports: { openwire: 61616 } }
${GROUP_B}
connectors: [{ from: A, to: B }]`;
const artemis = (connectors: string) => `product: artemis
groups:
  A:
    members:
      - { name: a1, host: h1, ports: { amqp: 5672 } }
      - { name: a2, host: h2, ports: { amqp: 5672 } }
  B:
    members:
      - { name: b1, host: h2, ports: { amqp: 5673 } }
      - { name: b2, host: h1, ports: { amqp: 5673 } }
connectors:
${connectors}`;

const duplexBothEnds: Rule = {
  code: "DUPLEX_BOTH_ENDS",
  severity: "error",
  condition: "Two groups each have a duplex connector to the other, which makes two bridges each way.",
  source: "openshift/openshift-extras#314: duplex configured on both ends doubled the links",
  bad: "connectors:\n  - { from: A, to: B, duplex: true }\n  - { from: B, to: A, duplex: true }",
  good: "connectors:\n  - { from: A, to: B, duplex: true }",
  *find({ connectors }) {
    const duplex = connectors.filter(({ connector, kind }) => connector.duplex && kind === "network");
    for (const each of duplex)
      for (const other of duplex)
        if (
          other.index > each.index &&
          other.from !== each.from &&
          other.to.includes(each.from) &&
          each.to.includes(other.from)
        )
          yield {
            path: ["connectors", other.index],
            message: `Groups ${each.from} and ${other.from} each have a duplex connector to the other`,
            advice: "Keep one of them: duplex works both ways from one end",
          };
  },
};

const virtualTopicTwice: Rule = {
  code: "VIRTUAL_TOPIC_TWICE",
  severity: "warning",
  condition: "A virtual topic is forwarded and its Consumer queues as well, so that every message arrives twice.",
  source:
    "Each group copies a message of a VirtualTopic into its own Consumer.*.VirtualTopic.* queues; the connector brings a second copy",
  bad: `connectors: [{ from: A, to: B, include: ["topic://VirtualTopic.>", "queue://Consumer.*.VirtualTopic.>"] }]`,
  good: `connectors: [{ from: A, to: B, include: ["topic://VirtualTopic.>"] }]`,
  *find(network) {
    for (const from of network.groups.keys())
      for (const to of network.groups.keys()) {
        const own = network.flows.filter((flow) => flow.from === from && flow.to === to && flow.by.kind === "network");
        const both = own.filter(({ by }) => forwards(by, "queue://Consumer.*.VirtualTopic.>"));
        if (!both[0] || !own.some(({ by }) => forwards(by, "topic://VirtualTopic.>"))) continue;
        yield {
          path: ["connectors", both[0].by.index, "include"],
          message: `The virtual topics of group ${from} go to ${to}, and so do their queues`,
          advice:
            "Forward the topics or the queues: exclude queue://Consumer.*.VirtualTopic.> or topic://VirtualTopic.>",
        };
      }
  },
};

/**
 * Whether a connector names a destination of this kind. A connector without destinations may have no virtual topics to
 * forward.
 */
function forwards({ connector }: FollowedConnector, pattern: string): boolean {
  const named = [...(connector.include ?? []), ...(connector.static ?? [])];
  // `queue://>` means everything, and so tells no more than naming nothing.
  const told = named.filter((each) => /VirtualTopic/i.test(each));
  const isExcluded = (connector.exclude ?? []).some((each) => patternsOverlap(each, pattern));
  return !isExcluded && told.some((each) => patternsOverlap(each, pattern));
}

const advisoriesOff: Rule = {
  code: "ADVISORIES_OFF",
  severity: "error",
  condition: "A group has advisorySupport off, and a connector needs it to see the other side's consumers.",
  source: "Classic forwards on demand, and demand is told by advisory messages",
  bad: groupAWith("advisorySupport: false"),
  good: groupAWith("advisorySupport: true"),
  *find(network) {
    for (const [name, { advisorySupport }] of network.groups)
      if (advisorySupport === false && touches(network, name))
        yield {
          path: ["groups", name, "advisorySupport"],
          message: `Group ${name} announces no consumers, so that connectors forward nothing to it on demand`,
          advice: 'Remove advisorySupport="false", or forward static destinations alone',
        };
  },
};

/** Whether the group is at either end of a connector that forwards on demand. */
function touches({ connectors }: Network, group: string): boolean {
  return connectors.some(
    ({ kind, from, to, connector }) =>
      kind === "network" && (from === group || to.includes(group)) && !(connector.static && !connector.include),
  );
}

const noReplayAudit: Rule = {
  code: "NO_REPLAY_AUDIT",
  severity: "warning",
  condition: "A policy lets messages go back when their consumers have left, and its duplicate check swallows them.",
  source: 'ActiveMQ, "Networks of Brokers": replayWhenNoConsumers needs enableAudit="false"',
  bad: groupAWith('policies: [{ queue: ">", replayWhenNoConsumers: true }]'),
  good: groupAWith('policies: [{ queue: ">", replayWhenNoConsumers: true, enableAudit: false }]'),
  *find({ groups }) {
    for (const [name, { policies = [] }] of groups)
      for (const [index, { queue, replayWhenNoConsumers, enableAudit = true }] of policies.entries())
        if (replayWhenNoConsumers && enableAudit)
          yield {
            path: ["groups", name, "policies", index],
            message: `Messages that go back to queue ${queue} are taken for duplicates and dropped`,
            advice: "Set enableAudit to false in this policy",
          };
  },
};

const passwordInFile: Rule = {
  code: "PASSWORD_IN_FILE",
  severity: "warning",
  condition: "A password stands in the file in clear text.",
  source: "Ten of 114 published network connectors have one",
  bad: "connectors: [{ from: A, to: B, username: bridge, password: hidden }]",
  good: "connectors: [{ from: A, to: B, username: bridge, password: { env: BRIDGE_PASSWORD } }]",
  *find({ connectors }) {
    // A placeholder is replaced when the broker starts; ENC( is jasypt's.
    for (const { connector, index } of connectors)
      if (typeof connector.password === "string" && !/^(\$\{.*\}|ENC\(.*\))$/s.test(connector.password))
        yield {
          path: ["connectors", index, "password"],
          message: `The password of ${connector.username ?? "the connector"} stands in the file in clear text`,
          advice: "Write { env: NAME } or { file: PATH } in a description, a placeholder in a broker's XML",
        };
  },
};

const twoConnectionsForOnePair: Rule = {
  code: "TWO_CONNECTIONS_FOR_ONE_PAIR",
  severity: "error",
  condition: "An Artemis group has a broker connection for each member of one pair, where one with alternates belongs.",
  source:
    "Artemis manual, AMQP broker connections: one uri with the pair's addresses; seen published with one connection for each member",
  bad: artemis(`  - { from: A, to: B, kind: sender, name: b, targets: [b1], include: ["queue://orders"] }
  - { from: A, to: B, kind: sender, name: b, targets: [b2], include: ["queue://orders"] }`),
  good: artemis(`  - { from: A, to: B, kind: sender, name: b, include: ["queue://orders"] }`),
  *find(network) {
    const single = network.connectors.filter(
      ({ from, targets, kind }) =>
        kind !== "bridge" && targets.length === 1 && productOf(network.topology, from) === "artemis",
    );
    for (const each of single) {
      const [target] = each.targets;
      const other = single.find(
        ({ index, from, kind, targets }) =>
          index < each.index &&
          from === each.from &&
          kind === each.kind &&
          targets[0]?.group === target?.group &&
          targets[0] !== target,
      );
      if (other)
        yield {
          path: ["connectors", each.index],
          message: `Group ${each.from} has one connection to ${other.targets[0]?.member.name} and one to ${target?.member.name}, members of one group`,
          advice: "Write one connection that lists both, as tcp://first:5672#tcp://second:5672",
        };
    }
  },
};

const mirrorToIndependentNodes: Rule = {
  code: "MIRROR_TO_INDEPENDENT_NODES",
  severity: "error",
  condition:
    "A mirror lists addresses of different groups as alternates: after a change of target neither is a whole copy.",
  source:
    "Artemis manual, AMQP broker connections: alternates are for members of one HA pair, which share what was mirrored",
  bad: `${artemis('  - { from: A, kind: mirror, uri: "tcp://10.0.0.2:5673#tcp://10.0.0.3:5674" }')}`
    .replace(
      "product: artemis",
      "product: artemis\nhosts: { h1: { address: 10.0.0.1 }, h2: { address: 10.0.0.2 }, h3: { address: 10.0.0.3 } }",
    )
    .replace(
      "connectors:",
      "  C:\n    members:\n      - { name: c1, host: h3, ports: { amqp: 5674 } }\n      - { name: c2, host: h1, ports: { amqp: 5674 } }\nconnectors:",
    ),
  good: artemis('  - { from: A, kind: mirror, uri: "tcp://10.0.0.2:5673#tcp://10.0.0.1:5673" }'),
  *find({ connectors }) {
    for (const { kind, to, index } of connectors)
      if (kind === "mirror" && to.length > 1)
        yield {
          path: ["connectors", index],
          message: `The mirror lists members of groups ${listed(to)} as alternates of one another`,
          advice: "Write one mirror for each group, with that group's members as alternates",
        };
  },
};

export const CONNECTOR_RULES: readonly Rule[] = [
  duplexBothEnds,
  virtualTopicTwice,
  advisoriesOff,
  noReplayAudit,
  passwordInFile,
  twoConnectionsForOnePair,
  mirrorToIndependentNodes,
];
