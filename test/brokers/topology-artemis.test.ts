/** The broker.xml that export writes starts an Artemis host pair, whose cluster carries messages before and after a host dies. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/connect/stomp.ts";
import { drillTopology } from "../../src/topology/drill/drill-topology.ts";
import { generateTopology } from "../../src/topology/generate/generate-topology.ts";
import { planTopology } from "../../src/topology/plan/plan-topology.ts";
import { probeTopology } from "../../src/topology/probe/probe-topology.ts";
import { APP_CREDENTIALS as credentials } from "./group-contract.ts";
import { NetworkLab, onLoopback } from "./topology-lab.ts";

const COUNT = 20;

describe("an exported Artemis host pair on real brokers", () => {
  let lab: NetworkLab;

  beforeAll(async () => {
    const described = generateTopology({ hostPairs: 1, shape: "line", product: "artemis" });
    lab = await NetworkLab.start(await onLoopback(described));
  });
  afterAll(() => lab?.close());

  /** Sends at one group, receives at the other one. */
  async function transfer(from: string, to: string): Promise<number> {
    const { groups } = planTopology(lab.topology);
    const [source, target] = await Promise.all(
      [from, to].map((group) => connect(groups[group]?.uris.stomp ?? "", { credentials, connectTimeoutMs: 60_000 })),
    );
    try {
      const queue = `queue://figure.${from}.${to}.${Date.now()}`;
      const consumer = target?.consume(queue);
      await consumer?.ready;
      const found = new Set<string>();
      const done = consumer?.run(async (message) => {
        found.add(message.text());
      });
      for (let number = 0; number < COUNT; number += 1) await source?.send(queue, String(number));
      for (const deadline = performance.now() + 30_000; found.size < COUNT && performance.now() < deadline; )
        await sleep(50);
      await consumer?.close();
      await done;
      return found.size;
    } finally {
      await Promise.all([source?.close({ drainTimeoutMs: 0 }), target?.close({ drainTimeoutMs: 0 })]);
    }
  }

  it("starts with the primary of each group active and its backup waiting", async () => {
    const { members, answers } = await probeTopology(lab.topology, { credentials });
    expect(answers["brokerA1"]).toMatchObject({ product: "artemis" });
    expect(members).toEqual({
      brokerA1: "active",
      brokerA2: "standby",
      brokerB1: "active",
      brokerB2: "standby",
    });
  });

  it("carries messages both ways", async () => {
    expect(await transfer("A", "B")).toBe(COUNT);
    expect(await transfer("B", "A")).toBe(COUNT);
  });

  it("goes on as predicted when host h1 dies", async () => {
    const strike = (host: string) => lab.killHost(host);
    const report = await drillTopology(lab.topology, { hosts: ["h1"], fault: "kill", strike, credentials });
    expect(report.differences).toEqual([]);
    expect(report.members).toEqual({ brokerA1: "down", brokerA2: "active", brokerB1: "active", brokerB2: "down" });
    expect(await transfer("A", "B")).toBe(COUNT);
    expect(await transfer("B", "A")).toBe(COUNT);
  });
});
