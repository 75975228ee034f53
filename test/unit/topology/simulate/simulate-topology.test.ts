import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generateTopology } from "../../../../src/topology/generate/generate-topology.ts";
import { simulateTopology } from "../../../../src/topology/simulate/simulate-topology.ts";

describe("a simulated failure", () => {
  const pair = generateTopology({ hostPairs: 1, shape: "line" });

  it("of one host of Figure 4.1 leaves the other one with both groups", () => {
    const { members, load, reach, takenOver, lost, outageMs } = simulateTopology(pair, { failedHosts: ["h1"] });
    expect(members).toEqual({ brokerA1: "down", brokerA2: "active", brokerB1: "active", brokerB2: "down" });
    expect(load).toEqual({ h2: 2 });
    expect(reach).toEqual({ A: { B: 1 }, B: { A: 1 } });
    expect([takenOver, lost]).toEqual([["A"], []]);
    expect(outageMs).toBe(1_400);
  });

  it("that cuts a host off leaves its active members with their locks: nobody takes over, until the link is back", () => {
    const { members, load, reach, takenOver, stranded, after, outageMs } = simulateTopology(pair, {
      failedHosts: [],
      cutHosts: ["h1"],
    });
    expect(members).toEqual({ brokerA1: "cut", brokerA2: "standby", brokerB1: "active", brokerB2: "cut" });
    expect({ takenOver, stranded, outageMs }).toEqual({ takenOver: [], stranded: ["A"], outageMs: 0 });
    expect(load).toEqual({ h2: 1 });
    expect(reach).toEqual({ A: {}, B: {} });
    expect(after.members).toEqual({ brokerA1: "active", brokerA2: "standby", brokerB1: "active", brokerB2: "standby" });
  });

  it("of the active host while the other one is cut off hands the store to a member that nobody reaches", () => {
    const { members, takenOver, stranded } = simulateTopology(pair, { failedHosts: ["h1"], cutHosts: ["h2"] });
    expect(members).toEqual({ brokerA1: "down", brokerA2: "cut", brokerB1: "cut", brokerB2: "down" });
    expect({ takenOver, stranded }).toEqual({ takenOver: [], stranded: ["A", "B"] });
  });

  it("starts from the members that are active, where it is told", () => {
    const { before, takenOver, members } = simulateTopology(pair, { failedHosts: ["h1"], active: { A: "brokerA2" } });
    expect(before.members["brokerA2"]).toBe("active");
    expect(takenOver).toEqual([]);
    expect(members["brokerA2"]).toBe("active");
  });

  it("tells the state before it and after the host is back, when nobody hands the lock back", () => {
    const { before, after } = simulateTopology(pair, { failedHosts: ["h1"] });
    expect(before.members).toEqual({
      brokerA1: "active",
      brokerA2: "standby",
      brokerB1: "active",
      brokerB2: "standby",
    });
    expect(before.load).toEqual({ h1: 1, h2: 1 });
    expect(after.members).toEqual({ brokerA1: "standby", brokerA2: "active", brokerB1: "active", brokerB2: "standby" });
    expect(after.load).toEqual({ h1: 0, h2: 2 });
  });

  it("of both hosts loses both groups, and no message gets anywhere", () => {
    const { lost, reach, load, outageMs } = simulateTopology(pair, { failedHosts: ["h1", "h2"] });
    expect({ lost, load, outageMs }).toEqual({ lost: ["A", "B"], load: {}, outageMs: 0 });
    expect(reach).toEqual({ A: {}, B: {} });
  });

  it("of a host of Figure 4.2 is survived by every group, in any shape", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("ring", "mesh", "line", "star" as const),
        fc.integer({ min: 1, max: 8 }),
        (shape, host) => {
          const { lost, members, reach } = simulateTopology(generateTopology({ hostPairs: 4, shape }), {
            failedHosts: [`h${host}`],
          });
          expect(lost).toEqual([]);
          const states = Object.values(members);
          expect(states.filter((state) => state === "active")).toHaveLength(8);
          expect(states.filter((state) => state === "down")).toHaveLength(2);
          for (const far of Object.values(reach)) expect(Object.keys(far)).toHaveLength(7);
        },
      ),
    );
  });

  it("counts hops along a ring, and the way round when a whole pair is lost", () => {
    const ring = generateTopology({ hostPairs: 4, shape: "ring" });
    expect(simulateTopology(ring, { failedHosts: [] }).reach["A"]).toEqual({
      B: 1,
      C: 2,
      D: 3,
      E: 4,
      F: 3,
      G: 2,
      H: 1,
    });
    const { reach } = simulateTopology(ring, { failedHosts: ["h3", "h4"] });
    // C and D are gone: E is still four connectors away the other way round, and F to H are as near as before.
    expect(reach["A"]).toEqual({ B: 1, E: 4, F: 3, G: 2, H: 1 });
    expect(reach["B"]).toEqual({ A: 1, F: 4, G: 3, H: 2 });
  });

  it("of an unknown host is refused with the names of the known ones", () => {
    expect(() => simulateTopology(pair, { failedHosts: ["h9"] })).toThrow(/no host h9; the description has h1, h2/);
  });
});
