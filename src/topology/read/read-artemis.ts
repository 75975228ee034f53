/** Reads an Artemis broker.xml, with both spellings of its HA policies: primary and backup, master and slave. */
import type { Element } from "@xmldom/xmldom";
import type { Connector, ConnectorKind, PortName } from "../description/topology.ts";
import { addressIn, memberName, type ReadBroker, type ReadConnector, type ReadDeps, readAcceptor } from "./broker.ts";
import { child, children, descendants, type Place, placeOf, textOf } from "./xml-document.ts";

const PROTOCOLS: Readonly<Record<string, PortName>> = {
  CORE: "core",
  STOMP: "stomp",
  AMQP: "amqp",
  OPENWIRE: "openwire",
  MQTT: "mqtt",
};

export function readArtemisBroker(core: Element, deps: ReadDeps): ReadBroker {
  const read = (element: Element | undefined) => {
    const text = textOf(element);
    return element && text !== undefined ? deps.value(text, placeOf(element, deps.file)) : undefined;
  };
  const acceptors = descendants(core, "acceptor").map((each) => read(each) ?? "");
  const journal = read(child(core, "journal-directory"));
  const connectors = new Map(
    descendants(core, "connector").map((each) => [each.getAttribute("name") ?? "", read(each) ?? ""]),
  );
  for (const name of ["federations", "lock-coordinators", "connection-routers"])
    for (const each of children(core, name))
      deps.report(
        "NOT_MODELLED",
        placeOf(each, deps.file),
        `<${name}> is not part of descriptions`,
        "Look at it by hand: check does not see it",
      );
  return {
    product: "artemis",
    member: memberName(deps.file, 0),
    brokerName: read(child(core, "name")),
    brokerId: undefined,
    store:
      journal === undefined || /[${}]/.test(journal) || !journal.startsWith("/")
        ? undefined
        : journal.replace(/\/journal\/?$/, ""),
    address: addressIn(acceptors.flatMap((each) => readAcceptor(each)?.host ?? [])),
    ports: portsOf(acceptors),
    isBackup: ["backup", "slave"].some((name) => descendants(core, name).length > 0),
    advisorySupport: true,
    policies: [],
    connectors: [
      ...descendants(core, "cluster-connection").flatMap((each) => clusterConnection(each, connectors, deps)),
      ...descendants(core, "bridge").flatMap((each) =>
        child(each, "queue-name") ? [bridge(each, connectors, deps, read)] : [],
      ),
      ...descendants(core, "amqp-connection").flatMap((each) => amqpConnection(each, deps)),
    ],
    place: placeOf(core, deps.file),
    places: {},
  };
}

function portsOf(acceptors: readonly string[]): Partial<Record<PortName, number>> {
  const ports: Partial<Record<PortName, number>> = {};
  for (const text of acceptors) {
    const port = readAcceptor(text)?.port;
    const protocols = /protocols=([\w,]+)/i.exec(text)?.[1]?.toUpperCase().split(",") ?? ["CORE"];
    const isSecure = /sslEnabled=true/i.test(text);
    // One acceptor for all protocols counts as the port that other brokers use.
    const [protocol = "CORE"] = protocols.includes("CORE") ? ["CORE"] : protocols;
    const plain = PROTOCOLS[protocol];
    if (port === undefined || !plain) continue;
    const secure: Partial<Record<PortName, PortName>> = { stomp: "stomp+ssl", amqp: "amqps", openwire: "openwire+ssl" };
    ports[(isSecure && secure[plain]) || plain] ??= port;
  }
  return ports;
}

function referenced(element: Element, connectors: ReadonlyMap<string, string>): string[] {
  const list = child(element, "static-connectors");
  return (list ? children(list, "connector-ref") : []).flatMap((each) => connectors.get(textOf(each) ?? "") ?? []);
}

function clusterConnection(element: Element, connectors: ReadonlyMap<string, string>, deps: ReadDeps): ReadConnector[] {
  const place = placeOf(element, deps.file);
  const group = child(element, "discovery-group-ref");
  if (group) {
    deps.report(
      "DISCOVERY_NOT_FOLLOWED",
      placeOf(group, deps.file),
      "The cluster connection finds its brokers by a discovery group",
      "Describe the network by hand to have it checked",
    );
    return [];
  }
  const targets = referenced(element, connectors);
  const hops = Number(textOf(child(element, "max-hops")) ?? "1");
  const networkTTL = Number.isInteger(hops) && hops >= 0 && hops <= 1000 ? hops : undefined;
  const name = element.getAttribute("name") ?? "cluster";
  return targets.length === 0 ? [] : [found({ name, networkTTL, uri: targets.join("#") }, place)];
}

function bridge(
  element: Element,
  connectors: ReadonlyMap<string, string>,
  deps: ReadDeps,
  read: (element: Element | undefined) => string | undefined,
): ReadConnector {
  const queue = read(child(element, "queue-name")) ?? "";
  const place = placeOf(element, deps.file);
  const connector = {
    name: element.getAttribute("name") ?? undefined,
    kind: "core-bridge" as const,
    uri: referenced(element, connectors).join("#") || undefined,
    include: [`queue://${queue}`],
    username: read(child(element, "user")),
    password: passwordOf(read(child(element, "password"))),
  };
  return found(connector, place);
}

const AMQP_KINDS: readonly ConnectorKind[] = ["sender", "receiver", "mirror", "federation"];

function amqpConnection(element: Element, deps: ReadDeps): ReadConnector[] {
  const attribute = (name: string) => {
    const node = element.getAttributeNode(name);
    return node ? deps.value(node.value, placeOf(node, deps.file)) : undefined;
  };
  const place = placeOf(element, deps.file);
  const uriPlace = placeOf(element.getAttributeNode("uri") ?? element, deps.file);
  return AMQP_KINDS.flatMap((kind) => {
    const parts = children(element, kind);
    if (parts.length === 0) return [];
    const matches = kind === "federation" ? parts.flatMap((each) => descendants(each, "include")) : parts;
    const include = matches
      .flatMap((each) => each.getAttribute("address-match") ?? [])
      .map((match) => `queue://${match}`);
    const connector = {
      name: attribute("name"),
      kind,
      uri: attribute("uri"),
      include: include.length > 0 ? include : undefined,
      username: attribute("user"),
      password: passwordOf(attribute("password")),
    };
    return [found(connector, place, { uri: uriPlace })];
  });
}

function passwordOf(text: string | undefined): Connector["password"] {
  const name = /^\$\{([A-Za-z_]\w*)\}$/.exec(text ?? "")?.[1];
  return name === undefined ? text : { env: name };
}

function found(
  connector: Omit<Connector, "from" | "to">,
  place: Place,
  places: ReadConnector["places"] = {},
): ReadConnector {
  return { connector, place, places };
}
