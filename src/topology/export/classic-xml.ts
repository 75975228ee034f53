/** activemq.xml of one Classic member. */
import type { Connector, Group, Member } from "../description/topology.ts";
import {
  addressOf,
  brokerIdOf,
  brokerNameOf,
  connectorName,
  type FollowedConnector,
  type Network,
} from "../network/network.ts";
import { connectorUri } from "../plan/connector-uri.ts";
import { connectorsOf } from "../plan/plan-topology.ts";
import { passwordText } from "./broker-secrets.ts";
import { writeXml, type XmlElement, xml } from "./xml-writer.ts";

const SPRING = "http://www.springframework.org/schema/beans";
const CORE = "http://activemq.apache.org/schema/core";
/** How often a standby requests the lock, in ms. Classic's default is 10 s. */
const LOCK_INTERVAL_MS = 200;
/**
 * Messages that a connector's selector does not match wait at the head of a queue; beyond this many, it sees no others.
 */
const MAX_PAGE_SIZE = 1_000;

/**
 * Both members of a group get the same brokerName and brokerId: the first names the network's durable subscriptions,
 * and the second stops loops (measured on 6.1.8).
 */
export function classicXml(network: Network, member: Member, groupName: string): string {
  const { topology } = network;
  const group = topology.groups[groupName] ?? { members: [] };
  const store = storeOf(group, groupName);
  const address = addressOf(topology, member.host);
  const broker = xml(
    "broker",
    {
      xmlns: CORE,
      brokerName: brokerNameOf(topology, groupName, member),
      brokerId: brokerIdOf(topology, groupName),
      dataDirectory: store,
      useJmx: false,
      advisorySupport: group.advisorySupport ?? true,
      useShutdownHook: true,
    },
    [
      xml("destinationPolicy", {}, [xml("policyMap", {}, [xml("policyEntries", {}, policies(group))])]),
      xml("persistenceAdapter", {}, [
        xml("kahaDB", { directory: `${store}/kahadb`, journalMaxFileLength: `\${KAHADB_JOURNAL_FILE:32mb}` }, [
          xml("locker", {}, [xml("shared-file-locker", { lockAcquireSleepInterval: LOCK_INTERVAL_MS })]),
        ]),
      ]),
      ...networkConnectors(network, member.name, groupName),
      xml("transportConnectors", {}, transportConnectors(member, address)),
    ],
  );
  const root = xml(
    "beans",
    {
      xmlns: SPRING,
      "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
      "xsi:schemaLocation": `${SPRING} ${SPRING}/spring-beans.xsd ${CORE} ${CORE}/activemq-core.xsd`,
    },
    [xml("bean", { class: "org.springframework.context.support.PropertySourcesPlaceholderConfigurer" }), broker],
  );
  return writeXml(root, `${member.name}, member of group ${groupName}. Written by masterslave topology export`);
}

/** `${BROKER_STORE}` is the directory that all members of the group can reach. */
export function storeOf({ store, brokerName }: Group, group: string): string {
  return store ?? `\${BROKER_STORE:/store}/${brokerName ?? group}`;
}

function policies({ policies: given = [] }: Group): XmlElement[] {
  const entries = given.map(({ queue, replayWhenNoConsumers, enableAudit }) =>
    xml(
      "policyEntry",
      { queue, enableAudit, maxPageSize: MAX_PAGE_SIZE },
      replayWhenNoConsumers === undefined
        ? []
        : [
            xml("networkBridgeFilterFactory", {}, [
              xml("conditionalNetworkBridgeFilterFactory", { replayWhenNoConsumers }),
            ]),
          ],
    ),
  );
  return given.some(({ queue }) => queue === ">")
    ? entries
    : [...entries, xml("policyEntry", { queue: ">", maxPageSize: MAX_PAGE_SIZE })];
}

function networkConnectors(network: Network, member: string, group: string): XmlElement[] {
  const own = connectorsOf(network, member, group);
  return own.length === 0
    ? []
    : [
        xml(
          "networkConnectors",
          {},
          own.map((each) => networkConnector(network, each)),
        ),
      ];
}

function networkConnector(network: Network, each: FollowedConnector): XmlElement {
  const { connector } = each;
  const name = connectorName(each, network.connectors);
  return xml(
    "networkConnector",
    {
      name,
      uri: connectorUri(each, "classic"),
      duplex: connector.duplex ?? false,
      networkTTL: connector.networkTTL ?? 1,
      messageTTL: connector.messageTTL,
      consumerTTL: connector.consumerTTL,
      userName: connector.username,
      password: passwordText(connector, name),
    },
    destinations(connector),
  );
}

function destinations({ include, exclude, static: always }: Connector): XmlElement[] {
  const lists = {
    excludedDestinations: exclude,
    staticallyIncludedDestinations: always,
    dynamicallyIncludedDestinations: include,
  };
  return Object.entries(lists).flatMap(([name, list]) =>
    list === undefined || list.length === 0 ? [] : [xml(name, {}, list.map(destination))],
  );
}

function destination(text: string): XmlElement {
  const [type = "queue", physicalName = ""] = text.split("://");
  return xml(type, { physicalName });
}

function transportConnectors({ ports }: Member, address: string): XmlElement[] {
  const schemes = {
    openwire: "tcp",
    "openwire+ssl": "ssl",
    stomp: "stomp",
    "stomp+ssl": "stomp+ssl",
    amqp: "amqp",
    amqps: "amqp+ssl",
    mqtt: "mqtt",
    ws: "ws",
    http: "http",
    core: "tcp",
  };
  return Object.entries(ports).map(([name, port]) => {
    // Without this transformer OpenWire and STOMP consumers get encoded AMQP.
    const options = name === "amqp" || name === "amqps" ? "?transport.transformer=jms" : "";
    const host = address.includes(":") ? `[${address}]` : address;
    return xml("transportConnector", {
      name,
      uri: `${schemes[name as keyof typeof schemes]}://\${BROKER_HOST:${host}}:${port}${options}`,
    });
  });
}
