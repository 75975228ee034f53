/** `masterslave topology check`. */
import { type Finding, formatFinding, type Severity } from "../../config/finding.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { nearestName } from "../../errors/nearest-name.ts";
import { RULES } from "../../topology/check/rule-table.ts";
import { sarifOf } from "../../topology/check/sarif.ts";
import { READ_FINDINGS } from "../../topology/read/read-findings.ts";
import { type Counts, countFindings, countsText, findingsExitCode } from "./findings-outcome.ts";
import { loadTopology } from "./load-topology.ts";
import { type ActionResult, runAction } from "./run-action.ts";

export interface CheckOptions {
  readonly output: string;
  readonly failOn: Severity;
  readonly ignore: readonly string[];
  readonly set: Readonly<Record<string, string>>;
}

export function checkAction(files: readonly string[], options: CheckOptions): Promise<number> {
  return runAction("check", options.output, () => check(files, options));
}

async function check(files: readonly string[], { output, failOn, ignore, set }: CheckOptions): Promise<ActionResult> {
  const codes = ignore.flatMap((text) => text.split(",")).filter((code) => code !== "");
  refuseUnknown(codes);
  const { findings: found } = await loadTopology(files, set);
  const findings = found.filter(({ code }) => !codes.includes(code));
  const counts = countFindings(findings);
  const text = output === "sarif" ? `${JSON.stringify(sarifOf(findings), undefined, 2)}\n` : textOf(findings, counts);
  return { text, data: { findings, counts }, exitCode: findingsExitCode(findings, failOn) };
}

function textOf(findings: readonly Finding[], counts: Counts): string {
  return findings.map((finding) => `${formatFinding(finding)}\n`).join("") + countsText(counts);
}

/** Refuses a mistyped code, which would have no effect. */
function refuseUnknown(codes: readonly string[]): void {
  const known = [...RULES.map(({ code }) => code), ...Object.keys(READ_FINDINGS)];
  const unknown = codes.find((code) => !known.includes(code));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, known);
  throw new InvalidArgumentError(
    `--ignore: there is no finding ${unknown}${nearest ? `; did you mean ${nearest}?` : ""}`,
  );
}
