/** What a load of the kill matrix is: work that goes on while the active broker is killed, and books that tell what became of it. */
import type { ConnectionOptions } from "../../../../src/connect/connect-options.ts";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import type { Product, Protocol } from "../../group-contract.ts";

export interface LoadContext {
  readonly product: Product;
  readonly protocol: Protocol;
  /** What the names of destinations, clients and subscriptions begin with; nobody else uses it. */
  readonly name: string;
  /** Added to the pause after each piece of work, ms: what goes on for long is done at leisure. */
  readonly restMs?: number;
  /** Opens a connection that the run watches, and closes in the end. */
  connect(options?: ConnectionOptions): Promise<Connection>;
}

export interface RunningLoad {
  /** How much is done; it grows as long as the load gets on. */
  readonly done: number;
  /** Begins nothing more; resolves when everything that was begun has settled, or has had its time. */
  stop(): Promise<void>;
  /** Reads what is left to read. After stop(), and without any further kill. */
  settle(): Promise<void>;
  findings(): LoadFindings;
}

/** Resolves when the load runs. */
export type StartLoad = (context: LoadContext) => Promise<RunningLoad>;

export interface LoadFindings {
  /** What was begun: messages sent, transactions, requests. */
  readonly begun: number;
  /** What was done and is known to hold: messages received, transactions committed, replies. */
  readonly units: number;
  readonly lost: readonly string[];
  readonly outOfOrder: number;
  /** Those out of order that were redelivered when first seen: they had been on their way to a session that ended. */
  readonly late: number;
  /** The others, in words. */
  readonly displaced: readonly string[];
  /** Transactions of which a part is there. */
  readonly partial: readonly string[];
  /** What must not be there: rolled back, damaged, of somebody else, refused without cause. */
  readonly unexpected: readonly string[];
  /** Promises that never settled. */
  readonly unsettled: number;
  /** Stored more than once. */
  readonly doubled: number;
  /** How many may be: sends in flight at a kill are sent again, and Classic does not know them again. */
  readonly mayBeDoubled: number;
  readonly redelivered: number;
  /** Reported as in doubt; `held` of them turned out to hold. */
  readonly inDoubt: { readonly reported: number; readonly held: number };
  /** Typed rejections by their code. */
  readonly rejections: Readonly<Record<string, number>>;
  /** What shows that the load did what it is there for. */
  readonly remarks: readonly string[];
}

export const NO_FINDINGS: LoadFindings = {
  begun: 0,
  units: 0,
  lost: [],
  outOfOrder: 0,
  late: 0,
  displaced: [],
  partial: [],
  unexpected: [],
  unsettled: 0,
  doubled: 0,
  mayBeDoubled: 0,
  redelivered: 0,
  inDoubt: { reported: 0, held: 0 },
  rejections: {},
  remarks: [],
};

/** The books of several runs as one. */
export function addFindings(all: readonly LoadFindings[]): LoadFindings {
  return all.reduce(
    (sum, each) => ({
      begun: sum.begun + each.begun,
      units: sum.units + each.units,
      lost: [...sum.lost, ...each.lost],
      outOfOrder: sum.outOfOrder + each.outOfOrder,
      late: sum.late + each.late,
      displaced: [...sum.displaced, ...each.displaced],
      partial: [...sum.partial, ...each.partial],
      unexpected: [...sum.unexpected, ...each.unexpected],
      unsettled: sum.unsettled + each.unsettled,
      doubled: sum.doubled + each.doubled,
      mayBeDoubled: sum.mayBeDoubled + each.mayBeDoubled,
      redelivered: sum.redelivered + each.redelivered,
      inDoubt: {
        reported: sum.inDoubt.reported + each.inDoubt.reported,
        held: sum.inDoubt.held + each.inDoubt.held,
      },
      rejections: addCounts(sum.rejections, each.rejections),
      remarks: [...sum.remarks, ...each.remarks],
    }),
    NO_FINDINGS,
  );
}

export function addCounts(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

/** What of it breaks a promise, in words; empty when nothing does. */
export function findFaults(findings: LoadFindings): string[] {
  const { lost, outOfOrder, partial, unexpected, unsettled, doubled, mayBeDoubled } = findings;
  const counts = {
    lost: lost.length,
    "out of order": outOfOrder,
    partial: partial.length,
    unexpected: unexpected.length,
    unsettled,
  };
  const faults = Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${what} ${count}`] : []));
  return doubled > mayBeDoubled ? [...faults, `doubled ${doubled}, at most ${mayBeDoubled}`] : faults;
}
