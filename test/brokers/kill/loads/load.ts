/** A load of the kill matrix: work that goes on while the active broker is killed, and records of what became of it. */
import type { ConnectionOptions } from "../../../../src/connect/connect-options.ts";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import type { Product, Protocol } from "../../group-contract.ts";

export interface LoadContext {
  readonly product: Product;
  readonly protocol: Protocol;
  /** The prefix of the names of destinations, clients and subscriptions; nobody else uses it. */
  readonly name: string;
  /** An additional pause after each piece of work in ms, for long runs. */
  readonly restMs?: number;
  /** Opens a connection that the run watches, and closes at the end. */
  connect(options?: ConnectionOptions): Promise<Connection>;
}

export interface RunningLoad {
  /** How much work is done. The number grows as long as the load makes progress. */
  readonly done: number;
  /** Starts no more work. Resolves when everything that was started has settled, or when its time is up. */
  stop(): Promise<void>;
  /** Reads what is left to read. Call it after stop(), when no more kills follow. */
  settle(): Promise<void>;
  findings(): LoadFindings;
}

/** Resolves when the load runs. */
export type StartLoad = (context: LoadContext) => Promise<RunningLoad>;

export interface LoadFindings {
  /** The work that was started: messages sent, transactions, requests. */
  readonly begun: number;
  /** The work that is known to have succeeded: messages received, transactions committed, replies. */
  readonly units: number;
  readonly lost: readonly string[];
  readonly outOfOrder: number;
  /** Messages out of order that were redelivered when first seen: they had been sent to a session that ended. */
  readonly late: number;
  /** The other messages out of order, in words. */
  readonly displaced: readonly string[];
  /** Transactions of which only a part was stored. */
  readonly partial: readonly string[];
  /** What must not exist: results that were rolled back, damaged, meant for somebody else, or refused without cause. */
  readonly unexpected: readonly string[];
  /** Promises that never settled. */
  readonly unsettled: number;
  /** How many messages were stored more than once. */
  readonly doubled: number;
  /** How many may be stored twice: sends in flight at a kill are written again, and Classic does not recognise them. */
  readonly mayBeDoubled: number;
  readonly redelivered: number;
  /** Outcomes reported as in doubt; `held` of them turned out to have taken effect. */
  readonly inDoubt: { readonly reported: number; readonly held: number };
  /** Typed rejections, by their code. */
  readonly rejections: Readonly<Record<string, number>>;
  /** Evidence that the load has done what it is meant for. */
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

/** Adds up the results of several runs. */
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

/** Returns the broken promises in words; empty if none is broken. */
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
