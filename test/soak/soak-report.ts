/** The figures of a soak, and which of them break a promise. */
import Table from "cli-table3";
import { addFindings, findFaults, type LoadFindings } from "../brokers/kill/loads/load.ts";
import { FAULT_KINDS, formatFault } from "./fault-plan.ts";
import type { PairReport } from "./run-soak.ts";
import type { Footprint } from "./soak-client.ts";

/** More than the noise of one leg to the next. */
const HANDLE_NOISE = 2;
const HEAP_NOISE_MIB = 12;
const HEAP_GROWTH = 1.4;
const SHOWN = 5;
/** What a broker may have given to one session that it has not missed yet: a few times the prefetch of these loads. */
const MAY_BE_OVERTAKEN = 100;

/** What breaks a promise, in words; empty when nothing does. */
export function soakFaults(reports: readonly PairReport[]): string[] {
  return reports.flatMap((report) => [
    ...loadRows(report).flatMap((row) => describeFaults(report.product, row)),
    ...pulseFaults(report),
    ...report.legs.flatMap(({ hung }) => hung.map((what) => `${report.product}: hung: ${what}`)),
    ...report.trouble.map((what) => `${report.product}: reached the process: ${what}`),
    ...report.footprints.flatMap(({ protocol, taken }) =>
      leaks(taken).map((leak) => `${report.product} ${protocol}: ${leak}`),
    ),
  ]);
}

/**
 * What comes late is the broker's to tell: when a network heals it may serve the new session before it misses the old
 * one, with whose deliveries it goes on only then. It marks as redelivered what it had begun to write.
 */
function describeFaults(product: string, { name, findings: all, sessionsLost }: LoadRow): string[] {
  const unmarked = all.outOfOrder - all.late;
  const overtaken = unmarked <= MAY_BE_OVERTAKEN * sessionsLost ? unmarked : 0;
  const findings = { ...all, outOfOrder: unmarked - overtaken };
  const examples = [...findings.lost, ...findings.partial, ...findings.unexpected, ...findings.displaced].slice(
    0,
    SHOWN,
  );
  return findFaults(findings).map(
    (fault) => `${product} ${name}: ${fault}${examples.length > 0 ? `, such as ${examples.join("; ")}` : ""}`,
  );
}

function pulseFaults({ product, legs }: PairReport): string[] {
  return legs.flatMap(({ clients }) =>
    clients.flatMap(({ protocol, report }) =>
      Object.entries(report.pulses).flatMap(([path, { sent, confirmedAtMs, rejections }]) => {
        const open = sent - confirmedAtMs.length - rejections.length;
        const where = `${product} ${protocol}, the steady sender, ${path}`;
        return [
          ...rejections.slice(0, 1).map((reason) => `${where}: ${rejections.length} rejected, such as ${reason}`),
          ...(open > 0 ? [`${where}: ${open} unsettled`] : []),
        ];
      }),
    ),
  );
}

/** The first two legs warm up, one of them with either half of the loads behind proxies; from then on nothing may grow. */
export function leaks(taken: readonly Footprint[]): string[] {
  const [, , first, ...later] = taken;
  const last = later.at(-1);
  if (!first || !last) return [];
  const found: string[] = [];
  if (last.handles > first.handles + HANDLE_NOISE) found.push(`handles grew from ${first.handles} to ${last.handles}`);
  if (last.heapMib > HEAP_GROWTH * first.heapMib + HEAP_NOISE_MIB)
    found.push(`the heap grew from ${first.heapMib.toFixed(1)} to ${last.heapMib.toFixed(1)} MiB`);
  return found;
}

interface LoadRow {
  readonly name: string;
  readonly findings: LoadFindings;
  /** Of all connections of its protocol. */
  readonly sessionsLost: number;
}

function loadRows({ legs }: PairReport): LoadRow[] {
  const all = legs.flatMap(({ clients }) =>
    clients.flatMap(({ protocol, report }) =>
      report.loads.map(({ name, findings }) => ({
        name: `${name} ${protocol}`,
        findings,
        sessionsLost: report.failovers,
      })),
    ),
  );
  return [...new Set(all.map(({ name }) => name))].map((name) => {
    const rows = all.filter((row) => row.name === name);
    const sessionsLost = rows.reduce((sum, row) => sum + row.sessionsLost, 0);
    return { name, findings: addFindings(rows.map(({ findings }) => findings)), sessionsLost };
  });
}

export function printSoak(reports: readonly PairReport[], plan: { readonly seed: number | undefined }): void {
  console.log("\nWhat was done and what became of it");
  printRows(
    [
      "pair",
      "load",
      "begun",
      "done",
      "lost",
      "doubled (may be)",
      "out of order (of them late)",
      "unsettled",
      "in doubt",
      "redelivered",
      "rejections",
    ],
    reports.flatMap((report) => loadRows(report).map((row) => [report.product, ...loadCells(row)])),
  );
  console.log(
    "\nFaults, and the longest time without a confirmation, ms: a bare poller's, ours, and ours beyond the poller's",
  );
  printRows(["pair", "fault", "count", "poller", "ours", "beyond"], reports.flatMap(faultRows));
  console.log("\nThe clients' processes when nothing was open, before the first leg and after each");
  printRows(
    ["pair", "protocol", "failovers", "sent again", "heap MiB", "RSS MiB", "handles"],
    reports.flatMap(footprintRows),
  );
  console.log(`\nSeed ${plan.seed ?? "none"}; the faults played, to be played again by --play:`);
  for (const { product, legs } of reports)
    console.log(`${product}: ${legs.flatMap(({ faults }) => faults.map(({ fault }) => formatFault(fault))).join(",")}`);
}

function loadCells({ name, findings }: LoadRow): (string | number)[] {
  const { begun, units, lost, doubled, mayBeDoubled, outOfOrder, late, unsettled, inDoubt, redelivered } = findings;
  const rejections = Object.entries(findings.rejections).map(([code, count]) => `${code} ${count}`);
  const doubles = `${doubled} (${mayBeDoubled})`;
  const doubt = `${inDoubt.reported} (${inDoubt.held} held)`;
  return [
    name,
    begun,
    units,
    lost.length,
    doubles,
    `${outOfOrder} (${late})`,
    unsettled,
    doubt,
    redelivered,
    rejections.join(", "),
  ];
}

function faultRows({ product, legs }: PairReport): (string | number)[][] {
  const played = legs.flatMap(({ faults }) => faults);
  return FAULT_KINDS.flatMap((kind) => {
    const ofKind = played.filter(({ fault }) => fault.kind === kind);
    if (ofKind.length === 0) return [];
    const worst = (pick: (fault: (typeof ofKind)[number]) => number) => Math.round(Math.max(...ofKind.map(pick)));
    const gaps = [worst((each) => each.serviceGapMs), worst((each) => each.ourGapMs), worst((each) => each.excessMs)];
    return [[product, kind, ofKind.length, ...gaps]];
  });
}

function footprintRows({ product, legs, footprints }: PairReport): (string | number)[][] {
  return footprints.map(({ protocol, taken }) => {
    const ours = legs.flatMap(({ clients }) => clients.filter((client) => client.protocol === protocol));
    const sum = (pick: (report: (typeof ours)[number]["report"]) => number) =>
      ours.reduce((total, { report }) => total + pick(report), 0);
    const line = (pick: (footprint: Footprint) => number) => taken.map((each) => pick(each).toFixed(0)).join(" ");
    return [
      product,
      protocol,
      sum(({ failovers }) => failovers),
      sum(({ resent }) => resent),
      line(({ heapMib }) => heapMib),
      line(({ rssMib }) => rssMib),
      line(({ handles }) => handles),
    ];
  });
}

function printRows(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) table.push([...row]);
  console.log(table.toString());
}
