/**
 * Decides which brokers form a group: those with one store, those with one name, and those that a connector lists
 * together as a pair.
 */
import { readDiscoveryUri } from "../network/discovery-uri.ts";
import type { ReadBroker } from "./broker.ts";

/** The brokerNames of the default configurations: they identify nothing. */
const DEFAULT_NAMES = new Set(["localhost", "0.0.0.0", ""]);

/** Returns the groups in the order of their first brokers; within a group primaries come before backups. */
export function groupBrokers(brokers: readonly ReadBroker[]): ReadBroker[][] {
  const leader = new Map(brokers.map((broker) => [broker, broker]));
  const find = (broker: ReadBroker): ReadBroker => {
    const above = leader.get(broker) ?? broker;
    return above === broker ? broker : find(above);
  };
  const join = (group: readonly ReadBroker[]) => {
    const [first, ...rest] = group;
    for (const each of rest) if (first) leader.set(find(each), find(first));
  };
  for (const key of ["store", "brokerName"] as const) {
    const told = brokers.filter(
      (each) => each[key] !== undefined && !DEFAULT_NAMES.has(each[key] ?? "") && !/[${}]/.test(each[key] ?? ""),
    );
    for (const value of new Set(told.map((each) => each[key]))) join(told.filter((each) => each[key] === value));
  }
  for (const pair of pairsIn(brokers)) join(pair);
  const groups = new Map<ReadBroker, ReadBroker[]>();
  for (const broker of brokers) groups.set(find(broker), [...(groups.get(find(broker)) ?? []), broker]);
  return [...groups.values()].map((group) => [
    ...group.filter((each) => !each.isBackup),
    ...group.filter((each) => each.isBackup),
  ]);
}

/**
 * The brokers that a masterslave: URI of another broker lists together. A broker's own list may contain all brokers.
 */
function pairsIn(brokers: readonly ReadBroker[]): ReadBroker[][] {
  return brokers.flatMap((owner) =>
    owner.connectors.flatMap(({ connector }) => {
      const { agent, inner, components } = readDiscoveryUri(connector.uri ?? "");
      if (agent !== "masterslave" && inner !== "failover") return [];
      const named = components.flatMap(({ host, port }) => brokers.find((each) => isAt(each, host, port)) ?? []);
      return named.includes(owner) ? [] : [named];
    }),
  );
}

function isAt({ address, member, ports }: ReadBroker, host: string | undefined, port: number | undefined): boolean {
  if (host === undefined || (host !== address && host !== member)) return false;
  return port === undefined || Object.values(ports).includes(port) || Object.keys(ports).length === 0;
}
