/** Rules about the addresses of connectors in the brokers' configurations. */
import type { FollowedConnector, Network, PlacedMember } from "../network/network.ts";
import { listed, type Rule } from "./rule.ts";

const PEER = "tcp://10.0.0.2:61617,tcp://10.0.0.1:61617";
const link = (uri: string) => `connectors: [{ from: A, to: B, uri: "${uri}" }]`;
const FAST = "useExponentialBackOff=false&initialReconnectDelay=200";
/** The options that Classic's SimpleDiscoveryAgent and its discovery network connector know. */
const AGENT_OPTIONS = new Set([
  ...["initialReconnectDelay", "maxReconnectDelay", "backOffMultiplier", "useExponentialBackOff"],
  ...["maxReconnectAttempts", "minConnectTime"],
]);

const connectorPath = ({ index, connector }: FollowedConnector): (string | number)[] =>
  connector.uri === undefined ? ["connectors", index] : ["connectors", index, "uri"];

function* eachUri(
  network: Network,
  agent: string,
): Iterable<FollowedConnector & { readonly uri: NonNullable<FollowedConnector["uri"]> }> {
  for (const each of network.connectors) if (each.uri?.agent === agent) yield { ...each, uri: each.uri };
}

const ownGroup: Rule = {
  code: "OWN_GROUP",
  severity: "error",
  condition:
    "A connector leads from a group to a member of the same group: its standby has no open port, and its master is itself.",
  source: "Chapter 4 forbids it; published all the same, in an AWS sample with two members over one KahaDB directory",
  bad: "connectors: [{ from: A, to: A }]",
  good: "connectors: [{ from: A, to: B }]",
  *find({ connectors }) {
    for (const each of connectors) {
      if (!each.to.includes(each.from)) continue;
      const own = each.targets.filter(({ group }) => group === each.from).map(({ member }) => member.name);
      yield {
        path: connectorPath(each),
        message: `The connector leads from group ${each.from} to its own ${own.length > 1 ? "members" : "member"} ${listed(own)}`,
        advice: "Connect to another group, or remove the connector: members of a group share a store and need none",
      };
    }
  },
};

const slowReconnect: Rule = {
  code: "SLOW_RECONNECT",
  severity: "warning",
  condition: "A Classic connector has the default back-off, which leaves it blind for up to 30 s after a takeover.",
  source:
    "Measured on Classic 6.1.8: back after 16.2, 30.2 and 30.2 s by default, after 1.5 to 2.4 s with useExponentialBackOff=false",
  bad: "connectors: [{ from: A, to: B, reconnect: exponential }]",
  good: "connectors: [{ from: A, to: B, reconnect: fixed }]",
  *find({ connectors }) {
    for (const each of connectors) {
      if (each.kind !== "network") continue;
      const { agent, options } = each.uri ?? { agent: undefined, options: new Map() };
      const isAgent = agent === "masterslave" || agent === "static";
      const isFast =
        options.get("useExponentialBackOff") === "false" || Number(options.get("maxReconnectDelay") ?? 30_000) <= 2_000;
      if (each.uri ? !isAgent || isFast : each.connector.reconnect !== "exponential") continue;
      yield {
        path: each.uri ? connectorPath(each) : ["connectors", each.index, "reconnect"],
        message: `After a takeover the connector from ${each.from} waits 1, 2, 4 and up to 30 s before it tries again`,
        advice: `Add ?${FAST} to its URI`,
      };
    }
  },
};

const staticToPair: Rule = {
  code: "STATIC_TO_PAIR",
  severity: "error",
  condition:
    "A static: connector lists several members of one group: each address is a connector of its own, and the standby's fails for ever.",
  source:
    "Classic's SimpleDiscoveryAgent makes one bridge for each address of static:; masterslave: makes one for the list",
  bad: link(`static:(${PEER})?${FAST}`),
  good: link(`masterslave:(${PEER})?${FAST}`),
  *find(network) {
    for (const each of eachUri(network, "static")) {
      // static:(failover:(a,b)) is one service, the older spelling of masterslave:.
      if (each.uri.inner !== undefined) continue;
      for (const members of byGroup(each.targets))
        yield {
          path: connectorPath(each),
          message: `static: lists ${listed(members.map(({ member }) => member.name))}, which are members of one group`,
          advice: "Write masterslave:(…) with the preferred master first",
        };
    }
  },
};

/** The members of each group of which more than one is named. */
function byGroup(targets: readonly PlacedMember[]): PlacedMember[][] {
  const groups = new Set(targets.map(({ group }) => group));
  return [...groups].map((group) => targets.filter((each) => each.group === group)).filter(({ length }) => length > 1);
}

const slaveFirst: Rule = {
  code: "SLAVE_FIRST",
  severity: "warning",
  condition: "A connector lists a standby before the preferred master, and asks it first at each reconnect.",
  source: "Classic tries the addresses of masterslave: in their order (randomize=false)",
  bad: link(`masterslave:(tcp://10.0.0.1:61617,tcp://10.0.0.2:61617)?${FAST}`),
  good: link(`masterslave:(${PEER})?${FAST}`),
  *find({ connectors }) {
    for (const each of connectors) {
      const groups = byGroup(each.uri ? each.targets : []);
      for (const members of groups) {
        const [first] = members;
        const preferred = members.find(({ index }) => index === 0);
        if (!first || !preferred || first === preferred) continue;
        yield {
          path: connectorPath(each),
          message: `The connector lists ${first.member.name} before ${preferred.member.name}, the preferred master of group ${preferred.group}`,
          advice: `List ${preferred.member.name} first`,
        };
      }
    }
  },
};

const noScheme: Rule = {
  code: "NO_SCHEME",
  severity: "error",
  condition: "An address in a connector's URI has no scheme: Java takes the host for one, or refuses the URI.",
  source:
    "Java's URI class on masterslave:(a:1,b:2): the scheme of the first address is a (run against URISupport of 6.1.8)",
  bad: link(`masterslave:(tcp://10.0.0.2:61617,10.0.0.1:61617)?${FAST}`),
  good: link(`masterslave:(${PEER})?${FAST}`),
  *find({ connectors }) {
    for (const each of connectors)
      for (const { text, scheme } of each.uri?.components ?? [])
        if (scheme === undefined && !text.includes("${"))
          yield {
            path: connectorPath(each),
            message: `The address ${text} has no scheme`,
            advice: `Write tcp://${text}`,
          };
  },
};

const blankInUri: Rule = {
  code: "BLANK_IN_URI",
  severity: "error",
  condition: "A connector's URI has a blank or a line break inside: the broker does not start.",
  source:
    "Java's URI class refuses blanks; a line break in an XML attribute becomes one (run against URISupport of 6.1.8)",
  bad: link(`masterslave:(tcp://10.0.0.2:61617, tcp://10.0.0.1:61617)?${FAST}`),
  good: link(`masterslave:(${PEER})?${FAST}`),
  *find({ connectors }) {
    for (const each of connectors)
      if (each.uri?.hasBlank)
        yield {
          path: connectorPath(each),
          message: "The URI has a blank inside, which Java refuses",
          advice: "Write the URI on one line without blanks",
        };
  },
};

const unknownOption: Rule = {
  code: "UNKNOWN_OPTION_DROPS_ORDER",
  severity: "error",
  condition:
    "A masterslave: URI has an option its agent does not know, which replaces randomize=false and the retry limit without a word.",
  source: "Run against Classic 6.1.8: masterslave:(a,b)?randomize=true connects with a bare failover:(a,b)",
  bad: link(`masterslave:(${PEER})?${FAST}&randomize=false`),
  good: link(`masterslave:(${PEER})?${FAST}`),
  *find(network) {
    for (const each of eachUri(network, "masterslave"))
      for (const name of each.uri.options.keys())
        if (!AGENT_OPTIONS.has(name) && !name.includes("${"))
          yield {
            path: connectorPath(each),
            message: `masterslave: does not know the option ${name}, and with it forgets the order of its addresses`,
            advice: `Remove ${name}; known are ${listed([...AGENT_OPTIONS])}`,
          };
  },
};

const oneUri: Rule = {
  code: "ONE_URI_IN_MASTERSLAVE",
  severity: "error",
  condition: "A masterslave: URI has one address: the broker does not start.",
  source: "Measured on Classic 6.1.8: BeanCreationException, Property 'uri' threw exception",
  bad: link(`masterslave:(tcp://10.0.0.2:61617)?${FAST}`),
  good: link(`masterslave:(${PEER})?${FAST}`),
  *find(network) {
    // A placeholder may stand for several.
    for (const each of eachUri(network, "masterslave"))
      if (each.uri.components.length === 1 && !each.uri.components[0]?.text.includes("${"))
        yield {
          path: connectorPath(each),
          message: "masterslave: has one address, and needs two or more",
          advice: "List all members of the group, or write static:(…) for a group of one",
        };
  },
};

export const URI_RULES: readonly Rule[] = [
  ownGroup,
  slowReconnect,
  staticToPair,
  slaveFirst,
  noScheme,
  blankInUri,
  unknownOption,
  oneUri,
];
