/**
 * network-runs.json: the last run of each figure on real brokers. docs/topology.md and its pictures are printed from
 * it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { DrillMember } from "../../src/topology/drill/drill-report.ts";
import type { MemberState } from "../../src/topology/simulate/simulate-topology.ts";

export type Figure = "4.1" | "4.2";

/** What happened while a host was cut off and after it was back. */
export interface RecordedCut {
  readonly host: string;
  readonly rows: readonly DrillMember[];
  readonly healed: readonly DrillMember[];
  readonly stranded: readonly string[];
  /** Milliseconds from the healing until every member was as before, and until every connector was. */
  readonly recoveryMs: number | null;
  readonly connectorsMs: number | null;
  /** The connectors whose broker the watchdog had to restart. */
  readonly restarted: readonly string[];
  /** One line for each event that a client of ours reported. */
  readonly said: readonly string[];
}

export interface FigureRun {
  readonly figure: Figure;
  readonly broker: string;
  readonly hosts: "namespaces" | "loopback";
  readonly machine: string;
  readonly connectors: number;
  readonly startMs: number;
  readonly linksMs: number;
  readonly memoryMiB: number | null;
  readonly failed: string;
  readonly rows: readonly DrillMember[];
  readonly takeoverMs: number | null;
  readonly predictedMs: number;
  readonly connectorsMs: number | null;
  /** The state after the failed host is back as a standby. */
  readonly after: Readonly<Record<string, MemberState>>;
  /** null on loopback, where no link can be taken down. */
  readonly cut: RecordedCut | null;
  readonly sent: number;
  readonly received: number;
  /** The connectors whose broker the watchdog had to restart, without those of the cut. */
  readonly restarted: readonly string[];
}

const FILE = new URL("./network-runs.json", import.meta.url);

export function readRuns(): Readonly<Partial<Record<Figure, FigureRun>>> {
  return JSON.parse(readFileSync(FILE, "utf8")) as Partial<Record<Figure, FigureRun>>;
}

export function keepRun(run: FigureRun): void {
  writeFileSync(FILE, `${JSON.stringify({ ...readRuns(), [run.figure]: run }, undefined, 2)}\n`);
}
