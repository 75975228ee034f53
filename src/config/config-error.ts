/** The error for a configuration that cannot be used, with all findings. */

import type { ErrorCode } from "../errors/error-codes.ts";
import { MasterSlaveError } from "../errors/errors.ts";
import { type Finding, formatFinding } from "./finding.ts";

/** Number of findings spelt out in the message; `findings` has them all. */
const MAX_SHOWN = 20;

/** A configuration cannot be used: BRIDGE_CONFIG or TOPOLOGY_INVALID. `findings` lists every mistake with its place. */
export class ConfigError extends MasterSlaveError {
  /** Every finding, warnings included, in the order of the file. */
  readonly findings: readonly Finding[];

  constructor(
    code: Extract<ErrorCode, "BRIDGE_CONFIG" | "TOPOLOGY_INVALID">,
    what: string,
    findings: readonly Finding[],
  ) {
    const errors = findings.filter(({ severity }) => severity === "error");
    const lines = errors.slice(0, MAX_SHOWN).map((finding) => `\n  ${formatFinding(finding)}`);
    const more = errors.length > MAX_SHOWN ? `\n  and ${errors.length - MAX_SHOWN} more` : "";
    super(
      code,
      `${what} cannot be used: ${errors.length} ${errors.length === 1 ? "error" : "errors"}${lines.join("")}${more}`,
    );
    this.findings = findings;
  }
}
