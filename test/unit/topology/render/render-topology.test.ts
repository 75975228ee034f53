import { DOMParser } from "@xmldom/xmldom";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generateTopology } from "../../../../src/topology/generate/generate-topology.ts";
import { networkOf } from "../../../../src/topology/network/network.ts";
import { layoutOf } from "../../../../src/topology/render/layout.ts";
import { type RenderFormat, renderTopology } from "../../../../src/topology/render/render-topology.ts";
import { simulateTopology } from "../../../../src/topology/simulate/simulate-topology.ts";

const FORMATS: readonly RenderFormat[] = ["svg", "mermaid", "dot", "text"];
const parse = (svg: string) =>
  new DOMParser({
    onError: (level, message) => {
      throw new Error(`${level}: ${message}`);
    },
  }).parseFromString(svg, "image/svg+xml");

describe("a picture of a network", () => {
  const mesh = generateTopology({ hostPairs: 4, shape: "mesh" });
  const state = simulateTopology(mesh, { failedHosts: ["h3"] });

  it("is the same for the same description, in every form", () => {
    for (const format of FORMATS)
      expect(renderTopology(structuredClone(mesh), { format, state })).toBe(renderTopology(mesh, { format, state }));
  });

  it("has its boxes at the same places before, during and after a failure", () => {
    const network = networkOf(mesh);
    const places = (members: typeof state.members) =>
      layoutOf(network, members).boxes.map(({ host, x, y, rows }) => [
        host,
        x,
        y,
        rows.map((row) => [row.member, row.x, row.y]),
      ]);
    expect(places(state.members)).toEqual(places(state.before.members));
    expect(places(state.after.members)).toEqual(places(state.before.members));
  });

  it("has no two boxes that touch, whatever the number of hosts", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), (hostPairs) => {
        const network = networkOf(generateTopology({ hostPairs, shape: "ring" }));
        const { boxes, width, height } = layoutOf(network, {});
        for (const [index, a] of boxes.entries()) {
          expect([a.x >= 0, a.y >= 0, a.x + a.width <= width, a.y + a.height <= height]).toEqual(Array(4).fill(true));
          for (const b of boxes.slice(index + 1)) {
            const apart = a.x + a.width < b.x || b.x + b.width < a.x || a.y + a.height < b.y || b.y + b.height < a.y;
            expect(apart, `${a.host} and ${b.host} of ${boxes.length}`).toBe(true);
          }
        }
      }),
    );
  });

  it("is well-formed SVG with a title and a description that names every member and its state", () => {
    const document = parse(renderTopology(mesh, { format: "svg", state }));
    expect(document.getElementsByTagName("title")[0]?.textContent).toBe("8 groups over 8 hosts");
    const description = document.getElementsByTagName("desc")[0]?.textContent ?? "";
    for (const [member, word] of Object.entries(state.members))
      expect(description).toMatch(new RegExp(`${member} of group . is ${word}`));
    expect(document.getElementsByClassName("chord")).toHaveLength(28);
    expect(document.getElementsByClassName("down").length).toBe(2);
  });

  it("tells a role by a word, a symbol and a border", () => {
    const svg = renderTopology(mesh, { format: "svg", state });
    for (const [symbol, word] of [
      ["●", "active"],
      ["○", "standby"],
      ["✕", "down"],
    ]) {
      expect(svg).toContain(`${symbol} broker`);
      expect(svg).toContain(`text-anchor="end">${word}<`);
      expect(svg).toContain(`<rect class="${word}"`);
    }
  });

  it("stays well-formed with names that are markup", () => {
    const evil = `<script>&"'\u0000]]>`;
    const topology = {
      hosts: { [evil]: { address: evil, zone: evil } },
      groups: { [evil]: { members: [{ name: evil, host: evil, ports: {} }] } },
      connectors: [{ from: evil, to: evil, name: evil }],
    };
    expect(parse(renderTopology(topology, { format: "svg", title: evil })).getElementsByTagName("script")).toHaveLength(
      0,
    );
    for (const format of FORMATS) expect(renderTopology(topology, { format }).length).toBeGreaterThan(20);
  });

  it("as tables says the state of each member, the load of each host and the hops between groups", () => {
    const text = renderTopology(mesh, { format: "text", state });
    expect(text).toMatch(/\| h4 +\| brokerC2 +\| C +\| slave +\| active +\|/);
    expect(text).toMatch(/\| h4 +\| 2 +\|/);
    expect(text).toContain("hops from \\ to");
  });

  it("as Mermaid and DOT names every member once and has a line for each connector", () => {
    const mermaid = renderTopology(mesh, { format: "mermaid" });
    const dot = renderTopology(mesh, { format: "dot" });
    expect(mermaid.match(/<-->/g)).toHaveLength(28);
    expect(dot.match(/dir=both/g)).toHaveLength(28);
    for (const { name } of Object.values(mesh.groups).flatMap(({ members }) => members)) {
      expect(mermaid.split(`${name} (`)).toHaveLength(2);
      expect(dot.split(`"${name}\\n`)).toHaveLength(2);
    }
  });
});
