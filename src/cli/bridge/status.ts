/** `masterslave bridge status`: prints the status that a running bridge wrote last, with its age. */
import { readFile } from "node:fs/promises";
import type { BridgeStatus } from "../../bridge/index.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { EXIT } from "../exit-codes.ts";
import type { BridgeVerbOptions } from "./output.ts";
import { printFailure, printResult } from "./print.ts";

const VERB = "bridge-status";
/** The bridge writes every second. */
const STALE_MS = 5_000;

interface StatusFile extends BridgeStatus {
  readonly pid: number;
  readonly atMs: number;
}

/**
 * Resolves with 0 if every link runs or is over, 4 if one does not, 1 if the status is old, so that no bridge writes
 * it.
 */
export async function printStatus(path: string, { output }: BridgeVerbOptions): Promise<number> {
  let status: StatusFile;
  try {
    status = JSON.parse(await readFile(path, "utf8")) as StatusFile;
  } catch (reason) {
    const why = reason instanceof Error ? reason.message : String(reason);
    const text = `The status file ${path} cannot be read: ${why}. Start the bridge with --status-file ${path}`;
    return printFailure(VERB, new InvalidArgumentError(text), output);
  }
  const ageMs = Date.now() - status.atMs;
  const links = Object.entries(status.links);
  const stale = ageMs > STALE_MS;
  const well = links.every(([, { state }]) => state === "running" || state === "stopped");
  const lines = links.map(([name, link]) => {
    const { state, reason, forwarded, pending, unacknowledged, deadLettered } = link;
    const figures = `forwarded ${forwarded}, pending ${pending}, unacknowledged ${unacknowledged}, dead letters ${deadLettered}${canaryText(link)}`;
    return `${name} ${state}: ${figures}${reason === undefined ? "" : ` (${reason})`}`;
  });
  const age = `written ${Math.round(ageMs / 100) / 10} s ago by process ${status.pid}${stale ? ": it no longer runs, or hangs" : ""}`;
  const warnings = status.warnings.map(({ link, code, message }) => `${link} ${code}: ${message}`);
  printResult(VERB, { ageMs, stale, ...status }, { output, ok: well && !stale, lines: [...lines, ...warnings, age] });
  if (stale) return EXIT.failure;
  return well ? EXIT.ok : EXIT.findings;
}

function canaryText({ canary: { state, lastMs, p50Ms, maxMs, lost } }: BridgeStatus["links"][string]): string {
  if (state === "off") return "";
  if (lastMs === undefined) return `, canary ${state}`;
  return `, canary ${lastMs} ms (half within ${p50Ms}, longest ${maxMs}, lost ${lost})`;
}
