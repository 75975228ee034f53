/** The demo's final report, and whether it succeeded. */
import Table from "cli-table3";
import { formatAddress } from "../errors/errors.ts";
import type { LedgerFindings } from "../testing/rehearsal/ledger.ts";
import type { RehearsalReport } from "../testing/rehearsal/rehearse-failover.ts";

const PLAIN = { style: { head: [], border: [] } };

export interface DemoVerdict {
  readonly ok: boolean;
  /** The faults, in words. */
  readonly faults: readonly string[];
}

/** Success: nothing confirmed was lost, the order was kept, every send was confirmed. */
export function demoVerdict({ stream, store }: RehearsalReport): DemoVerdict {
  const both = (pick: (book: LedgerFindings) => number) => pick(stream) + pick(store);
  const counts = {
    lost: both(({ lost }) => lost.length),
    "out of order": both(({ outOfOrder }) => outOfOrder),
    rejected: both(({ rejected }) => rejected),
    unresolved: both(({ unresolved }) => unresolved),
  };
  const faults = Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${what}: ${count}`] : []));
  return { ok: faults.length === 0, faults };
}

export function printDemoReport(report: RehearsalReport): void {
  const failovers = new Table({
    head: ["failover", "from", "to", "outage ms", "recovery ms", "sent again"],
    ...PLAIN,
  });
  for (const [index, { from, to, outageMs, recoveryMs, resent }] of report.failovers.entries()) {
    failovers.push([
      index + 1,
      formatAddress(from),
      formatAddress(to),
      outageMs.toFixed(0),
      recoveryMs.toFixed(0),
      resent,
    ]);
  }
  console.log(failovers.toString());
  const totals = new Table({
    head: ["queue", "sent", "confirmed", "received", "lost", "doubled", "redelivered", "order"],
    ...PLAIN,
  });
  totals.push(row("worked off meanwhile", report.stream), row("drained at the end", report.store));
  console.log(totals.toString());
  const { ok, faults } = demoVerdict(report);
  console.log(ok ? "RESULT ok: nothing confirmed was lost, order held" : `RESULT failed: ${faults.join(", ")}`);
}

function row(title: string, { sent, confirmed, received, lost, storedTwice, redelivered, outOfOrder }: LedgerFindings) {
  return [
    title,
    sent,
    confirmed,
    received,
    lost.length,
    storedTwice.length,
    redelivered,
    outOfOrder === 0 ? "held" : `${outOfOrder} late`,
  ];
}
