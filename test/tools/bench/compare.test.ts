/** The arithmetic of the bench: medians of rounds, spread, and ratios taken round by round. */
import { describe, expect, it } from "vitest";
import { latencyOf } from "../../../bench/driver/meter.ts";
import type { Measurement } from "../../../bench/driver/workload.ts";
import { isMet, summarize } from "../../../bench/runner/compare.ts";

const measured = (messages: number, cpuUsPerMessage = 1): Measurement => ({
  ...{ messages, elapsedMs: 500, cpuUsPerMessage, rssMiB: 100, sent: messages },
});

describe("the comparison of a question's rounds", () => {
  // Round by round ours is 2, 3 and 10 times the peer; the ratio of the medians would be 4.
  const rounds = [
    { ours: measured(200, 3), peer: measured(100, 6) },
    { ours: measured(600, 4), peer: measured(200, 5) },
    { ours: measured(400, 5), peer: measured(40, 20) },
  ];

  it("takes the median of the ratios, not the ratio of the medians", () => {
    const [ours, peer] = summarize(rounds, "ours", "rate");
    expect(ours).toMatchObject({ peer: "ours", ratio: 1, ratePerSecond: 800, rateRange: [400, 1200] });
    expect(peer).toMatchObject({ peer: "peer", ratio: 3, ratePerSecond: 200, cpuUsPerMessage: 6 });
  });

  it("compares processor time where that is the question", () => {
    expect(summarize(rounds, "ours", "cpu")[1]?.ratio).toBe(0.5);
  });

  it("holds a ratio to its goal from either side", () => {
    expect(isMet({ peer: "p", least: 4 }, 4)).toBe(true);
    expect(isMet({ peer: "p", least: 4 }, 3.9)).toBe(false);
    expect(isMet({ peer: "p", most: 0.5 }, 0.6)).toBe(false);
    expect(isMet({ peer: "p", most: 0.5 }, Number.NaN)).toBe(false);
  });

  it("reads percentiles off the sorted latencies", () => {
    expect(latencyOf(Array.from({ length: 100 }, (_, n) => 100 - n))).toEqual({ p50: 51, p90: 91, p99: 100 });
  });
});
