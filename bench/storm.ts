/**
 * `npm run bench:storm`: a million clients lose their broker at the same moment, for ten minutes. Prints the
 * connections a second by this library's policy beside those of other clients by theirs, and how fleets come back.
 * Writes docs/fleet-outage.svg; with other numbers only if --write is given.
 */
import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { OPTIONS } from "../src/uri/options/option-table.ts";
import { wholeFrom } from "../test/support/command-numbers.ts";
import { seededRandom } from "../test/support/seeded-random.ts";
import { type Line, lineChart } from "./fleet/line-chart.ts";
import { ourSchedule, PEER_SCHEDULES, type Schedule } from "./fleet/schedules.ts";
import { simulateOutage, simulateReturn } from "./fleet/simulate-outage.ts";
import { printTable } from "./report.ts";

const DEFAULTS = { clients: 1_000_000, seed: 1 };

const { clients, seed, write } = new Command("bench:storm")
  .option("--clients <n>", "of the outage; the others stand for as many", wholeFrom(1), DEFAULTS.clients)
  .option("--seed <n>", "of chance", wholeFrom(0), DEFAULTS.seed)
  .option("--write", "docs/fleet-outage.svg, with these numbers too", false)
  .parse()
  .opts<{ clients: number; seed: number; write: boolean }>();

const OUTAGE_S = 600;
const RETURNING = 20_000;
const HORIZON_MS = 3_600_000;
const SPANS = [
  [0, 1],
  [1, 10],
  [10, 60],
  [60, 600],
] as const;
const OURS = [
  ourSchedule("ours, defaults", ""),
  ourSchedule("ours, reconnectSpread=10000", "reconnectSpread=10000"),
  ourSchedule("ours, reconnectSpread=60000", "reconnectSpread=60000"),
];
const COLORS = ["#c1121f", "#e07a00", "#2a7f3f", "#1d4e89", "#5b8fc9", "#7b2cbf", "#777777", "#9c6b30"];

const outages = [...OURS, ...PEER_SCHEDULES].map((schedule) => ({ schedule, perSecond: dialsPerSecond(schedule) }));
console.log(`${clients.toLocaleString("en")} clients, connects a second over an outage of ten minutes: most (mean)`);
printTable(
  ["client", ...SPANS.map(([from, to]) => `second ${from} to ${to}`)],
  outages.map(({ schedule: { name }, perSecond }) => [name, ...SPANS.map((span) => describeSpan(perSecond, span))]),
);
if (write || (clients === DEFAULTS.clients && seed === DEFAULTS.seed)) {
  writeFileSync(new URL("../docs/fleet-outage.svg", import.meta.url), drawOutage());
  console.log("wrote docs/fleet-outage.svg");
}

for (const outageMs of [1_400, OUTAGE_S * 1_000]) {
  console.log(
    `\nBack after an outage of ${outageMs / 1_000} s: seconds until 50, 99 and 100 % are; connects a client; most connects in 100 ms, of 1,000,000`,
  );
  printTable(
    ["size / accepts a second", ...OURS.map(({ name }) => name), "ours, reconnectSpread = that"],
    [5, 25, 50, 100, 200].map((seconds) => returnRow(seconds, outageMs)),
  );
}

function dialsPerSecond(schedule: Schedule): number[] {
  const fleet = { clients, outageMs: OUTAGE_S * 1_000, bucketMs: 1_000, random: seededRandom(seed) };
  return [...simulateOutage(schedule, fleet)];
}

function describeSpan(perSecond: readonly number[], [from, to]: (typeof SPANS)[number]): string {
  const span = perSecond.slice(from, to);
  const most = span.reduce((highest, each) => Math.max(highest, each), 0);
  const mean = span.reduce((sum, each) => sum + each, 0) / span.length;
  return `${most.toLocaleString("en")} (${Math.round(mean).toLocaleString("en")})`;
}

function drawOutage(): string {
  const lines = outages.map(({ schedule: { name }, perSecond }, index): Line => {
    const points = perSecond.slice(0, OUTAGE_S).map((count, second) => [second, count] as const);
    return { name, color: COLORS[index] ?? "#000", dots: index >= OURS.length, points };
  });
  return lineChart({
    title: `${clients.toLocaleString("en")} clients lose their broker at once: connects in each second of a ten-minute outage`,
    xLabel: "seconds since the loss",
    yLabel: "connects in the second",
    xTicks: [0, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600],
    yPowers: [3, 8],
    lines,
  });
}

function returnRow(seconds: number, outageMs: number): string[] {
  const spread = ourSchedule("spread", `reconnectSpread=${seconds * 1_000}`);
  return [`${seconds} s`, ...[...OURS, spread].map((schedule) => describeReturn(schedule, seconds, outageMs))];
}

function describeReturn(schedule: Schedule, seconds: number, outageMs: number): string {
  const attemptTimeout = OPTIONS.attemptTimeout.default;
  const { backMs, connects, peakPer100Ms } = simulateReturn(schedule, {
    clients: RETURNING,
    outageMs,
    acceptsPerSecond: RETURNING / seconds,
    // The timeout grows as transport/search/search.ts lets it grow.
    patienceMs: (attempt) => attemptTimeout * Math.min(2 ** attempt, 8),
    random: seededRandom(seed),
    horizonMs: HORIZON_MS,
  });
  const share = (part: number) => {
    const at = backMs[Math.ceil(RETURNING * part) - 1];
    return at === undefined ? "never" : (at / 1_000).toFixed(0);
  };
  const peak = Math.round((peakPer100Ms * 1_000_000) / RETURNING).toLocaleString("en");
  return `${share(0.5)}, ${share(0.99)}, ${share(1)}; ${(connects / RETURNING).toFixed(1)}; ${peak}`;
}
