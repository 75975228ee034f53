/** Writes the result of a drill as Markdown. */
import type { DrillMember, DrillReport } from "./drill-report.ts";

/** Returns the table of predictions and measurements, then times, then differences. */
export function drillText(report: DrillReport): string {
  const { fault, hosts, rows, healed, differences } = report;
  const right = rows.filter(({ agrees }) => agrees).length;
  const what = fault === "kill" ? "every process was ended" : "the link was taken down";
  return [
    `Host ${hosts.join(", ")}: ${what}.\n`,
    tableOf(rows),
    ...(healed ? ["After the link was back:\n", tableOf(healed.rows)] : []),
    [`${right} of ${rows.length} members were as predicted.`, ...timesOf(report)].join(" ").concat("\n"),
    ...differences.map((difference) => `- ${difference}\n`),
  ].join("\n");
}

/** Returns one line a member, in the order of the description. */
export function tableOf(rows: readonly DrillMember[]): string {
  const lines = rows.map(
    ({ member, host, before, predicted, measured, agrees }) =>
      `| ${member} | ${host} | ${before} | ${predicted} | ${measured} | ${agrees ? "as predicted" : "DIFFERS"} |`,
  );
  return `${["| member | host | before | predicted | measured | |", "| --- | --- | --- | --- | --- | --- |", ...lines].join("\n")}\n`;
}

function timesOf({ rows, predicted, takeoverMs, connectorsMs, healed, missing }: DrillReport): string[] {
  const taken =
    takeoverMs === undefined
      ? []
      : [
          `${predicted.takenOver.join(", ")} taken over after ${takeoverMs} ms, predicted within ${predicted.outageMs} ms.`,
        ];
  // A row that differs names the member that did take over.
  const isHeld = predicted.stranded.length > 0 && rows.every(({ agrees }) => agrees);
  return [
    ...taken,
    ...(isHeld ? [`Nobody took over ${predicted.stranded.join(", ")}, as predicted.`] : []),
    ...(healed?.recoveryMs === undefined ? [] : [`All members were back ${healed.recoveryMs} ms after the link.`]),
    ...(connectorsMs === undefined ? [] : [`All connectors were back after ${connectorsMs} ms.`]),
    ...(missing.length === 0 ? [] : [`${missing.length} connectors were missing at the end.`]),
  ];
}
