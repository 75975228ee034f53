/**
 * Predicts what happens to a network when hosts fail: which members are active, the load of each host, and where
 * messages still get.
 */
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Topology } from "../description/topology.ts";
import { type Network, networkOf } from "../network/network.ts";
import { type Reach, reachOf } from "../network/reach.ts";

/**
 * The state of a member. `cut`: its processes live, but its host cannot be reached. `unknown` only results from
 * probing.
 */
export type MemberState = "active" | "standby" | "down" | "cut" | "unknown";

/** Which members are active and where messages get, at one time. */
export interface NetworkState {
  /** By the member's name. */
  readonly members: Readonly<Record<string, MemberState>>;
  /** Active members by host; hosts that are down or cut off are left out. */
  readonly load: Readonly<Record<string, number>>;
  /** `reach.A.B`: the fewest connectors that a message from group A crosses to a consumer at group B. */
  readonly reach: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The result of a simulation; its own members, load and reach are those while the hosts are down. */
export interface Simulation extends NetworkState {
  /** With every host up; each group on its preferred master, unless `active` says otherwise. */
  readonly before: NetworkState;
  /** With the hosts back: members that took over stay active, because a store's lock is never handed back. */
  readonly after: NetworkState;
  /** Groups that were taken over by another member. */
  readonly takenOver: readonly string[];
  /** Groups without any member left. */
  readonly lost: readonly string[];
  /** Groups whose active member is cut off: it keeps the store's lock, so no other member takes over. */
  readonly stranded: readonly string[];
  /** The longest time that a group that is taken over has no active member, in ms; 0 if none is. */
  readonly outageMs: number;
}

/** What fails. */
export interface SimulateTopologyOptions {
  /** Names of hosts whose processes all end. */
  readonly failedHosts: readonly string[];
  /**
   * Names of hosts whose link goes down while their processes live; none when left out. The store is assumed to be
   * reachable without that link, like a disk that both hosts share: the lock stays with its holder.
   */
  readonly cutHosts?: readonly string[] | undefined;
  /** The active member of each group before the failure; the preferred master when left out. */
  readonly active?: Readonly<Record<string, string>> | undefined;
  /** The longest takeover in ms; 1,400 when left out, as measured with a lock requested every 200 ms. */
  readonly takeoverMs?: number | undefined;
}

/** The slowest takeover after a SIGKILL that was measured on both products, with a lock requested every 200 ms. */
const TAKEOVER_MS = 1_400;

/** Throws INVALID_ARGUMENT for a host that is not in the description. */
export function simulateTopology(topology: Topology, options: SimulateTopologyOptions): Simulation {
  const { failedHosts, cutHosts = [], active = {}, takeoverMs = TAKEOVER_MS } = options;
  refuseUnknown(topology, [...failedHosts, ...cutHosts]);
  const network = networkOf(topology);
  const failed = new Set(failedHosts);
  const outage: Outage = { down: failed, cut: new Set(cutHosts.filter((host) => !failed.has(host))) };
  const before = activeMembers(network, new Map(Object.entries(active)), NONE);
  // A member that is cut off keeps the lock of its store, and so stays the active member.
  const during = activeMembers(network, before, outage);
  // The lock is never handed back: the survivor keeps it. A group that was lost starts with its preferred master.
  const after = activeMembers(network, during, NONE);
  const groups = [...network.groups.keys()];
  const isStranded = (group: string) => outage.cut.has(hostOf(network, during.get(group)) ?? "");
  const takenOver = groups.filter(
    (group) => during.has(group) && during.get(group) !== before.get(group) && !isStranded(group),
  );
  return {
    ...stateOf(network, during, outage),
    before: stateOf(network, before, NONE),
    after: stateOf(network, after, NONE),
    takenOver,
    lost: groups.filter((group) => !during.has(group)),
    stranded: groups.filter(isStranded),
    outageMs: takenOver.length > 0 ? takeoverMs : 0,
  };
}

interface Outage {
  readonly down: ReadonlySet<string>;
  readonly cut: ReadonlySet<string>;
}

const NONE: Outage = { down: new Set(), cut: new Set() };

function refuseUnknown({ hosts }: Topology, names: readonly string[]): void {
  const unknown = names.find((host) => !Object.hasOwn(hosts, host));
  if (unknown === undefined) return;
  throw new InvalidArgumentError(`There is no host ${unknown}; the description has ${Object.keys(hosts).join(", ")}`);
}

function hostOf({ members }: Network, name: string | undefined): string | undefined {
  return members.get(name ?? "")?.member.host;
}

/** The active member of each group: it stays active while its host is up. */
function activeMembers(
  { groups }: Network,
  earlier: ReadonlyMap<string, string>,
  { down }: Outage,
): Map<string, string> {
  const active = new Map<string, string>();
  for (const [group, { members }] of groups) {
    const up = members.filter(({ host }) => !down.has(host));
    const next = up.find(({ name }) => name === earlier.get(group)) ?? up[0];
    if (next) active.set(group, next.name);
  }
  return active;
}

function stateOf(network: Network, active: ReadonlyMap<string, string>, { down, cut }: Outage): NetworkState {
  const members: Record<string, MemberState> = {};
  for (const { member, group } of network.members.values()) {
    const state = active.get(group) === member.name ? "active" : "standby";
    members[member.name] = down.has(member.host) ? "down" : cut.has(member.host) ? "cut" : state;
  }
  return networkState(network, members);
}

/** Derives the state of hosts and groups from the states of the members. */
export function networkState(network: Network, members: Readonly<Record<string, MemberState>>): NetworkState {
  const load: Record<string, number> = {};
  const served = new Set<string>();
  for (const host of Object.keys(network.topology.hosts)) {
    const own = [...network.members.values()].filter(({ member }) => member.host === host);
    const reached = own
      .map(({ member }) => members[member.name])
      .filter((state) => state === "active" || state === "standby");
    if (own.length === 0 || reached.length > 0) load[host] = reached.filter((state) => state === "active").length;
  }
  for (const { member, group } of network.members.values()) if (members[member.name] === "active") served.add(group);
  return { members, load, reach: plain(reachOf(network, (group) => served.has(group))) };
}

function plain(reach: Reach): Record<string, Record<string, number>> {
  return Object.fromEntries([...reach].map(([group, far]) => [group, Object.fromEntries([...far].sort())]));
}
