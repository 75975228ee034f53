/**
 * Figures 4.1 and 4.2 on real brokers, with a network namespace for every host. The brokers start from exported XML and
 * report the bridges of the plan. A host dies and the survivors take over; a host is cut off and nobody does.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTopologyFile } from "../../src/topology/description/read-topology.ts";
import { drillText } from "../../src/topology/drill/drill-text.ts";
import { networkOf } from "../../src/topology/network/network.ts";
import { diffTopology } from "../../src/topology/probe/diff-topology.ts";
import { plannedStates } from "../../src/topology/render/layout.ts";
import type { SeenBridge } from "../brokers/network-clients.ts";
import { NetworkLab } from "../brokers/topology-lab.ts";
import { NetworkRun, type RunClients } from "../brokers/topology-run.ts";
import { inNamespaces, type NetworkPlaces } from "./lab/network-places.ts";

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
    /** When the host is back as a standby, the other host has both groups, so that one is cut off. */
    cut: { host: "h2", from: "A", to: "A", stranded: ["A", "B"] },
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
    cut: { host: "h1", from: "A", to: "E", stranded: ["A"] },
  },
] as const;

for (const { figure, host, bridges, routes, moved, cut } of FIGURES) {
  describe(`Figure ${figure} on real brokers`, () => {
    let places: NetworkPlaces;
    let lab: NetworkLab;
    let clients: RunClients;
    let run: NetworkRun;

    beforeAll(async () => {
      const file = new URL(`../../examples/networks/figure-${figure}.yaml`, import.meta.url);
      places = await inNamespaces(await readTopologyFile(file));
      lab = await NetworkLab.start(places.topology, places.links);
      clients = await places.startClients();
      run = new NetworkRun(lab, clients);
    });
    afterAll(async () => {
      await run?.close();
      await lab?.close();
      await places?.close();
    });

    it("connects as planned, by the brokers' own advisories, and in no other way", async () => {
      await run.waitForLinks();
      const order = (list: readonly SeenBridge[]) => list.map((each) => JSON.stringify(each)).sort();
      expect(await run.seen()).toHaveLength(bridges);
      expect(order(await run.seen())).toEqual(order(run.planned()));
    });

    it("differs in nothing from its description, by a probe of every member and connector", async () => {
      const probe = await clients.probe();
      expect(probe.members).toEqual(plannedStates(networkOf(lab.topology)));
      expect(diffTopology(lab.topology, probe)).toEqual([]);
    });

    it("carries messages between groups", async () => {
      for (const [from, to] of routes) expect(await run.transfer(from, to, 20), `${from} to ${to}`).toBe(20);
    });

    it(`goes on as predicted when host ${host} dies: every member, every connector, every message`, async () => {
      const report = await run.kill(host);
      console.error(
        `[network] Figure ${figure}\n${drillText(report)}watchdog: ${run.watchdog.acted.join(", ") || "not needed"}`,
      );
      expect(report.differences).toEqual([]);
      expect(report.members).toMatchObject(moved);
      expect(report.rows.every(({ agrees }) => agrees)).toBe(true);
      for (const [from, to] of routes) expect(await run.transfer(from, to, 20), `${from} to ${to}`).toBe(20);
    });

    it(`has nobody take over when host ${cut.host} is cut off, and goes on when its link is back`, async () => {
      await lab.startHost(host);
      const { report, sent, received, notes } = await run.cut(cut.host, cut.from, cut.to, 20);
      console.error(`[network] Figure ${figure}\n${drillText(report)}`);
      expect(report.differences).toEqual([]);
      expect(report.predicted.stranded).toEqual(cut.stranded);
      // Our clients report the cut, and its end.
      for (const group of cut.stranded) {
        const said = notes.filter((note) => note.group === group).map(({ event }) => event);
        expect([said.at(0), said.at(-1)], group).toEqual(["interrupted", "restored"]);
      }
      expect([sent, received]).toEqual([20, 20]);
    });
  });
}
