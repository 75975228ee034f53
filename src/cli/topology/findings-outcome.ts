/** The summary and exit code for a list of findings, the same for check and diff. */
import type { Finding, Severity } from "../../config/finding.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";

export type Counts = Readonly<Record<Severity, number>>;

const RANKS: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2 };

export function countFindings(findings: readonly Finding[]): Counts {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}

export function countsText({ error, warning, info }: Counts): string {
  return `${error} errors, ${warning} warnings, ${info} notes\n`;
}

/** Returns 4 if a finding is at least as severe as `failOn`. */
export function findingsExitCode(findings: readonly Finding[], failOn: Severity): ExitCode {
  return findings.some(({ severity }) => RANKS[severity] >= RANKS[failOn]) ? EXIT.findings : EXIT.ok;
}
