/**
 * One round of the bridge's kill matrix: messages are sent to one pair and read from the other, while one of the
 * processes is killed.
 */
import { randomUUID } from "node:crypto";
import type { BridgeConfig } from "../../../src/bridge/config/bridge-config.ts";
import { type Connection, connect } from "../../../src/index.ts";
import type { Protocol, RealGroup } from "../real-group.ts";
import { BridgeProcess } from "./bridge-process.ts";

export const VICTIMS = ["source", "target", "both", "bridge"] as const;
export type Victim = (typeof VICTIMS)[number];

export interface BridgePair {
  readonly source: RealGroup;
  readonly target: RealGroup;
  /** The protocol that the bridge speaks on each side. */
  readonly protocols: readonly [Protocol, Protocol];
}

export interface KillRound {
  readonly sent: number;
  readonly lost: number;
  /** How many messages arrived more than once; each extra copy counts. */
  readonly storedTwice: number;
  /** How many first arrivals came after a later message. */
  readonly outOfOrder: number;
  /** The longest time between two arrivals while messages were in flight, in milliseconds. */
  readonly blindMs: number;
}

const BATCH = 50;
const LOAD_MS = 700;
const DRAIN_MS = 60_000;
const SILENT_MS = 4_000;

/** Rejects if a side does not come back. Each round uses its own queue. */
export async function killRound(
  pair: BridgePair,
  victim: Victim,
  from: "queue" | "topic" = "queue",
): Promise<KillRound> {
  const name = `bridged.${process.pid}.${randomUUID().slice(0, 8)}`;
  const queue = `queue://${name}`;
  const bridge = new BridgeProcess(configOf(pair, `${from}://${name}`));
  const [sender, reader] = await Promise.all([open(pair.source), open(pair.target)]);
  try {
    await bridge.start();
    const reading = readAll(reader, queue);
    const load = new AbortController();
    const sending = sendUntil(sender, `${from}://${name}`, load.signal);
    await pause(LOAD_MS);
    await kill(pair, victim, bridge);
    await pause(2 * LOAD_MS);
    load.abort();
    const sent = await sending;
    const arrivals = await reading.until(sent);
    return { sent, ...judge(sent, arrivals) };
  } finally {
    await bridge.kill();
    await Promise.all([sender.close({ drainTimeoutMs: 0 }), reader.close({ drainTimeoutMs: 0 })]);
  }
}

/** A topic is subscribed to durably. At the target it becomes a queue, which keeps messages while nobody reads. */
export function configOf({ source, target, protocols }: BridgePair, destination: string): BridgeConfig {
  const durable = destination.startsWith("topic://") ? ({ durable: true, as: "queue" } as const) : {};
  const group = (real: RealGroup, protocol: Protocol) => ({
    uri: real.uri(protocol),
    username: real.credentials.username,
    password: real.credentials.password,
  });
  return {
    groups: { north: group(source, protocols[0]), south: group(target, protocols[1]) },
    links: { all: { from: "north", to: "south", include: [destination], ...durable } },
  };
}

function open(group: RealGroup): Promise<Connection> {
  return connect(group.uri("amqp"), { credentials: group.credentials });
}

async function kill({ source, target }: BridgePair, victim: Victim, bridge: BridgeProcess): Promise<void> {
  if (victim === "bridge") {
    await bridge.kill();
    await bridge.start();
    return;
  }
  const groups = victim === "source" ? [source] : victim === "target" ? [target] : [source, target];
  await Promise.all(
    groups.map(async (group) => {
      const active = await group.waitActive();
      await group.kill(active);
      await group.waitActive();
      await group.start(active);
    }),
  );
}

/** Resolves with how many messages were confirmed: 0, 1, 2 … */
async function sendUntil(sender: Connection, queue: string, signal: AbortSignal): Promise<number> {
  let sent = 0;
  while (!signal.aborted) {
    const batch = Array.from({ length: BATCH }, (_, index) => sender.send(queue, String(sent + index)));
    await Promise.all(batch);
    sent += BATCH;
    await pause(5);
  }
  return sent;
}

interface Arrival {
  readonly number: number;
  readonly atMs: number;
  /** The broker's own copy: a redelivery of one has the same. */
  readonly again: boolean;
}

function readAll(reader: Connection, queue: string) {
  const arrivals: Arrival[] = [];
  const consumer = reader.consume(queue, { prefetch: 500 });
  let lastAt = performance.now();
  const reading = (async () => {
    for await (const delivery of consumer) {
      lastAt = performance.now();
      arrivals.push({ number: Number(delivery.message.text()), atMs: lastAt, again: delivery.redelivered });
      await delivery.accept();
    }
  })();
  return {
    /** Resolves when all have arrived and nothing more comes. */
    until: async (count: number): Promise<readonly Arrival[]> => {
      const from = performance.now();
      const complete = () => new Set(arrivals.map(({ number }) => number)).size >= count;
      while (performance.now() - from < DRAIN_MS) {
        const quietMs = performance.now() - Math.max(lastAt, from);
        if (quietMs > (complete() ? 1_000 : DRAIN_MS / 2) || quietMs > DRAIN_MS) break;
        await pause(SILENT_MS / 40);
      }
      await consumer.close();
      await reading;
      return arrivals;
    },
  };
}

function judge(sent: number, arrivals: readonly Arrival[]): Omit<KillRound, "sent"> {
  const seen = new Map<number, number>();
  let [highest, outOfOrder, blindMs, previous] = [-1, 0, 0, arrivals[0]?.atMs ?? 0];
  for (const { number, atMs, again } of arrivals) {
    blindMs = Math.max(blindMs, atMs - previous);
    previous = atMs;
    const known = seen.get(number) ?? 0;
    if (known === 0 && number < highest) outOfOrder += 1;
    highest = Math.max(highest, number);
    if (known === 0 || !again) seen.set(number, known + 1);
  }
  const storedTwice = [...seen.values()].filter((count) => count > 1).length;
  return { lost: sent - seen.size, storedTwice, outOfOrder, blindMs: Math.round(blindMs) };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
