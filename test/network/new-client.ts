/**
 * Measures how long a new client takes to connect while the first entries of its list are dead, compared with a bare
 * socket that knows the active endpoint.
 */
import type { Protocol } from "../brokers/group-contract.ts";
import type { ClientOperations } from "./client/client-program.ts";
import type { DeadFirst } from "./faults/dead-firsts.ts";
import { uriOf } from "./faults/fault.ts";
import type { Host } from "./lab/host.ts";
import { HostProgram } from "./lab/host-program.ts";
import type { Stage } from "./stage.ts";

export interface NewClientFigures {
  /** Median and best time of several runs in ms, of the bare socket and of the library. */
  readonly bare: Spread;
  readonly library: Spread;
}
interface Spread {
  readonly medianMs: number;
  readonly bestMs: number;
}

const CLIENT = new URL("./client/client-program.ts", import.meta.url);
const TIMES = 5;
/** The default stagger, and how much longer a client may take in addition. */
const ATTEMPT_STAGGER_MS = 250;
const OWN_MS = 60;

/** A client whose code has been loaded and compiled by a first connection, which is not counted. */
export async function startWarmClient(stage: Stage, protocol: Protocol): Promise<HostProgram<ClientOperations>> {
  const client = await HostProgram.start<ClientOperations>(stage.clientHost, CLIENT);
  const active = await stage.pair.group.waitActive();
  const { host, port } = stage.pair.group.endpoint(active, protocol);
  await client.call("timeToConnect", uriOf({ protocol, port }, host), { credentials: stage.pair.group.credentials });
  return client;
}

export async function measureNewClient(
  stage: Stage,
  dead: Host,
  first: DeadFirst,
  protocol: Protocol,
  client: HostProgram<ClientOperations>,
): Promise<NewClientFigures> {
  const undo: (() => unknown)[] = [];
  const scene = await stage.scene(protocol, 0, (one) => undo.unshift(one));
  const { credentials } = stage.pair.group;
  try {
    const uri = await first.prepare(scene, dead);
    const bare: number[] = [];
    const library: number[] = [];
    for (let time = 0; time < TIMES; time += 1) {
      const endpoint = { host: scene.activeHost.address, port: scene.port };
      bare.push(await stage.pair.observer.call("bareHandshake", endpoint, protocol, credentials));
      library.push(await client.call("timeToConnect", uri, { credentials }));
    }
    return { bare: spread(bare), library: spread(library) };
  } finally {
    for (const one of undo) await one();
    await dead.heal();
    await dead.linkUp();
  }
}

/**
 * Returns a sentence if the client took longer than it may. Only the best times are compared, because a busy machine
 * delays both.
 */
export function tooSlow({ staggers }: DeadFirst, { bare, library }: NewClientFigures): string | undefined {
  const limitMs = bare.bestMs + staggers * ATTEMPT_STAGGER_MS + OWN_MS;
  return library.bestMs > limitMs ? `connected after ${library.bestMs} ms, not ${limitMs}` : undefined;
}

function spread(values: readonly number[]): Spread {
  const sorted = values.map((value) => Math.round(value * 10) / 10).sort((a, b) => a - b);
  return { medianMs: sorted[sorted.length >> 1] ?? Number.NaN, bestMs: sorted[0] ?? Number.NaN };
}
