/** How far messages get: hops between groups under the connectors' time to live. */
import { type Flow, type Network, outgoingFlows } from "./network.ts";

/** `reach.get("A").get("B")`: the fewest connectors that a message from A crosses to a consumer at B. */
export type Reach = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * A message is stopped when it has crossed `messageTTL` connectors, and the news of its consumer when that has crossed
 * `consumerTTL` (NetworkBridgeFilter and DemandForwardingBridgeSupport of Classic 6.1.8). So connector i of n needs
 * messageTTL >= i and consumerTTL >= n - i + 1.
 */
export function reachOf(network: Network, isUp: (group: string) => boolean = () => true): Reach {
  const flows = network.flows.filter(({ from, to }) => from !== to && isUp(from) && isUp(to));
  const names = [...network.groups.keys()];
  const ttls = flows.flatMap(({ by }) => [by.messageTTL, by.consumerTTL]);
  const limits: Limits = {
    enough: Math.min(...ttls, names.length),
    longest: Math.min(names.length - 1, Math.max(0, ...flows.map(({ by }) => by.messageTTL))),
  };
  const outgoing = outgoingFlows(flows);
  return new Map(names.map((name) => [name, isUp(name) ? reachFrom(name, outgoing, limits) : new Map()]));
}

interface Limits {
  /** Every way of so many connectors is allowed by all of them. */
  readonly enough: number;
  /** No way of more connectors is allowed by any of them. */
  readonly longest: number;
}

function reachFrom(
  start: string,
  outgoing: ReadonlyMap<string, readonly Flow[]>,
  { enough, longest }: Limits,
): Map<string, number> {
  const shortest = hopsFrom(start, outgoing);
  const found = new Map([...shortest].filter(([, hops]) => hops <= enough));
  // Where connectors differ, a longer way can be allowed where the shortest one is not.
  for (let length = enough + 1; length <= longest && found.size < shortest.size; length += 1)
    for (const name of endsAfter(start, outgoing, length))
      if (name !== start && !found.has(name)) found.set(name, length);
  return found;
}

/** The groups at the end of allowed ways of exactly so many connectors. */
function endsAfter(start: string, outgoing: ReadonlyMap<string, readonly Flow[]>, length: number): Set<string> {
  let front = new Set([start]);
  for (let hop = 1; hop <= length; hop += 1) {
    const next = new Set<string>();
    for (const from of front)
      for (const { to, by } of outgoing.get(from) ?? [])
        if (by.messageTTL >= hop && by.consumerTTL >= length - hop + 1) next.add(to);
    front = next;
  }
  return front;
}

/** The fewest connectors from each group to each other one, whatever the time to live. */
export function hopsOf(network: Network): Reach {
  const outgoing = outgoingFlows(network.flows.filter(({ from, to }) => from !== to));
  return new Map([...network.groups.keys()].map((name) => [name, hopsFrom(name, outgoing)]));
}

function hopsFrom(start: string, outgoing: ReadonlyMap<string, readonly Flow[]>): Map<string, number> {
  const found = new Map([[start, 0]]);
  const queue = [start];
  for (let at = 0; at < queue.length; at += 1) {
    const from = queue[at] ?? start;
    for (const { to } of outgoing.get(from) ?? []) {
      if (found.has(to)) continue;
      found.set(to, (found.get(from) ?? 0) + 1);
      queue.push(to);
    }
  }
  found.delete(start);
  return found;
}
