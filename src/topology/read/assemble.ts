/** Combines brokers that were read together into one description, and remembers the position of each part. */
import { type ConfigPath, formatPath } from "../../config/finding.ts";
import type { Connector, Group, Host, Product, Topology } from "../description/topology.ts";
import { readDiscoveryUri } from "../network/discovery-uri.ts";
import { networkOf, productOf } from "../network/network.ts";
import { connectorUri } from "../plan/connector-uri.ts";
import type { ReadBroker, ReadConnector } from "./broker.ts";
import type { Place } from "./xml-document.ts";

export interface Assembled {
  readonly topology: Topology;
  /** By formatted path. */
  readonly places: ReadonlyMap<string, Place>;
}

export function assemble(groups: readonly (readonly ReadBroker[])[]): Assembled {
  const places = new Map<string, Place>();
  const note = (path: ConfigPath, place: Place | undefined) => place && places.set(formatPath(path), place);
  const hosts = hostsOf(groups.flat());
  for (const [name, { owner }] of hosts) note(["hosts", name], owner.place);
  const hostOf = (broker: ReadBroker) =>
    [...hosts].find(([, { brokers }]) => brokers.includes(broker))?.[0] ?? broker.member;
  const names = groupNames(groups);
  const read: Record<string, Group> = {};
  for (const [index, brokers] of groups.entries()) {
    const name = names[index] ?? `group${index + 1}`;
    read[name] = groupOf(name, brokers, hostOf);
    note(["groups", name], brokers[0]?.place);
    note(["groups", name, "brokerId"], brokers[0]?.places.brokerId);
    note(
      ["groups", name, "advisorySupport"],
      brokers.find(({ advisorySupport }) => !advisorySupport)?.places.advisorySupport,
    );
    for (const [at, broker] of brokers.entries()) note(["groups", name, "members", at], broker.place);
  }
  const products = new Set(groups.flat().map(({ product }) => product));
  const product: Product = products.has("classic") || products.size === 0 ? "classic" : "artemis";
  const plain = Object.fromEntries([...hosts].map(([name, { host }]) => [name, host]));
  const connectors = groups.flatMap((brokers, index) => connectorsOf(names[index] ?? "", brokers));
  const base: Topology = {
    product,
    hosts: plain,
    groups: read,
    connectors: connectors.map(({ connector }) => connector),
  };
  const followed = followTargets(base, connectors);
  for (const [index, { place, uriPlace, passwordPlace }] of followed.entries()) {
    note(["connectors", index], place);
    note(["connectors", index, "uri"], uriPlace);
    note(["connectors", index, "password"], passwordPlace);
  }
  return { topology: { ...base, connectors: followed.map(({ connector }) => connector) }, places };
}

interface PlacedConnector {
  readonly connector: Connector;
  readonly place: Place;
  readonly uriPlace: Place | undefined;
  readonly passwordPlace: Place | undefined;
}

/** Brokers that listen on one address share a host; each of the others is on a host of its own. */
function hostsOf(brokers: readonly ReadBroker[]) {
  const found = new Map<string, { readonly host: Host; readonly owner: ReadBroker; readonly brokers: ReadBroker[] }>();
  for (const broker of brokers) {
    const known =
      broker.address === undefined
        ? undefined
        : [...found.values()].find(({ host }) => host.address === broker.address);
    if (known) known.brokers.push(broker);
    else
      found.set(broker.address === undefined ? broker.member : `h${found.size + 1}`, {
        host: { address: broker.address ?? broker.member },
        owner: broker,
        brokers: [broker],
      });
  }
  return found;
}

function groupNames(groups: readonly (readonly ReadBroker[])[]): string[] {
  const taken = new Set<string>();
  return groups.map((brokers) => {
    const names = new Set(brokers.map(({ brokerName }) => brokerName));
    const [brokerName] = names;
    const isTelling =
      names.size === 1 && brokerName !== undefined && /^[\w.-]{1,90}$/.test(brokerName) && brokerName !== "localhost";
    const wanted = isTelling ? brokerName : (brokers[0]?.member ?? "group");
    let name = wanted;
    for (let number = 2; taken.has(name); number += 1) name = `${wanted}-${number}`;
    taken.add(name);
    return name;
  });
}

function groupOf(name: string, brokers: readonly ReadBroker[], hostOf: (broker: ReadBroker) => string): Group {
  const names = [...new Set(brokers.map(({ brokerName }) => brokerName ?? "localhost"))];
  const ids = new Set(brokers.map(({ brokerId }) => brokerId));
  const [id] = ids;
  const isClassic = brokers[0]?.product === "classic";
  const fixed = ids.size === 1 ? id : undefined;
  const store = brokers[0]?.store;
  const policies = brokers[0]?.policies ?? [];
  return {
    members: brokers.map((broker) => ({
      name: broker.member,
      host: hostOf(broker),
      ports: broker.ports,
      ...(names.length > 1 && { brokerName: broker.brokerName ?? "localhost" }),
    })),
    ...(names.length === 1 && names[0] !== name && { brokerName: names[0] }),
    ...(isClassic && fixed !== `ID:${names[0]}` && { brokerId: fixed ?? "random" }),
    ...(store !== undefined && store !== `/store/${names.length === 1 ? names[0] : name}` && { store }),
    ...(brokers.some(({ advisorySupport }) => !advisorySupport) && { advisorySupport: false }),
    ...(policies.length > 0 && { policies }),
  };
}

/** A connector that several members have identically is one connector. */
function connectorsOf(group: string, members: readonly ReadBroker[]): PlacedConnector[] {
  const brokers = members.map((broker) => ({
    ...broker,
    connectors: broker.connectors.flatMap((each) => withoutOwn(each, members)),
  }));
  const found = new Map<string, { readonly read: ReadBroker["connectors"][number]; readonly owners: string[] }>();
  for (const broker of brokers)
    for (const [index, read] of broker.connectors.entries()) {
      // Two identical connectors of one member are still two.
      const twin = broker.connectors
        .slice(0, index)
        .filter((each) => JSON.stringify(each.connector) === JSON.stringify(read.connector)).length;
      const key = `${twin} ${JSON.stringify(read.connector)}`;
      const known = found.get(key);
      if (known) known.owners.push(broker.member);
      else found.set(key, { read, owners: [broker.member] });
    }
  return [...found.values()].map(({ read, owners }) => {
    const some = owners.length === brokers.length ? {} : { members: owners };
    return {
      connector: withoutUndefined({ from: group, ...some, ...read.connector }),
      place: read.place,
      uriPlace: read.places.uri,
      passwordPlace: read.places.password,
    };
  });
}

/** The cluster connection of an Artemis pair lists the pair itself: that is how its members find each other. */
function withoutOwn(read: ReadConnector, members: readonly ReadBroker[]): ReadConnector[] {
  const { uri, kind } = read.connector;
  if (members[0]?.product !== "artemis" || kind !== undefined || uri === undefined) return [read];
  const isOwn = (address: string) => {
    const [{ host, port } = {}] = readDiscoveryUri(address).components;
    return members.some(
      (each) =>
        (host === each.address || host === each.member) && Object.values(each.ports).some((known) => known === port),
    );
  };
  const others = uri.split("#").filter((address) => !isOwn(address));
  return others.length === 0 ? [] : [{ ...read, connector: { ...read.connector, uri: others.join("#") } }];
}

function withoutUndefined(connector: Connector): Connector {
  return Object.fromEntries(
    Object.entries(connector).filter(([, value]) => value !== undefined),
  ) as unknown as Connector;
}

/** Names the target groups, and omits what a plan of the same connector would write anyway. */
function followTargets(base: Topology, connectors: readonly PlacedConnector[]): PlacedConnector[] {
  const followed = networkOf(base).connectors;
  const named = connectors.map((each, index): PlacedConnector => {
    const [to, ...others] = followed[index]?.to ?? [];
    const isOne = to !== undefined && others.length === 0;
    return isOne ? { ...each, connector: simplest(base, { ...each.connector, to }) } : each;
  });
  return joinDuplex(base, named);
}

function simplest(base: Topology, connector: Connector): Connector {
  const { uri, name, ...rest } = connector;
  const plain =
    name === `${connector.from}-to-${connector.to}` ? rest : { ...rest, ...(name !== undefined && { name }) };
  const product = productOf(base, connector.from);
  for (const reconnect of product === "classic" ? [undefined, "exponential" as const] : [undefined]) {
    const candidate: Connector = { ...plain, ...(reconnect && { reconnect }) };
    const planned = networkOf({ ...base, connectors: [candidate] }).connectors[0];
    if (!planned || uri === undefined) continue;
    if (connectorUri(planned, product) === uri) return candidate;
  }
  return { ...plain, ...(uri !== undefined && { uri }) };
}

/** On Artemis both ends of a duplex connector have a connector of the same name. */
function joinDuplex(base: Topology, connectors: readonly PlacedConnector[]): PlacedConnector[] {
  const joined = new Set<PlacedConnector>();
  const ends = new Set<PlacedConnector>();
  for (const each of connectors) {
    if (joined.has(each) || ends.has(each)) continue;
    const back = connectors.find(
      (other) => other !== each && !joined.has(other) && isWayBack(base, each.connector, other.connector),
    );
    if (!back) continue;
    // The end whose name need not be written is the one in the description.
    const isBack = back.connector.name === undefined && each.connector.name !== undefined;
    ends.add(isBack ? back : each);
    joined.add(isBack ? each : back);
  }
  return connectors
    .filter((each) => !joined.has(each))
    .map((each) => (ends.has(each) ? { ...each, connector: { ...each.connector, duplex: true } } : each));
}

function isWayBack(base: Topology, there: Connector, back: Connector): boolean {
  if (productOf(base, there.from) !== "artemis" || there.kind !== undefined || back.kind !== undefined) return false;
  const nameOf = ({ name, from, to }: Connector) => name ?? `${from}-to-${to}`;
  return there.to === back.from && back.to === there.from && nameOf(there) === nameOf(back);
}
