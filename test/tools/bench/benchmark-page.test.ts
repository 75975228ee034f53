/** What a run of the bench writes into the documents. */
import { describe, expect, it } from "vitest";
import type { Measurement } from "../../../bench/driver/workload.ts";
import { type Answer, renderAnswers, withAnswers } from "../../../bench/runner/benchmark-page.ts";
import { summarize } from "../../../bench/runner/compare.ts";
import { ratioChart } from "../../../bench/runner/ratio-chart.ts";

const measured = (messages: number): Measurement => ({
  ...{ messages, elapsedMs: 1_000, cpuUsPerMessage: 1, rssMiB: 100, sent: messages },
});
const answer: Answer = {
  question: {
    ...{ name: "a-question", asks: "How fast?", protocol: "stomp", product: "classic", figure: "rate" },
    work: { kind: "send", bodyBytes: 1 },
    peers: ["ours-stomp", "peer", "bare-stomp"],
    goals: [
      { peer: "peer", least: 2 },
      { peer: "bare-stomp", least: 0.75 },
    ],
  },
  peers: summarize(
    [{ "ours-stomp": measured(3_000), peer: measured(1_000), "bare-stomp": measured(6_000) }],
    "ours-stomp",
    "rate",
  ),
};

describe("the page of the bench", () => {
  it("says of each goal whether it was met, and gives each peer its line", () => {
    const written = renderAnswers([answer], { pairs: 5 });
    expect(written).toContain("| a-question | rate | peer | at least 2 | 3.00 | met |");
    expect(written).toContain("| a-question | rate | bare-stomp | at least 0.75 | 0.50 | not met |");
    expect(written).toContain("| peer | 1,000 | 1,000 to 1,000 | 1.0 | 100 |  | 3.00 |");
  });

  it("replaces what stands between its marks and nothing else", () => {
    const page = "before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter";
    const written = withAnswers(page, "new");
    expect(written).toBe("before\n<!-- bench:begin -->\n\nnew\n\n<!-- bench:end -->\nafter");
    expect(withAnswers(written, "new")).toBe(written);
    expect(() => withAnswers("no marks", "new")).toThrow(/no place/);
  });

  it("draws each bar as long as its figure", () => {
    const widths = [...ratioChart([answer]).matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths).toHaveLength(3);
    expect(Number(widths[0]) / Number(widths[2])).toBeCloseTo(0.5, 2);
    expect(Number(widths[1]) / Number(widths[2])).toBeCloseTo(1 / 6, 2);
  });
});
