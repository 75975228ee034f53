/**
 * Figure 4.1 for machines without network namespaces: every host is a loopback address, and a dead host refuses
 * connections.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTopologyFile } from "../../src/topology/description/read-topology.ts";
import { diffTopology } from "../../src/topology/probe/diff-topology.ts";
import { NetworkClients } from "./network-clients.ts";
import { NetworkLab, onLoopback } from "./topology-lab.ts";
import { NetworkRun } from "./topology-run.ts";

describe("Figure 4.1 on loopback addresses", () => {
  let lab: NetworkLab;
  let clients: NetworkClients;
  let run: NetworkRun;

  beforeAll(async () => {
    const file = new URL("../../examples/networks/figure-4.1.yaml", import.meta.url);
    lab = await NetworkLab.start(await onLoopback(await readTopologyFile(file)));
    clients = new NetworkClients(lab.topology);
    await clients.connect();
    run = new NetworkRun(lab, clients);
    await run.waitForLinks();
  });
  afterAll(async () => {
    await clients?.close();
    await lab?.close();
  });

  it("differs in nothing from its description, and in each thing that a description says otherwise", async () => {
    expect(diffTopology(lab.topology, await clients.probe())).toEqual([]);
    const [connector] = lab.topology.connectors ?? [];
    const { A, B } = lab.topology.groups;
    if (!connector || !A || !B) throw new Error("Figure 4.1 has two groups and a connector");
    const other = {
      ...lab.topology,
      groups: { A: { ...A, members: A.members.toReversed() }, B: { ...B, brokerName: "other" } },
      connectors: [{ ...connector, name: "planned" }],
    };
    const stranger = new NetworkClients(other);
    const codes = diffTopology(other, await stranger.probe()).map(({ code }) => code);
    expect(codes.sort()).toEqual(["CONNECTOR_DOWN", "CONNECTOR_UNPLANNED", "NOT_PREFERRED", "OTHER_BROKER_NAME"]);
  });

  it("goes on as predicted when host h1 dies", async () => {
    const report = await run.kill("h1");
    expect(report.differences).toEqual([]);
    expect(report.members).toEqual({ brokerA1: "down", brokerA2: "active", brokerB1: "active", brokerB2: "down" });
    expect(await run.transfer("B", "A", 20)).toBe(20);
  });
});
