/** Does one fault to a pair in a network of our own, and undoes it. */
import { setTimeout as sleep } from "node:timers/promises";
import { MEMBER_NAMES, type MemberName, otherMember, type Protocol } from "../brokers/group-contract.ts";
import type { BrokerPair } from "../network/lab/broker-pair.ts";
import type { HostProgram } from "../network/lab/host-program.ts";
import type { FaultKind, PlannedFault } from "./fault-plan.ts";
import type { ClientOperations } from "./soak-client.ts";

export interface Scene {
  readonly pair: BrokerPair;
  readonly clients: readonly { readonly protocol: Protocol; readonly program: HostProgram<ClientOperations> }[];
}

/** A takeover on a busy machine, with all that a soak leaves in the store. */
const TAKEOVER = { timeoutMs: 120_000 };
const SLOW_BITS_PER_SECOND = 1_000_000;
const LOSS_PERCENT = 5;

/** Resolves when the fault is over, both hosts are whole and both members run; `cut` ends what lasts early. */
export async function playFault(scene: Scene, { kind, lastsMs }: PlannedFault, cut: AbortSignal): Promise<void> {
  const { pair } = scene;
  const active = await pair.group.waitActive(TAKEOVER);
  const heal = await PLAY[kind](scene, active);
  await sleep(lastsMs, undefined, { signal: cut }).catch(() => {});
  await heal();
}

type Heal = () => Promise<unknown>;

/** Each begins the fault and resolves with what ends it. */
const PLAY: Readonly<Record<FaultKind, (scene: Scene, active: MemberName) => Promise<Heal>>> = {
  kill: async ({ pair: { group } }, active) => {
    await group.kill(active);
    return () => startAgain(group, active);
  },
  stop: async ({ pair: { group } }, active) => {
    await group.stop(active);
    return () => startAgain(group, active);
  },
  "kill-standby": async ({ pair: { group } }, active) => {
    await group.kill(otherMember(active));
    return () => group.start(otherMember(active));
  },
  "power-loss": async ({ pair: { group, hosts } }, active) => {
    await hosts[active].linkDown();
    await group.kill(active);
    return async () => {
      // Only when the other is active: with its power it would have the lock back.
      await group.waitActive(TAKEOVER);
      await hosts[active].linkUp();
      await group.start(active);
    };
  },
  pause: async ({ pair: { group } }, active) => {
    await group.pause(active);
    return () => group.resume(active);
  },
  partition: (scene, active) => dropped(scene, active, "both"),
  "partition-in": (scene, active) => dropped(scene, active, "in"),
  "partition-out": (scene, active) => dropped(scene, active, "out"),
  "black-hole": async ({ pair: { group, hosts }, clients }, active) => {
    for (const { protocol } of clients) await hosts[active].blackHole(group.endpoint(active, protocol).port);
    return () => hosts[active].heal();
  },
  loss: async ({ pair: { hosts } }) => {
    for (const member of MEMBER_NAMES) await hosts[member].lose(LOSS_PERCENT);
    return () => Promise.all(MEMBER_NAMES.map((member) => hosts[member].heal()));
  },
  rate: async ({ pair: { hosts } }, active) => {
    await hosts[active].rate(SLOW_BITS_PER_SECOND);
    return () => hosts[active].rate(undefined);
  },
  latency: (scene) => disturbed(scene, "latency"),
  reset: (scene) => disturbed(scene, "reset"),
  cut: (scene) => disturbed(scene, "cut"),
  silence: (scene) => disturbed(scene, "silence"),
};

async function startAgain(group: BrokerPair["group"], member: MemberName): Promise<void> {
  await group.waitActive(TAKEOVER);
  await group.start(member);
}

async function dropped(
  { pair: { hosts } }: Scene,
  active: MemberName,
  direction: "in" | "out" | "both",
): Promise<Heal> {
  await hosts[active].drop(direction);
  return () => hosts[active].heal();
}

async function disturbed({ clients }: Scene, kind: "latency" | "reset" | "cut" | "silence"): Promise<Heal> {
  await Promise.all(clients.map(({ program }) => program.call("disturb", kind)));
  return () => Promise.all(clients.map(({ program }) => program.call("undisturb")));
}
