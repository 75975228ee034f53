/** Reads the brokers of an activemq.xml, which may contain several, as beans or bare. */
import type { Attr, Element } from "@xmldom/xmldom";
import type { Connector, DestinationPolicy, PortName } from "../description/topology.ts";
import { isDynamic, readDiscoveryUri } from "../network/discovery-uri.ts";
import { addressIn, memberName, type ReadBroker, type ReadConnector, type ReadDeps, readAcceptor } from "./broker.ts";
import { children, descendants, elements, type Place, placeOf } from "./xml-document.ts";

/**
 * The elements allowed in a <networkConnector>. Published files have others, with which the broker refuses to start.
 */
const CONNECTOR_CHILDREN = new Set([
  ...["dynamicallyIncludedDestinations", "excludedDestinations", "staticallyIncludedDestinations"],
  ...["durableDestinations", "filter", "brokerService", "property", "sslContext"],
]);

export function readClassicBrokers(root: Element, deps: ReadDeps): ReadBroker[] {
  const brokers = root.localName === "broker" ? [root] : descendants(root, "broker");
  return brokers.map((element, index) => readBroker(element, memberName(deps.file, index), deps));
}

function readBroker(element: Element, member: string, deps: ReadDeps): ReadBroker {
  const attribute = attributesOf(element, deps);
  const acceptors = descendants(element, "transportConnector").flatMap(
    (each) => readAcceptor(attributesOf(each, deps).value("uri") ?? "") ?? [],
  );
  const ports: Partial<Record<PortName, number>> = {};
  for (const { name, port } of acceptors) ports[name] ??= port;
  const store = storeOf(element, deps);
  return {
    product: "classic",
    member,
    brokerName: attribute.value("brokerName"),
    brokerId: attribute.value("brokerId"),
    store,
    address: addressIn(acceptors.map(({ host }) => host)),
    ports,
    isBackup: false,
    advisorySupport: attribute.value("advisorySupport") !== "false",
    policies: descendants(element, "policyEntry").flatMap((each) => readPolicy(each, deps)),
    connectors: descendants(element, "networkConnector").map((each) => readConnector(each, deps)),
    place: placeOf(element, deps.file),
    places: {
      brokerId: attribute.place("brokerId"),
      brokerName: attribute.place("brokerName"),
      advisorySupport: attribute.place("advisorySupport"),
    },
  };
}

interface Attributes {
  value(name: string): string | undefined;
  place(name: string): Place;
}

function attributesOf(element: Element, deps: ReadDeps): Attributes {
  const found = (name: string): Attr | null => element.getAttributeNode(name);
  const place = (name: string) => placeOf(found(name) ?? element, deps.file);
  return {
    value: (name) => {
      const attribute = found(name);
      return attribute ? deps.value(attribute.value, place(name)) : undefined;
    },
    place,
  };
}

/** The directory of a shared store; undefined for a placeholder, which each broker may replace differently. */
function storeOf(element: Element, deps: ReadDeps): string | undefined {
  const adapters = ["kahaDB", "mKahaDB", "levelDB", "journaledJDBC", "amqPersistenceAdapter"].flatMap((name) =>
    descendants(element, name),
  );
  const directory = adapters
    .map((each) => attributesOf(each, deps).value("directory"))
    .find((each) => each !== undefined);
  return directory === undefined || /[${}]/.test(directory) ? undefined : directory.replace(/\/kahadb\/?$/, "");
}

function readPolicy(element: Element, deps: ReadDeps): DestinationPolicy[] {
  const attribute = attributesOf(element, deps);
  const queue = attribute.value("queue");
  const filter = descendants(element, "conditionalNetworkBridgeFilterFactory")[0];
  const replay = filter && attributesOf(filter, deps).value("replayWhenNoConsumers");
  if (queue === undefined || replay === undefined) return [];
  const audit = attribute.value("enableAudit");
  return [
    { queue, replayWhenNoConsumers: replay === "true", ...(audit !== undefined && { enableAudit: audit === "true" }) },
  ];
}

function readConnector(element: Element, deps: ReadDeps): ReadConnector {
  const attribute = attributesOf(element, deps);
  const uri = attribute.value("uri");
  const place = placeOf(element, deps.file);
  for (const each of elements(element))
    if (!CONNECTOR_CHILDREN.has(each.localName ?? ""))
      deps.report(
        "UNKNOWN_ELEMENT",
        placeOf(each, deps.file),
        `<networkConnector> has no child <${each.localName}>`,
        "Write it as an attribute, or remove it: the broker does not start with it",
      );
  const agent = uri === undefined ? undefined : readDiscoveryUri(uri).agent;
  if (isDynamic(agent))
    deps.report(
      "DISCOVERY_NOT_FOLLOWED",
      attribute.place("uri"),
      `The connector finds its brokers by ${agent}:`,
      "Describe the network by hand to have it checked",
    );
  const number = (name: string): number | undefined => {
    const text = attribute.value(name);
    return text !== undefined && /^-?\d{1,4}$/.test(text) ? Number(text) : undefined;
  };
  const flag = (name: string) => (attribute.value(name) === "true" ? true : undefined);
  const connector: Omit<Connector, "from" | "to"> = {
    // Classic's own name for a connector without one.
    name: attribute.value("name") ?? "NC",
    uri,
    duplex: flag("duplex"),
    networkTTL: number("networkTTL"),
    messageTTL: number("messageTTL"),
    consumerTTL: number("consumerTTL"),
    include: destinationsIn(element, "dynamicallyIncludedDestinations", deps),
    exclude: destinationsIn(element, "excludedDestinations", deps),
    static: destinationsIn(element, "staticallyIncludedDestinations", deps),
    username: attribute.value("userName"),
    password: passwordOf(attribute.value("password")),
  };
  return { connector, place, places: { uri: attribute.place("uri"), password: attribute.place("password") } };
}

/** A lone placeholder is read as the variable that it stands for. */
function passwordOf(text: string | undefined): Connector["password"] {
  const name = /^\$\{([A-Za-z_]\w*)\}$/.exec(text ?? "")?.[1];
  return name === undefined ? text : { env: name };
}

function destinationsIn(element: Element, name: string, deps: ReadDeps): string[] | undefined {
  const found = children(element, name)
    .flatMap(elements)
    .flatMap((each) => {
      const physicalName = attributesOf(each, deps).value("physicalName");
      const type = /topic/i.test(each.localName ?? "") ? "topic" : "queue";
      return physicalName === undefined ? [] : [`${type}://${physicalName}`];
    });
  return found.length === 0 ? undefined : found;
}
