/**
 * Prints the tables of docs/failure-modes.md: the faults from the tests that cause them, the figures from the last full
 * run.
 */
import { FAULTS } from "../test/network/faults/all-faults.ts";
import { DEAD_FIRSTS } from "../test/network/faults/dead-firsts.ts";
import type { Consequence, Fault } from "../test/network/faults/fault.ts";
import type { Figures } from "../test/network/figures.ts";
import { COMBINATIONS, type FullRun, readFullRun, titleOf } from "../test/network/run-file.ts";

const BEGIN_MARK = "<!-- failures:begin -->";
const END_MARK = "<!-- failures:end -->";
const SEEN: Readonly<Record<Consequence, string>> = {
  moves: "`interrupted`, then `restored` on the other member",
  returns: "`interrupted`, then `restored` on the same member when the fault is over",
  stays: "nothing: sends take longer",
};

/** @throws Error if the document lacks its marks. */
export function withFailureTables(document: string): string {
  const begin = document.indexOf(BEGIN_MARK);
  const end = document.indexOf(END_MARK);
  if (begin < 0 || end < begin) throw new Error(`docs/failure-modes.md has no ${BEGIN_MARK} … ${END_MARK}`);
  const run = readFullRun();
  const tables = [renderLooks(run), renderFigures(run), renderNewClients(run)].join("\n\n");
  return `${document.slice(0, begin + BEGIN_MARK.length)}\n\n${tables}\n\n${document.slice(end)}`;
}

function renderLooks({ faults }: FullRun): string {
  const rows = FAULTS.map((fault) => {
    const cells = Object.values(faults[fault.name] ?? {});
    const lost = listCodes(cells.flatMap(({ told }) => told.flatMap(codeOf)));
    const answers = listCodes(cells.flatMap(({ answers }) => answers));
    return `| ${fault.name} | ${fault.what} | ${SEEN[fault.consequence]} | ${lost} | ${answers} |`;
  });
  return `### What each looks like

| fault | what happens | what the connection says | code of \`interrupted\` | codes of failed attempts |
| --- | --- | --- | --- | --- |
${rows.join("\n")}`;
}

function listCodes(codes: readonly string[]): string {
  const shown = [...new Set(codes)].sort().map((code) => `\`${code}\``);
  return shown.join(", ") || "–";
}

function codeOf(told: string): string[] {
  const [event, code] = told.split(" ");
  return event === "interrupted" && code !== undefined ? [code] : [];
}

function renderFigures({ faults, heartbeatMs }: FullRun): string {
  const rows = FAULTS.flatMap((fault) =>
    COMBINATIONS.map((at) => renderRow(fault, titleOf(at), faults[fault.name]?.[titleOf(at)])),
  );
  return `### What was measured

From the last full run, or a later run of single rows, with a heart-beat interval of ${heartbeatMs / 1000} s. Times in seconds.

| fault | pair | noticed after | back after | takeover | lost | unsettled | doubled | out of order | overtaken |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.join("\n")}`;
}

function renderRow({ name, heal }: Fault, title: string, figures: Figures | undefined): string {
  if (figures === undefined) return `| ${name} | ${title} |${" not run |".repeat(8)}`;
  const { noticedMs, backMs, takeoverMs, lost, unsettled, doubled, outOfOrder, overtaken } = figures;
  const back = heal === undefined ? seconds(backMs) : `${seconds(backMs)} ¹`;
  const times = [seconds(noticedMs), back, seconds(takeoverMs)];
  return `| ${[name, title, ...times, lost, unsettled, doubled, outOfOrder, overtaken].join(" | ")} |`;
}

function renderNewClients({ newClients }: FullRun): string {
  const rows = DEAD_FIRSTS.map(({ name, what }) => {
    const cells = COMBINATIONS.map((at) => {
      const figures = newClients[name]?.[titleOf(at)];
      return figures ? `${figures.library.medianMs.toFixed(0)} (${figures.bare.medianMs.toFixed(0)})` : "not run";
    });
    return `| ${name} | ${what} | ${cells.join(" | ")} |`;
  });
  return `### A new client, when what comes first is dead

Milliseconds from \`connect()\` to the session, and in brackets those of a bare socket that goes straight to the active member.
Medians of five.

| first | what it is | ${COMBINATIONS.map(titleOf).join(" | ")} |
| --- | --- | ---: | ---: | ---: | ---: |
${rows.join("\n")}`;
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? "–" : (ms / 1000).toFixed(2);
}
