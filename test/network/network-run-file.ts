/** network-runs.json: the last run of each figure on real brokers, from which docs/topology.md and its pictures are printed. */
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
  /** From the healing until every member was as before, and until every connector was. */
  readonly recoveryMs: number | null;
  readonly connectorsMs: number | null;
  /** Connectors for which the watchdog had a broker restarted. */
  readonly restarted: readonly string[];
  /** One line for each thing that a client of ours said. */
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
  /** With the host that had failed back as a standby. */
  readonly after: Readonly<Record<string, MemberState>>;
  /** null on loopback, where there is no link to take down. */
  readonly cut: RecordedCut | null;
  readonly sent: number;
  readonly received: number;
  /** Connectors for which the watchdog had a broker restarted, but for those of the cut. */
  readonly restarted: readonly string[];
}

const FILE = new URL("./network-runs.json", import.meta.url);

export function readRuns(): Readonly<Partial<Record<Figure, FigureRun>>> {
  return JSON.parse(readFileSync(FILE, "utf8")) as Partial<Record<Figure, FigureRun>>;
}

export function keepRun(run: FigureRun): void {
  writeFileSync(FILE, `${JSON.stringify({ ...readRuns(), [run.figure]: run }, undefined, 2)}\n`);
}
