/** One leg of a soak: all loads begin, faults are played, everything settles, the books are closed. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Protocol } from "../brokers/group-contract.ts";
import { LOADS } from "../brokers/kill/loads/all-loads.ts";
import type { HostProgram } from "../network/lab/host-program.ts";
import { now } from "../network/lab/shared-clock.ts";
import { type FaultPlan, formatFault, type PlannedFault } from "./fault-plan.ts";
import { longestGap } from "./gaps.ts";
import { playFault, type Scene } from "./play-fault.ts";
import type { PollerOperations } from "./service-poller.ts";
import type { ClientReport, ClientSettings } from "./soak-client.ts";

export interface LegOptions {
  readonly scene: Scene;
  readonly poller: HostProgram<PollerOperations>;
  readonly plan: FaultPlan;
  /** How long faults are played. */
  readonly lastsMs: number;
  readonly settings: Pick<ClientSettings, "heartbeatMs" | "restMs" | "prefix">;
  /** Which half of the loads goes through the proxies. */
  readonly number: number;
  /** Ends the faults early. */
  readonly cut: AbortSignal;
}

export interface PlayedFault {
  readonly fault: PlannedFault;
  /** How long the poller was without a confirmation. */
  readonly serviceGapMs: number;
  /** The worst of the steady senders, and by how much it exceeds the poller's. */
  readonly ourGapMs: number;
  readonly excessMs: number;
}

export interface LegReport {
  readonly faults: readonly PlayedFault[];
  readonly clients: readonly { readonly protocol: Protocol; readonly report: ClientReport }[];
  /** Loads that did nothing more, with the fault after which it was. */
  readonly hung: readonly string[];
}

/** What does nothing for so long after a fault is over hangs. */
const STALL_MS = 60_000;

export async function runLeg(options: LegOptions): Promise<LegReport> {
  const { scene, poller } = options;
  await beginLoads(options);
  await poller.call("take");
  const spans = await playFaults(options);
  const clients = await allOf(
    scene.clients.map(async ({ protocol, program }) => ({ protocol, report: await program.call("end") })),
  );
  const service = await poller.call("take");
  const pulses = clients.flatMap(({ report }) => [report.pulses.direct, report.pulses.proxied]);
  const ours = pulses.map(({ confirmedAtMs }) => [...confirmedAtMs].sort((a, b) => a - b));
  return {
    clients,
    faults: spans.played.map(({ fault, fromMs, untilMs }) => {
      const serviceGapMs = longestGap(service, fromMs, untilMs);
      const ourGapMs = Math.max(...ours.map((times) => longestGap(times, fromMs, untilMs)));
      return { fault, serviceGapMs, ourGapMs, excessMs: Math.max(0, ourGapMs - serviceGapMs) };
    }),
    hung: spans.hung,
  };
}

async function beginLoads({ scene, settings, number }: LegOptions): Promise<void> {
  const { group } = scene.pair;
  const loads = Object.keys(LOADS).map((name, index) => ({ name, proxied: (index + number) % 2 === 0 }));
  await allOf(
    scene.clients.map(({ protocol, program }) =>
      program.call("begin", {
        ...settings,
        product: group.product,
        protocol,
        endpoints: [group.endpoint("a", protocol), group.endpoint("b", protocol)],
        credentials: group.credentials,
        loads,
      }),
    ),
  );
}

/** Rejects when all have had their say: a network is not taken down while somebody in it still works. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(
    promises.map((promise) => promise.catch((reason: unknown) => console.error("[soak] a client failed:", reason))),
  );
  return Promise.all(promises);
}

interface Span {
  readonly fault: PlannedFault;
  readonly fromMs: number;
  readonly untilMs: number;
}

async function playFaults({ scene, plan, lastsMs, cut }: LegOptions): Promise<{ played: Span[]; hung: string[] }> {
  const played: Span[] = [];
  const hung: string[] = [];
  const endMs = now() + lastsMs;
  while (now() < endMs && !cut.aborted && hung.length === 0) {
    const fault = plan.take();
    if (fault === undefined) break;
    await sleep(fault.afterMs, undefined, { signal: cut }).catch(() => {});
    if (cut.aborted) break;
    const fromMs = now();
    await playFault(scene, fault, cut);
    if (fault.patient || now() >= endMs) hung.push(...(await getOn(scene, formatFault(fault))));
    const untilMs = now();
    played.push({ fault, fromMs, untilMs });
    console.error(`[soak] ${scene.pair.group.product} ${formatFault(fault)}: ${Math.round(untilMs - fromMs)} ms`);
  }
  if (hung.length === 0) hung.push(...(await getOn(scene, "the last fault")));
  return { played, hung };
}

async function getOn({ clients }: Scene, after: string): Promise<string[]> {
  const stalled = await Promise.all(
    clients.map(async ({ protocol, program }) =>
      (await program.call("getOn", STALL_MS)).map((name) => `${name} over ${protocol} after ${after}`),
    ),
  );
  return stalled.flat();
}
