/** What happens to a network when hosts fail: who is active, what each host carries, and where messages still get. */
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Topology } from "../description/topology.ts";
import { type Network, networkOf } from "../network/network.ts";
import { type Reach, reachOf } from "../network/reach.ts";

/** What a member does. `unknown` is for states that come from probing. */
export type MemberState = "active" | "standby" | "down" | "unknown";

/** Who is active and where messages get, at one time. */
export interface NetworkState {
  /** By the member's name. */
  readonly members: Readonly<Record<string, MemberState>>;
  /** Active members by host; hosts that are down are left out. */
  readonly load: Readonly<Record<string, number>>;
  /** `reach.A.B`: the fewest connectors that a message from group A crosses to a consumer at group B. */
  readonly reach: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** What a simulation says; its own members, load and reach are those while the hosts are down. */
export interface Simulation extends NetworkState {
  /** With every host up, each group on its preferred master. */
  readonly before: NetworkState;
  /** With the hosts back: who has taken over stays active, for a store's lock is given up by nobody. */
  readonly after: NetworkState;
  /** Groups that were taken over by another member. */
  readonly takenOver: readonly string[];
  /** Groups of which no member is left. */
  readonly lost: readonly string[];
  /** How long a group that is taken over has no active member, in milliseconds, at most; 0 when none is. */
  readonly outageMs: number;
}

/** What fails. */
export interface SimulateTopologyOptions {
  /** Names of hosts whose processes all end. */
  readonly failedHosts: readonly string[];
  /** The longest takeover, milliseconds; 1,400, which is what was measured with a lock asked for every 200 ms. */
  readonly takeoverMs?: number | undefined;
}

/** The slowest takeover after a SIGKILL that was measured, on both products, with a lock asked for every 200 ms. */
const TAKEOVER_MS = 1_400;

/** Throws INVALID_ARGUMENT for a host that the description does not have. */
export function simulateTopology(topology: Topology, options: SimulateTopologyOptions): Simulation {
  const { failedHosts, takeoverMs = TAKEOVER_MS } = options;
  const unknown = failedHosts.find((host) => !Object.hasOwn(topology.hosts, host));
  if (unknown !== undefined) {
    const known = Object.keys(topology.hosts).join(", ");
    throw new InvalidArgumentError(`There is no host ${unknown}; the description has ${known}`);
  }
  const network = networkOf(topology);
  const failed = new Set(failedHosts);
  const before = activeMembers(network, new Map(), new Set());
  const during = activeMembers(network, before, failed);
  // Nobody hands back: the survivor holds the lock. A group that was lost starts with its preferred master.
  const after = activeMembers(network, during, new Set());
  const groups = [...network.groups.keys()];
  const takenOver = groups.filter((group) => during.has(group) && during.get(group) !== before.get(group));
  return {
    ...stateOf(network, during, failed),
    before: stateOf(network, before, new Set()),
    after: stateOf(network, after, new Set()),
    takenOver,
    lost: groups.filter((group) => !during.has(group)),
    outageMs: takenOver.length > 0 ? takeoverMs : 0,
  };
}

/** The active member of each group: who was active stays so while its host is up. */
function activeMembers(
  { groups }: Network,
  earlier: ReadonlyMap<string, string>,
  down: ReadonlySet<string>,
): Map<string, string> {
  const active = new Map<string, string>();
  for (const [group, { members }] of groups) {
    const up = members.filter(({ host }) => !down.has(host));
    const next = up.find(({ name }) => name === earlier.get(group)) ?? up[0];
    if (next) active.set(group, next.name);
  }
  return active;
}

function stateOf(network: Network, active: ReadonlyMap<string, string>, down: ReadonlySet<string>): NetworkState {
  const members: Record<string, MemberState> = {};
  const load = Object.fromEntries(
    Object.keys(network.topology.hosts).flatMap((host) => (down.has(host) ? [] : [[host, 0]])),
  );
  for (const { member, group } of network.members.values()) {
    const isActive = active.get(group) === member.name;
    members[member.name] = down.has(member.host) ? "down" : isActive ? "active" : "standby";
    if (isActive) load[member.host] = (load[member.host] ?? 0) + 1;
  }
  return { members, load, reach: plain(reachOf(network, (group) => active.has(group))) };
}

function plain(reach: Reach): Record<string, Record<string, number>> {
  return Object.fromEntries([...reach].map(([group, far]) => [group, Object.fromEntries([...far].sort())]));
}
