/** Figures 4.1 and 4.2 for real: the XML that export wrote starts brokers, whose bridges are those of the plan, as they tell it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTopologyFile } from "../../src/topology/description/read-topology.ts";
import { networkOf } from "../../src/topology/network/network.ts";
import { plannedStates } from "../../src/topology/render/layout.ts";
import { NetworkLab, onLoopback } from "./topology-lab.ts";
import { NetworkRun, type SeenBridge } from "./topology-run.ts";

const FIGURES = [
  {
    figure: "4.1",
    host: "h1",
    bridges: 2,
    routes: [
      ["A", "B"],
      ["B", "A"],
    ],
    moved: { brokerA1: "down", brokerA2: "active", brokerB1: "active", brokerB2: "down" },
  },
  {
    figure: "4.2",
    host: "h3",
    bridges: 56,
    routes: [
      ["A", "E"],
      ["C", "H"],
      ["D", "C"],
    ],
    moved: { brokerC1: "down", brokerC2: "active", brokerD1: "active", brokerD2: "down" },
  },
] as const;

for (const { figure, host, bridges, routes, moved } of FIGURES) {
  describe(`Figure ${figure} on real brokers`, () => {
    let lab: NetworkLab;
    let run: NetworkRun;

    beforeAll(async () => {
      const file = new URL(`../../examples/networks/figure-${figure}.yaml`, import.meta.url);
      lab = await NetworkLab.start(await onLoopback(await readTopologyFile(file)));
      run = new NetworkRun(lab);
      await run.connect();
    });
    afterAll(async () => {
      await run?.close();
      await lab?.close();
    });

    it("starts with the preferred master of each group active and every other member waiting", async () => {
      expect(await lab.states()).toEqual(plannedStates(networkOf(lab.topology)));
    });

    it("connects as planned, by the brokers' own advisories, and in no other way", async () => {
      await run.waitForLinks();
      const order = (list: readonly SeenBridge[]) => list.map((each) => JSON.stringify(each)).sort();
      expect(run.seen()).toHaveLength(bridges);
      expect(order(run.seen())).toEqual(order(run.planned()));
    });

    it("carries messages between groups", async () => {
      for (const [from, to] of routes) expect(await run.transfer(from, to, 20), `${from} to ${to}`).toBe(20);
    });

    it(`goes on as predicted when host ${host} dies: every member, every connector, every message`, async () => {
      const { predicted, measured, takeoverMs, linksBackMs } = await run.fail(host);
      console.error(
        `[network] Figure ${figure}, ${host} killed: taken over after ${takeoverMs} ms, all connectors back after ${linksBackMs} ms`,
      );
      expect(measured).toEqual(predicted);
      expect(measured).toMatchObject(moved);
      for (const [from, to] of routes) expect(await run.transfer(from, to, 20), `${from} to ${to}`).toBe(20);
    });
  });
}
