/** Tries one fault on a stage: a client under load, the fault, and the figures of both. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Protocol } from "../brokers/group-contract.ts";
import type { ClientBooks, ClientOperations } from "./client/client-program.ts";
import type { WorkloadSettings } from "./client/workload.ts";
import { addressesOf, type Fault, type Scene } from "./faults/fault.ts";
import { HostProgram } from "./lab/host-program.ts";
import { now } from "./lab/shared-clock.ts";
import type { Stage } from "./stage.ts";

export interface Outcome extends ClientBooks {
  /** Milliseconds from the fault to `interrupted`; undefined if the connection survived it. */
  readonly noticedMs: number | undefined;
  /** Milliseconds from the fault, or from its healing, to the first confirmation of a new session. */
  readonly backMs: number | undefined;
  /**
   * Milliseconds from the fault to the first message that the other member confirmed to a bare poller; undefined if
   * nobody took over.
   */
  readonly takeoverMs: number | undefined;
}

const CLIENT = new URL("./client/client-program.ts", import.meta.url);
const LOAD: Omit<WorkloadSettings, "name"> = { window: 20, rate: 100, bodyBytes: 256 };
/** How long the load runs before the fault, and after a fault that the connection survives, in heart-beat intervals. */
const BEFORE_MS = 500;
const AFTER_MS = 300;
const BORNE_INTERVALS = 3;
/** This only detects trials that hang. */
const PATIENCE_MS = 120_000;
/** Twice the time that the load takes to go both ways over 1 Mbit/s. */
const MS_PER_BYTE = 0.032;

/** Resolves with what was measured. The stage is restored to its initial state. */
export async function tryFault(stage: Stage, fault: Fault, protocol: Protocol, heartbeatMs: number): Promise<Outcome> {
  const undo: (() => unknown)[] = [];
  const scene = await stage.scene(protocol, heartbeatMs, (one) => undo.unshift(one));
  const client = await HostProgram.start<ClientOperations>(scene.clientHost, CLIENT);
  try {
    await fault.prepare?.(scene);
    const uri = await (fault.uri ?? addressesOf)(scene);
    const options = { ...fault.options, credentials: stage.pair.group.credentials, heartbeatMs };
    const load = { ...LOAD, ...fault.load };
    const name = `trial.${protocol}.${fault.name.replaceAll(/\W+/g, "-")}`;
    await client.call("open", uri, options, { ...load, name });
    await sleep(BEFORE_MS);
    const times = await measure(stage, fault, scene, client);
    await sleep(AFTER_MS);
    const mended = stage.mend();
    const books = await client.call("finish", PATIENCE_MS + load.bodyBytes * MS_PER_BYTE);
    await mended;
    return { ...times, ...books };
  } finally {
    await client.close();
    for (const one of undo) await one();
    await stage.mend();
  }
}

type Client = HostProgram<ClientOperations>;
type Times = Pick<Outcome, "noticedMs" | "backMs" | "takeoverMs">;

async function measure(stage: Stage, fault: Fault, scene: Scene, client: Client): Promise<Times> {
  const struckAt = now();
  const takeover = fault.consequence === "moves" ? pollStandby(stage, scene) : undefined;
  await fault.strike(scene);
  if (fault.consequence === "stays") {
    await sleep(BORNE_INTERVALS * scene.heartbeatMs);
    return { noticedMs: undefined, backMs: undefined, takeoverMs: undefined };
  }
  const healed = fault.consequence === "moves" ? healLater(fault, scene) : undefined;
  const interrupted = required("interrupted", await client.call("waitFor", "interrupted", PATIENCE_MS));
  const healedAt = healed === undefined ? await healAfterInterval(fault, scene) : await healed;
  const restored = required("restored", await client.call("waitFor", "restored", PATIENCE_MS));
  const confirmedAt = required("confirmed", await client.call("confirmedAfter", restored.atMs, PATIENCE_MS));
  const takenOverAt = await takeover;
  return {
    noticedMs: interrupted.atMs - struckAt,
    backMs: confirmedAt - (healedAt ?? struckAt),
    takeoverMs: takenOverAt === undefined ? undefined : takenOverAt - struckAt,
  };
}

async function healAfterInterval(fault: Fault, scene: Scene): Promise<number | undefined> {
  await sleep(scene.heartbeatMs);
  const healedAt = now();
  await fault.heal?.(scene);
  return healedAt;
}

async function healLater(fault: Fault, scene: Scene): Promise<number | undefined> {
  if (fault.heal === undefined) return undefined;
  await sleep(fault.healAfterMs);
  const healedAt = now();
  await fault.heal(scene);
  return healedAt;
}

async function pollStandby({ product, pair }: Stage, { protocol, active, standbyHost, port }: Scene): Promise<number> {
  const endpoint = { host: standbyHost.address, port };
  const { credentials } = pair.group;
  const settings = { protocol, product, endpoint, credentials, destination: `takeover-from-${active}` };
  return (await pair.observer.call("firstConfirmation", settings, PATIENCE_MS)).confirmedAtMs;
}

function required<T>(what: string, found: T | undefined): T {
  if (found === undefined) throw new Error(`The client was not ${what} within ${PATIENCE_MS} ms`);
  return found;
}
