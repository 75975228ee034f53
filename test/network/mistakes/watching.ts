/** Shared by the runs of mistakes: clients, counting, waiting. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../../src/connect/stomp.ts";
import { planTopology } from "../../../src/topology/plan/plan-topology.ts";
import { type NetworkProbe, probeTopology } from "../../../src/topology/probe/probe-topology.ts";
import { APP_CREDENTIALS } from "../../brokers/group-contract.ts";
import type { NetworkLab } from "../../brokers/topology-lab.ts";

type Client = Awaited<ReturnType<typeof connect>>;

const PATIENCE_MS = 60_000;

export async function withClient<T>(lab: NetworkLab, group: string, use: (client: Client) => Promise<T>): Promise<T> {
  const credentials = lab.topology.product === "artemis" ? { credentials: APP_CREDENTIALS } : {};
  const uri = planTopology(lab.topology).groups[group]?.uris.stomp ?? "";
  const client = await connect(uri, { ...credentials, connectTimeoutMs: PATIENCE_MS });
  try {
    return await use(client);
  } finally {
    await client.close({ drainTimeoutMs: 0 });
  }
}

export function send(lab: NetworkLab, group: string, destination: string, count: number): Promise<void> {
  return withClient(lab, group, async (client) => {
    for (let number = 0; number < count; number += 1) await client.send(destination, String(number));
  });
}

/**
 * Resolves with how many messages a consumer got within a time, or once it has enough. Without `accept` they stay at
 * the broker.
 */
export function countFor(
  lab: NetworkLab,
  group: string,
  destination: string,
  {
    ms,
    enough,
    accept = true,
    ready,
  }: { ms: number; enough: number; accept?: boolean; ready?: () => Promise<unknown> },
): Promise<number> {
  return withClient(lab, group, async (client) => {
    const consumer = client.consume(destination);
    await consumer.ready;
    // The broker at the other end must first learn of the consumer through the connector.
    await sleep(1_500);
    await ready?.();
    let count = 0;
    const late = setTimeout(() => void consumer.close(), ms);
    for await (const delivery of consumer) {
      count += 1;
      if (accept) await delivery.accept();
      if (count >= enough) break;
    }
    clearTimeout(late);
    return count;
  });
}

/** Resolves with the milliseconds until a probe of the network meets the condition. */
export async function until(lab: NetworkLab, shown: (probe: NetworkProbe) => boolean): Promise<number> {
  const started = performance.now();
  while (performance.now() - started < PATIENCE_MS) {
    if (shown(await probeTopology(lab.topology, { timeoutMs: 2_000 }))) break;
    await sleep(100);
  }
  return Math.round(performance.now() - started);
}

export const allUp = ({ connectors }: NetworkProbe): boolean => connectors.every(({ state }) => state === "up");
