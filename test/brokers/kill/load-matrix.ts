/** The kill matrix of everything but plain sends: one table row for each load on each combination. */
import Table from "cli-table3";
import type { Product, Protocol } from "../group-contract.ts";
import { startGroup } from "../real-group.ts";
import { type LoadResult, runLoads } from "./load-run.ts";
import { addFindings, findFaults, type LoadFindings } from "./loads/load.ts";
import type { MatrixOptions } from "./matrix-options.ts";
import { strainOf } from "./strain.ts";

interface Row {
  readonly load: string;
  readonly combination: string;
  readonly kills: number;
  readonly longestOutageMs: number;
  readonly findings: LoadFindings;
  readonly faults: readonly string[];
}

/** The most examples that are printed of each kind of fault. */
const SHOWN = 5;

/** Runs and prints the matrix; resolves with whether every promise held. */
export async function runLoadMatrix(options: MatrixOptions & { readonly loads: readonly string[] }): Promise<boolean> {
  const rows: Row[] = [];
  for (const product of options.products) {
    for (const protocol of options.protocols) rows.push(...(await runCombination(product, protocol, options)));
  }
  if (options.json) console.log(JSON.stringify(rows, undefined, 2));
  else print(rows);
  return rows.every(({ faults }) => faults.length === 0);
}

async function runCombination(
  product: Product,
  protocol: Protocol,
  { kind, rounds, batch, loadMs, double, loads, strained }: MatrixOptions & { readonly loads: readonly string[] },
): Promise<Row[]> {
  const results: LoadResult[] = [];
  let version = "";
  const log = (line: string) => console.error(`[kill] ${product} ${protocol} ${line}`);
  for (let left = rounds; left > 0; left -= batch) {
    const { prefix, group: settings } = strainOf(product, strained);
    const group = await startGroup(product, { ...settings, kind });
    version = group.version;
    try {
      results.push(
        ...(await runLoads(group, protocol, { loads, rounds: Math.min(left, batch), loadMs, double, prefix, log })),
      );
    } finally {
      await group.close();
    }
  }
  const combination = `${product === "classic" ? "Classic" : "Artemis"} ${version} ${protocol.toUpperCase()}${kind === "shared-store" ? "" : `, ${kind}`}`;
  const rows = loads.map((load) =>
    addUp(
      combination,
      results.filter((result) => result.load === load),
    ),
  );
  // Printed at once, so that a long run that is interrupted has not been in vain.
  for (const row of rows) report(row, log);
  return rows;
}

function addUp(combination: string, results: readonly LoadResult[]): Row {
  const findings = addFindings(results.map((result) => result.findings));
  return {
    load: results[0]?.load ?? "",
    combination,
    kills: results.reduce((sum, { kills }) => sum + kills, 0),
    longestOutageMs: Math.max(0, ...results.map((result) => result.longestOutageMs)),
    findings,
    faults: findFaults(findings),
  };
}

function report({ load, findings, faults, kills }: Row, log: (line: string) => void): void {
  log(`${load}: ${kills} kills, ${findings.units} done, ${faults.length > 0 ? faults.join(", ") : "no fault"}`);
  for (const remark of findings.remarks) log(`${load}: ${remark}`);
  for (const kind of ["lost", "partial", "unexpected"] as const) {
    for (const what of findings[kind].slice(0, SHOWN)) log(`${load}, ${kind}: ${what}`);
  }
}

function print(rows: readonly Row[]): void {
  const head = ["load", "pair", "kills", "done", "lost", "out of order", "partial", "unexpected", "unsettled"];
  const more = ["stored twice", "redelivered", "in doubt (held)", "rejections", "longest outage ms"];
  const table = new Table({ head: [...head, ...more], style: { head: [], border: [] } });
  for (const row of rows) table.push(cells(row));
  console.log(table.toString());
  for (const { load, combination, faults } of rows)
    if (faults.length > 0) console.log(`FAULT ${load}, ${combination}: ${faults.join(", ")}`);
}

function cells({ load, combination, kills, longestOutageMs, findings }: Row): (string | number)[] {
  const { units, lost, outOfOrder, partial, unexpected, unsettled, doubled, redelivered, inDoubt } = findings;
  const rejections = Object.entries(findings.rejections).map(([code, count]) => `${code} ${count}`);
  return [
    load,
    combination,
    kills,
    units,
    lost.length,
    outOfOrder,
    partial.length,
    unexpected.length,
    unsettled,
    doubled,
    redelivered,
    `${inDoubt.reported} (${inDoubt.held})`,
    rejections.join("\n"),
    Math.round(longestOutageMs),
  ];
}
