/** Several loads at once on one pair of brokers whose active member is killed again and again. */
import { setTimeout as sleep } from "node:timers/promises";
import { type MemberName, otherMember, type Protocol, type RealGroup } from "../group-contract.ts";
import type { LoadFindings } from "./loads/load.ts";
import { WatchedLoad } from "./watched-load.ts";

export interface LoadRunOptions {
  readonly loads: readonly string[];
  readonly rounds: number;
  readonly loadMs: number;
  readonly double: boolean;
  /** The prefix of all destinations' names. */
  readonly prefix: string;
  readonly log: (line: string) => void;
}

export interface LoadResult {
  readonly load: string;
  readonly kills: number;
  readonly longestOutageMs: number;
  readonly findings: LoadFindings;
}

/** A load that makes no progress for this long after a kill counts as hanging. */
const STALL_MS = 60_000;
/** Within this time nearly all sessions have been opened and the pending sends written again. */
const RESTORING_MS = 400;

/** Runs one combination on a started group, which it leaves running. */
export async function runLoads(group: RealGroup, protocol: Protocol, options: LoadRunOptions): Promise<LoadResult[]> {
  const { loads, rounds, loadMs, double, prefix, log } = options;
  const { product, credentials } = group;
  const target = { product, protocol, credentials, prefix, uri: group.uri(protocol) };
  const watched = loads.map((load) => new WatchedLoad(load, target, log));
  try {
    for (const each of watched) await each.start();
    let kills = 0;
    while (kills < rounds && watched.every(({ stalled }) => !stalled)) {
      // A random pause, so that each kill hits another moment of every load.
      await sleep(loadMs * (0.5 + Math.random()));
      const startedAt = performance.now();
      const waiting = double ? await killTwice(group) : await killOnce(group);
      kills += double ? 2 : 1;
      const activeMs = performance.now() - startedAt;
      await Promise.all(watched.map((each) => each.getOn(STALL_MS)));
      const allMs = performance.now() - startedAt;
      log(`kill ${kills}: active again after ${activeMs.toFixed()} ms, every load again after ${allMs.toFixed()} ms`);
      await group.start(waiting);
    }
    await sleep(loadMs);
    await Promise.all(watched.map((each) => each.stop()));
    await Promise.all(watched.map((each) => each.settle()));
    return watched.map(({ name, findings, longestOutageMs }) => ({ load: name, kills, longestOutageMs, findings }));
  } finally {
    await Promise.all(watched.map((each) => each.close()));
  }
}

/** Resolves when the other member is active and the killed one is back as its standby. */
async function killOnce(group: RealGroup): Promise<MemberName> {
  const killed = await group.waitActive();
  await group.kill(killed);
  await group.waitActive();
  return killed;
}

/**
 * Also kills the member that takes over, while sessions are restored on it. Resolves when the first one is active
 * again.
 */
async function killTwice(group: RealGroup): Promise<MemberName> {
  const first = await killOnce(group);
  await sleep(Math.random() * RESTORING_MS);
  await group.kill(otherMember(first));
  await group.start(first);
  await group.waitActive();
  return otherMember(first);
}
