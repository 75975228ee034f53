/** broker.xml of one Artemis member. */
import type { Member } from "../description/topology.ts";
import {
  addressOf,
  brokerNameOf,
  brokerPort,
  connectorName,
  type FollowedConnector,
  type Network,
} from "../network/network.ts";
import { connectorUri, isAmqp } from "../plan/connector-uri.ts";
import { connectorsOf } from "../plan/plan-topology.ts";
import { passwordText } from "./broker-secrets.ts";
import { storeOf } from "./classic-xml.ts";
import { writeXml, type XmlElement, xml } from "./xml-writer.ts";

/** How long a connector waits before it tries again, in ms. */
const RETRY_MS = 200;

/**
 * The first member is the primary; the others are backups with the same store, which stay active after they have taken
 * over.
 */
export function artemisXml(network: Network, member: Member, groupName: string): string {
  const { topology } = network;
  const group = topology.groups[groupName] ?? { members: [] };
  const address = addressOf(topology, member.host);
  const store = storeOf(group, groupName);
  const own = connectorsOf(network, member.name, groupName);
  // Artemis connects one way: the other end of a duplex connector gets a connector of its own.
  const back = network.connectors.filter(
    ({ kind, connector, to }) => kind === "network" && connector.duplex && to.includes(groupName),
  );
  const core = xml("core", { xmlns: "urn:activemq:core" }, [
    xml("name", {}, brokerNameOf(topology, groupName, member)),
    xml("persistence-enabled", {}, "true"),
    ...["journal", "bindings", "paging", "large-messages"].map((part) =>
      xml(`${part}-directory`, {}, `${store}/${part}`),
    ),
    xml("connectors", {}, brokerConnectors(network, groupName, own, back)),
    xml("acceptors", {}, acceptors(member, address)),
    xml("cluster-user", {}, `\${CLUSTER_USER:cluster}`),
    xml("cluster-password", {}, `\${CLUSTER_PASSWORD}`),
    haPolicy(group.members.indexOf(member)),
    ...clusterConnections(network, member, groupName, own, back),
    ...bridges(network, own),
    ...amqpConnections(network, own),
    securitySettings(),
    addressSettings(),
  ]);
  const root = xml("configuration", { xmlns: "urn:activemq" }, [core]);
  return writeXml(root, `${member.name}, member of group ${groupName}. Written by masterslave topology export`);
}

function haPolicy(index: number): XmlElement {
  const role =
    index <= 0
      ? xml("primary", {}, [xml("failover-on-shutdown", {}, "true")])
      : xml("backup", {}, [xml("allow-failback", {}, "false"), xml("failover-on-shutdown", {}, "true")]);
  return xml("ha-policy", {}, [xml("shared-store", {}, [role])]);
}

function acceptors({ ports }: Member, address: string): XmlElement[] {
  const protocols = {
    core: "CORE",
    openwire: "OPENWIRE",
    "openwire+ssl": "OPENWIRE",
    stomp: "STOMP",
    "stomp+ssl": "STOMP",
    amqp: "AMQP",
    amqps: "AMQP",
    mqtt: "MQTT",
    ws: "STOMP",
    http: "CORE",
  };
  return Object.entries(ports).map(([name, port]) => {
    const tls = name.endsWith("ssl") || name === "amqps" ? ";sslEnabled=true" : "";
    const host = address.includes(":") ? `[${address}]` : address;
    const uri = `tcp://\${BROKER_HOST:${host}}:${port}?protocols=${protocols[name as keyof typeof protocols]}${tls}`;
    return xml("acceptor", { name }, uri);
  });
}

/** The addresses that this broker needs: its own, its partners', and those of the members of its targets. */
function brokerConnectors(
  network: Network,
  group: string,
  own: readonly FollowedConnector[],
  back: readonly FollowedConnector[],
): XmlElement[] {
  const partners = [...network.members.values()].filter((each) => each.group === group);
  const targets = own.filter(({ kind }) => !isAmqp(kind)).flatMap((each) => each.targets);
  const sources = back.flatMap(({ from }) => [...network.members.values()].filter((each) => each.group === from));
  const all = new Map([...partners, ...targets, ...sources].map((each) => [each.member.name, each]));
  return [...all.values()].flatMap((each) => {
    const port = brokerPort(each.member, "artemis");
    const host = each.address.includes(":") ? `[${each.address}]` : each.address;
    return port ? [xml("connector", { name: each.member.name }, `tcp://${host}:${port.port}`)] : [];
  });
}

/** One cluster connection for each connector, and one for the pair itself if it has none. */
function clusterConnections(
  network: Network,
  member: Member,
  group: string,
  own: readonly FollowedConnector[],
  back: readonly FollowedConnector[],
): XmlElement[] {
  const partners = [...network.members.values()]
    .filter((each) => each.group === group && each.member !== member)
    .map((each) => each.member.name);
  const ways = [
    ...own
      .filter(({ kind }) => kind === "network")
      .map((each) => ({ each, targets: each.targets.map((target) => target.member.name) })),
    ...back.map((each) => ({ each, targets: network.groups.get(each.from)?.members.map(({ name }) => name) ?? [] })),
  ];
  if (ways.length === 0 && partners.length === 0) return [];
  const connections = ways.map(({ each, targets }) =>
    clusterConnection(connectorName(each, network.connectors), member.name, each.messageTTL, [...partners, ...targets]),
  );
  return [
    xml(
      "cluster-connections",
      {},
      connections.length > 0 ? connections : [clusterConnection("pair", member.name, 1, partners)],
    ),
  ];
}

function clusterConnection(name: string, self: string, ttl: number, targets: readonly string[]): XmlElement {
  return xml("cluster-connection", { name }, [
    xml("connector-ref", {}, self),
    xml("retry-interval", {}, String(RETRY_MS)),
    xml("message-load-balancing", {}, "ON_DEMAND"),
    xml("max-hops", {}, String(ttl === Number.POSITIVE_INFINITY ? 100 : ttl)),
    xml(
      "static-connectors",
      {},
      targets.map((target) => xml("connector-ref", {}, target)),
    ),
  ]);
}

function bridges(network: Network, own: readonly FollowedConnector[]): XmlElement[] {
  const found = own
    .filter(({ kind }) => kind === "core-bridge")
    .flatMap((each) => {
      const name = connectorName(each, network.connectors);
      const queues = [...(each.connector.include ?? []), ...(each.connector.static ?? [])].filter((text) =>
        text.startsWith("queue://"),
      );
      return queues.map((queue, index) =>
        xml("bridge", { name: queues.length === 1 ? name : `${name}-${index + 1}` }, [
          xml("queue-name", {}, queue.slice("queue://".length)),
          xml("ha", {}, "true"),
          xml("retry-interval", {}, String(RETRY_MS)),
          xml("reconnect-attempts", {}, "-1"),
          xml("use-duplicate-detection", {}, "true"),
          ...(each.connector.username === undefined ? [] : [xml("user", {}, each.connector.username)]),
          ...passwordElement(each, name),
          xml(
            "static-connectors",
            {},
            each.targets.map(({ member }) => xml("connector-ref", {}, member.name)),
          ),
        ]),
      );
    });
  return found.length === 0 ? [] : [xml("bridges", {}, found)];
}

function amqpConnections(network: Network, own: readonly FollowedConnector[]): XmlElement[] {
  const found = own
    .filter(({ kind }) => isAmqp(kind))
    .map((each) => {
      const name = connectorName(each, network.connectors);
      const { username: user } = each.connector;
      const attributes = {
        uri: connectorUri(each, "artemis"),
        name,
        user,
        password: passwordText(each.connector, name),
        "retry-interval": RETRY_MS,
      };
      return xml("amqp-connection", attributes, amqpElements(each, name));
    });
  return found.length === 0 ? [] : [xml("broker-connections", {}, found)];
}

function amqpElements({ kind, connector }: FollowedConnector, name: string): XmlElement[] {
  const addresses = [...(connector.include ?? []), ...(connector.static ?? [])].map((text) =>
    text.replace(/^\w+:\/\//, "").replaceAll(">", "#"),
  );
  if (kind === "mirror") return [xml("mirror")];
  if (kind === "federation") {
    const matches = addresses.map((match) => xml("include", { "address-match": match, "queue-match": "#" }));
    return [xml("federation", {}, [xml("local-queue-policy", { name }, matches)])];
  }
  return addresses.map((match) => xml(kind, { "address-match": match }));
}

/** The role that `artemis create` gives its first user. */
const ROLE = "amq";
const PERMISSIONS = [
  ...["createNonDurableQueue", "deleteNonDurableQueue", "createDurableQueue", "deleteDurableQueue", "createAddress"],
  ...["deleteAddress", "consume", "browse", "send", "manage"],
];

function securitySettings(): XmlElement {
  const permissions = PERMISSIONS.map((type) => xml("permission", { type, roles: ROLE }));
  return xml("security-settings", {}, [xml("security-setting", { match: "#" }, permissions)]);
}

/** Artemis forgets duplicate ids together with the queue; then a resend would be stored twice. */
function addressSettings(): XmlElement {
  return xml("address-settings", {}, [
    xml("address-setting", { match: "#" }, [
      xml("redistribution-delay", {}, "0"),
      xml("auto-delete-queues", {}, "false"),
    ]),
  ]);
}

function passwordElement({ connector }: FollowedConnector, name: string): XmlElement[] {
  const password = passwordText(connector, name);
  return password === undefined ? [] : [xml("password", {}, password)];
}
