/** Circles: connectors that forward one destination all the way round, and near misses. */
import { describe, expect, it } from "vitest";
import { checkTopology } from "../../../../src/topology/check/check-topology.ts";
import { readTopology } from "../../../../src/topology/description/read-topology.ts";
import { circlesOf } from "../../../../src/topology/network/circles.ts";
import { networkOf } from "../../../../src/topology/network/network.ts";

interface Link {
  readonly from: string;
  readonly to: string;
  readonly kind?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}

/** Groups of one member each, connected as given; core bridges unless said. */
function topologyOf(...links: readonly Link[]) {
  const names = [...new Set(links.flatMap(({ from, to }) => [from, to]))];
  return readTopology({
    product: "artemis",
    hosts: Object.fromEntries(names.map((name) => [`h${name}`, { address: `host-${name}` }])),
    groups: Object.fromEntries(
      names.map((name) => [name, { members: [{ name: `m${name}`, host: `h${name}`, ports: { core: 61_616 } }] }]),
    ),
    connectors: links.map((link) => ({ kind: "core-bridge", ...link })),
  });
}
const circlesIn = (...links: readonly Link[]) => circlesOf(networkOf(topologyOf(...links)).flows);
const RING = [
  { from: "A", to: "B" },
  { from: "B", to: "C" },
  { from: "C", to: "A" },
] as const;
function ring(...includes: readonly (readonly string[])[]): Link[] {
  return RING.map((link, index) => ({ ...link, include: includes[index] ?? [] }));
}

describe("a circle of connectors", () => {
  it("is found where wildcards have one destination in common all the way round, and names that destination", () => {
    const found = circlesIn(...ring(["queue://orders.>"], ["queue://*.eu"], ["queue://orders.*"]));
    expect(found).toHaveLength(1);
    expect(found[0]?.destination).toBe("queue://orders.eu");
  });

  it("is none where every two connectors overlap and all three together do not", () => {
    expect(
      circlesIn(...ring(["queue://a", "queue://b"], ["queue://b", "queue://c"], ["queue://c", "queue://a"])),
    ).toEqual([]);
  });

  it("is none where one connector excludes what the others have in common", () => {
    const [first, second, third] = ring(["queue://orders.>"], ["queue://orders.eu"], ["queue://>"]);
    const open = [first, second, third] as Link[];
    expect(circlesIn(...open)).toHaveLength(1);
    expect(circlesIn(...open.slice(0, 2), { ...third, exclude: ["queue://*.eu"] } as Link)).toEqual([]);
    expect(circlesIn(...open.slice(0, 2), { ...third, exclude: ["queue://*.us"] } as Link)).toHaveLength(1);
  });

  it("is none between queues one way and topics the other", () => {
    expect(
      circlesIn({ from: "A", to: "B", include: ["queue://>"] }, { from: "B", to: "A", include: ["topic://>"] }),
    ).toEqual([]);
  });

  it("is reported by check with the destination that goes round", () => {
    const links = ring(["queue://orders.>"], ["queue://*.eu"], ["queue://orders.*"]);
    const [finding] = checkTopology(topologyOf(...links)).filter(({ code }) => code === "LOOP");
    expect(finding?.message).toContain("Messages of queue://orders.eu go round A -> B -> C -> A");
  });

  it("of two kinds is found where the shortest way back has only one", () => {
    const links: Link[] = [
      { from: "A", to: "B", kind: "sender" },
      { from: "B", to: "A", kind: "sender" },
      { from: "B", to: "A", kind: "bridge", include: ["queue://>"] },
    ];
    const [circle] = circlesOf(networkOf(topologyOf(...links)).flows, { mixed: true });
    expect(circle?.flows.map(({ by }) => by.kind).sort()).toEqual(["bridge", "sender"]);
  });
});
