/** Prints the part of docs/topology.md about the figures' runs on real brokers, and the picture of each state. */
import { readFileSync } from "node:fs";
import { readTopology } from "../src/topology/description/read-topology.ts";
import type { DrillMember } from "../src/topology/drill/drill-report.ts";
import { networkOf } from "../src/topology/network/network.ts";
import { renderTopology } from "../src/topology/render/render-topology.ts";
import { type MemberState, networkState } from "../src/topology/simulate/simulate-topology.ts";
import { type Figure, type FigureRun, type RecordedCut, readRuns } from "../test/network/network-run-file.ts";

const BEGIN_MARK = "<!-- runs:begin, printed from test/network/network-runs.json by npm run docs -->";
const END_MARK = "<!-- runs:end -->";
/** Longer tables name only the members that changed. */
const WHOLE_TABLE = 6;

/** The moment of a picture: before the fault, while a host is down, after it is back, or while a host is cut off. */
export type Moment = "before" | "down" | "back" | "cut";
export const MOMENTS: readonly Moment[] = ["before", "down", "back", "cut"];

export function pictureFile(figure: Figure, moment: Moment): string {
  return `figure-${figure}${moment === "before" ? "" : `-${moment}`}.svg`;
}

/** @throws Error if the document lacks its marks. */
export function withNetworkRuns(document: string): string {
  const begin = document.indexOf(BEGIN_MARK);
  const end = document.indexOf(END_MARK);
  if (begin < 0 || end < begin) throw new Error(`docs/topology.md has no ${BEGIN_MARK} … ${END_MARK}`);
  const runs = readRuns();
  const parts = (["4.2", "4.1"] as const).flatMap((figure) => runs[figure] ?? []).map(sectionOf);
  const text = [...parts, timesTable(runs)].join("\n");
  return `${document.slice(0, begin + BEGIN_MARK.length)}\n\n${text}\n${document.slice(end)}`;
}

/** Returns the picture of a state as the last run measured it. */
export function renderMoment(figure: Figure, moment: Moment): string {
  const run = readRuns()[figure];
  if (!run) throw new Error(`network-runs.json has no run of Figure ${figure}`);
  const topology = readTopology(
    readFileSync(new URL(`../examples/networks/figure-${figure}.yaml`, import.meta.url), "utf8"),
  );
  const titles: Readonly<Record<Moment, string>> = {
    before: `Figure ${figure}, all hosts up`,
    down: `Figure ${figure} with host ${run.failed} dead`,
    back: `Figure ${figure} with host ${run.failed} back`,
    cut: `Figure ${figure} with host ${run.cut?.host} cut off`,
  };
  const state = networkState(networkOf(topology), statesAt(run, moment));
  return renderTopology(topology, { format: "svg", title: titles[moment], state });
}

function statesAt({ rows, after, cut }: FigureRun, moment: Moment): Readonly<Record<string, MemberState>> {
  if (moment === "back") return after;
  const from = moment === "cut" ? (cut?.rows ?? []) : rows;
  return Object.fromEntries(from.map((row) => [row.member, moment === "before" ? row.before : row.measured]));
}

/** Returns the part for one figure: its pictures, then predicted beside measured for both faults. */
function sectionOf(run: FigureRun): string {
  const { figure, failed, rows, cut, sent, received } = run;
  const picture = (moment: Moment, text: string) => `![${text}](${pictureFile(figure, moment)})`;
  const lost = sent - received;
  return `### Figure ${figure}: host ${failed} dies

${picture("before", `Figure ${figure}, all hosts up`)}
${picture("down", `Figure ${figure} with host ${failed} dead`)}

${drillTable(run, rows)}

${agreement(rows)} Sent ${sent}, received ${received}, lost ${lost}, over both faults.
When ${failed} is back, its members wait: a member that has taken over keeps the lock.

${picture("back", `Figure ${figure} with host ${failed} back`)}
${cut ? `\n${cutSection(run.figure, cut)}` : ""}`;
}

function cutSection(figure: Figure, cut: RecordedCut): string {
  const { host, rows, healed, stranded, recoveryMs, said } = cut;
  const groups = stranded.length === 1 ? `group ${stranded[0]}` : `groups ${stranded.join(" and ")}`;
  return `### Figure ${figure}: host ${host} is cut off, and nobody takes over

The link of ${host} goes down while its processes live. Its active members keep the locks of their stores, so no other member takes
over ${groups}, and no client of theirs reaches a master until the link is back.

![Figure ${figure} with host ${host} cut off](${pictureFile(figure, "cut")})

${drillTable(cut, rows)}

${agreement(rows)} ${agreement(healed).replace("were", "were again")} The members answered ${seconds(recoveryMs)} after the link was back.
Our clients reported:

\`\`\`text
${said.join("\n")}
\`\`\`
`;
}

function agreement(rows: readonly DrillMember[]): string {
  return `${rows.filter(({ agrees }) => agrees).length} of ${rows.length} members were as predicted.`;
}

function drillTable({ restarted }: Pick<FigureRun, "restarted">, rows: readonly DrillMember[]): string {
  const acted = (group: string) => restarted.filter((connector) => connector.includes(`from ${group} `)).length;
  const changed = rows.filter(
    ({ group, before, predicted, measured, agrees }) =>
      !agrees || before !== predicted || before !== measured || acted(group) > 0,
  );
  const shown = rows.length > WHOLE_TABLE ? changed : rows;
  const lines = shown.map(
    ({ member, host, group, before, predicted, measured }) =>
      `| ${member} | ${host} | ${before} | ${predicted} | ${measured} | ${acted(group) > 0 ? `${acted(group)} x` : "no"} |`,
  );
  const rest = rows.filter((row) => !shown.includes(row));
  const count = (state: MemberState) => rest.filter((row) => row.measured === state).length;
  if (rest.length > 0)
    lines.push(
      `| the other ${rest.length} | | ${count("active")} active, ${count("standby")} standby | as before | as before | no |`,
    );
  return `| member | host | before | predicted | measured | watchdog had to act |
| --- | --- | --- | --- | --- | --- |
${lines.join("\n")}`;
}

function timesTable(runs: Readonly<Partial<Record<Figure, FigureRun>>>): string {
  const found = [runs["4.1"], runs["4.2"]].filter((run) => run !== undefined);
  const row = (title: string, cell: (run: FigureRun) => string) => `| ${title} | ${found.map(cell).join(" | ")} |`;
  return `### What the runs measured

| | ${found.map(({ figure }) => `Figure ${figure}`).join(" | ")} |
| --- |${" --- |".repeat(found.length)}
${[
  row("brokers, active", ({ rows }) => `${rows.length}, ${rows.filter(({ before }) => before === "active").length}`),
  row("every host is a", ({ hosts }) => (hosts === "namespaces" ? "network namespace" : "loopback address")),
  row("all started after", ({ startMs }) => seconds(startMs)),
  row(
    "all connectors up after, as the brokers report",
    ({ linksMs, connectors }) => `${seconds(linksMs)} (${connectors})`,
  ),
  row("resident memory of all brokers", ({ memoryMiB }) => `${memoryMiB} MiB`),
  row("from the kill to the last takeover, predicted", ({ predictedMs }) => `at most ${seconds(predictedMs)}`),
  row("from the kill to the last takeover, measured", ({ takeoverMs }) => seconds(takeoverMs)),
  row("from the kill until every connector was back", ({ connectorsMs }) => seconds(connectorsMs)),
  row("from the healing of the cut until every member answered", ({ cut }) => seconds(cut?.recoveryMs ?? null)),
  row("from the healing of the cut until every connector was back", ({ cut }) => seconds(cut?.connectorsMs ?? null)),
  row("connectors whose broker the watchdog had to restart", ({ restarted, cut }) =>
    String(restarted.length + (cut?.restarted.length ?? 0)),
  ),
  row("messages sent, received, lost", ({ sent, received }) => `${sent}, ${received}, ${sent - received}`),
  row("machine", ({ machine }) => machine),
].join("\n")}

Brokers: Classic ${found[0]?.broker}. One run each. The times include the probing: every member is probed in turn with a complete handshake.
`;
}

function seconds(ms: number | null): string {
  return ms === null ? "never" : `${(ms / 1000).toFixed(1)} s`;
}

/** Returns a run as text for the terminal. */
export function renderRun(run: FigureRun): string {
  return `${sectionOf(run)}\n${timesTable({ [run.figure]: run })}`;
}
