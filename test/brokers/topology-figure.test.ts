/** Figure 4.1 for real: the XML that export wrote starts brokers, whose bridges are those of the plan, as they tell it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTopologyFile } from "../../src/topology/description/read-topology.ts";
import { NetworkLab, onLoopback } from "./topology-lab.ts";
import { NetworkRun } from "./topology-run.ts";

describe("Figure 4.1 on real brokers", () => {
  let lab: NetworkLab;
  let run: NetworkRun;

  beforeAll(async () => {
    lab = await NetworkLab.start(
      await onLoopback(await readTopologyFile(new URL("../../examples/networks/figure-4.1.yaml", import.meta.url))),
    );
    run = new NetworkRun(lab);
    await run.connect();
  });
  afterAll(async () => {
    await run?.close();
    await lab?.close();
  });

  it("starts with the preferred master of each group active", async () => {
    expect(await lab.states()).toEqual({
      brokerA1: "active",
      brokerA2: "standby",
      brokerB1: "active",
      brokerB2: "standby",
    });
  });

  it("connects as planned, by the brokers' own advisories, and in no other way", async () => {
    await run.waitForLinks();
    expect(run.seen().toSorted((a, b) => a.at.localeCompare(b.at))).toEqual([
      { at: "A", to: "B", started: true, createdByDuplex: false },
      { at: "B", to: "A", started: true, createdByDuplex: true },
    ]);
  });

  it("carries messages both ways", async () => {
    expect(await run.transfer("A", "B", 20)).toBe(20);
    expect(await run.transfer("B", "A", 20)).toBe(20);
  });

  it("goes on as predicted when host h1 dies: h2 runs both groups, the connector is back, messages arrive", async () => {
    const { predicted, measured, takeoverMs, linksBackMs } = await run.fail("h1");
    console.error(
      `[network] Figure 4.1, h1 killed: taken over after ${takeoverMs} ms, connector back after ${linksBackMs} ms`,
    );
    expect(measured).toEqual(predicted);
    expect(measured).toEqual({ brokerA1: "down", brokerA2: "active", brokerB1: "active", brokerB2: "down" });
    expect(await run.transfer("A", "B", 20)).toBe(20);
    expect(await run.transfer("B", "A", 20)).toBe(20);
  });
});
