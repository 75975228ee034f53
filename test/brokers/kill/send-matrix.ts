/** The kill matrix of plain sends: a producer with a full window and a consumer, one table row for each combination. */
import Table from "cli-table3";
import type { LedgerFindings } from "../../../src/testing/rehearsal/ledger.ts";
import type { RehearsalReport } from "../../../src/testing/rehearsal/rehearse-failover.ts";
import type { Product, Protocol } from "../group-contract.ts";
import { startGroup } from "../real-group.ts";
import { runKills } from "./kill-run.ts";
import type { MatrixOptions } from "./matrix-options.ts";
import { strainOf } from "./strain.ts";

/** Runs and prints the matrix; resolves with whether nothing was lost. */
export async function runSendMatrix(options: MatrixOptions): Promise<boolean> {
  const summaries: Summary[] = [];
  for (const product of options.products) {
    for (const protocol of options.protocols) {
      const summary = await runCombination(product, protocol, options);
      summaries.push(summary);
      // Printed at once, so that a long run that is interrupted has not been in vain.
      console.error(`[kill] ${JSON.stringify(summary)}`);
    }
  }
  if (options.json) console.log(JSON.stringify(summaries, undefined, 2));
  else print(summaries);
  return summaries.every(({ faults }) => faults.length === 0);
}

interface Summary {
  readonly combination: string;
  readonly rounds: number;
  readonly sent: number;
  readonly confirmed: number;
  readonly rejected: number;
  readonly unresolved: number;
  readonly lost: number;
  readonly outOfOrder: number;
  readonly storedTwice: number;
  /** The most sends that were in flight at one kill: Classic may store this many twice. */
  readonly inFlight: number;
  readonly redelivered: number;
  readonly firstConfirmationMs: { readonly median: number; readonly worst: number };
  readonly faults: readonly string[];
}

async function runCombination(product: Product, protocol: Protocol, options: MatrixOptions): Promise<Summary> {
  const reports: RehearsalReport[] = [];
  let version = "";
  for (let left = options.rounds; left > 0; left -= options.batch) {
    const strain = strainOf(product, options.strained);
    const group = await startGroup(product, { ...strain.group, kind: options.kind });
    version = group.version;
    try {
      const log = (line: string) => console.error(`[kill] ${product} ${protocol} ${line}`);
      const report = await runKills(group, protocol, {
        rounds: Math.min(left, options.batch),
        loadMs: options.loadMs,
        prefix: strain.prefix,
        window: options.window,
        onRound: log,
      });
      for (const { id, twins } of [...report.stream.storedTwice, ...report.store.storedTwice]) {
        console.error(`[kill] ${product} ${protocol}: ${id} stored as ${twins.join(" and ")}`);
      }
      for (const { late, displaced } of [report.stream, report.store]) {
        if (late > 0) console.error(`[kill] ${product} ${protocol}: ${late} came first as redelivered, out of order`);
        for (const { n, after } of displaced.slice(0, 10))
          console.error(`[kill] ${product} ${protocol}: send ${n} came after send ${after}`);
      }
      for (const rejection of report.rejections) console.error("[kill] rejected:", rejection);
      reports.push(report);
    } finally {
      await group.close();
    }
  }
  return summarize(
    `${version} ${protocol.toUpperCase()}${options.kind === "shared-store" ? "" : `, ${options.kind}`}`,
    reports,
    { product, ...options },
  );
}

function summarize(
  suffix: string,
  reports: readonly RehearsalReport[],
  { product, strained }: { readonly product: Product; readonly strained: boolean },
): Summary {
  const books = reports.flatMap(({ stream, store }) => [stream, store]);
  const failovers = reports.flatMap((report) => report.failovers);
  const sum = (pick: (book: LedgerFindings) => number) => books.reduce((total, book) => total + pick(book), 0);
  const times = failovers.map(({ recoveryMs }) => recoveryMs).sort((a, b) => a - b);
  const summary = {
    combination: `${product === "classic" ? "Classic" : "Artemis"} ${suffix}`,
    rounds: failovers.length,
    sent: sum(({ sent }) => sent),
    confirmed: sum(({ confirmed }) => confirmed),
    rejected: sum(({ rejected }) => rejected),
    unresolved: sum(({ unresolved }) => unresolved),
    lost: sum(({ lost }) => lost.length),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
    storedTwice: sum(({ storedTwice }) => storedTwice.length),
    inFlight: Math.max(0, ...failovers.map(({ inFlight }) => inFlight)),
    redelivered: sum(({ redelivered }) => redelivered),
    firstConfirmationMs: { median: Math.round(times[times.length >> 1] ?? 0), worst: Math.round(times.at(-1) ?? 0) },
  };
  const inFlightInAll = failovers.reduce((total, { inFlight }) => total + inFlight, 0);
  const resent = failovers.reduce((total, failover) => total + failover.resent, 0);
  const allowed = {
    storedTwice: product === "classic" ? inFlightInAll : 0,
    // While an address pages, Artemis sometimes delivers sends with an id in a different order (docs/decisions/0021).
    outOfOrder: product === "artemis" && strained ? resent : 0,
  };
  return { ...summary, faults: findFaults(summary, allowed) };
}

function findFaults(
  { rejected, unresolved, lost, outOfOrder, storedTwice }: Omit<Summary, "faults">,
  allowed: Pick<Summary, "outOfOrder" | "storedTwice">,
): string[] {
  const counts = Object.entries({ rejected, unresolved, lost, outOfOrder, storedTwice });
  const most: Readonly<Record<string, number>> = allowed;
  return counts
    .filter(([what, count]) => count > (most[what] ?? 0))
    .map(([what, count]) => `${what} ${count}${most[what] ? `, at most ${most[what]}` : ""}`);
}

function print(rows: readonly Summary[]): void {
  const table = new Table({
    head: [
      "pair",
      "kills",
      "sent",
      "confirmed",
      "lost",
      "out of order",
      "rejected",
      "unresolved",
      "stored twice",
      "in flight (max)",
      "redelivered",
      "first confirmation ms (median, worst)",
    ],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.combination,
      row.rounds,
      row.sent,
      row.confirmed,
      row.lost,
      row.outOfOrder,
      row.rejected,
      row.unresolved,
      row.storedTwice,
      row.inFlight,
      row.redelivered,
      `${row.firstConfirmationMs.median}, ${row.firstConfirmationMs.worst}`,
    ]);
  }
  console.log(table.toString());
  for (const { combination, faults } of rows)
    if (faults.length > 0) console.log(`FAULT ${combination}: ${faults.join(", ")}`);
}
