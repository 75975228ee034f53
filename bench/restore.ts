/**
 * `npm run bench:restore`: what it costs to give a new session the subscriptions and pending sends after a failover, as
 * time from the end of the handshake and as our processor time for each. The group runs in its own processes.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { type Connection, connect } from "masterslave-transport";
import { embeddedGroup } from "masterslave-transport/testing";
import { printTable, readOptions } from "./report.ts";
import { median } from "./statistics.ts";

interface Work {
  readonly subscriptions: number;
  readonly sends: number;
}

interface Restore {
  /** When everything has been written, or waits for the broker's credit. */
  readonly writtenMs: number;
  /** When every send is confirmed, and a message has come by the last subscription. */
  readonly doneMs: number;
  /** Processor time for each subscription and send, until written and until done. */
  readonly writtenUs: number;
  readonly doneUs: number;
  /** The longest time for which the event loop was blocked. */
  readonly blockedMs: number;
}

interface Result extends Work, Restore {
  readonly protocol: "stomp" | "amqp";
}

const options = readOptions("bench:restore", { runs: 3 });
const WORK: readonly Work[] = [
  { subscriptions: 1, sends: 0 },
  { subscriptions: 1_000, sends: 0 },
  { subscriptions: 10_000, sends: 0 },
  { subscriptions: 0, sends: 1_000 },
  { subscriptions: 0, sends: 10_000 },
  { subscriptions: 0, sends: 100_000 },
  { subscriptions: 100, sends: 1_000 },
];
const BODY = Buffer.alloc(1024, "x");
const UNBOUNDED = { maxPendingSends: 1_000_000, maxPendingBytes: 2 ** 31 };

const results: Result[] = [];
for (const protocol of ["stomp", "amqp"] as const) {
  // A first failover compiles the code, so that this is not measured.
  await restoreOnce(protocol, { subscriptions: 1_000, sends: 1_000 });
  for (const work of WORK) results.push(await measure(protocol, work));
}

if (options.json) console.log(JSON.stringify(results, undefined, 2));
else {
  printTable(
    [
      "protocol",
      "subscriptions",
      "sends",
      "written ms",
      "done ms",
      "us each until written",
      "until done",
      "blocked ms",
    ],
    results.map((result) => [
      result.protocol,
      result.subscriptions,
      result.sends,
      result.writtenMs.toFixed(1),
      result.doneMs.toFixed(0),
      result.writtenUs.toFixed(1),
      result.doneUs.toFixed(1),
      result.blockedMs.toFixed(0),
    ]),
  );
  for (const protocol of ["stomp", "amqp"] as const) {
    const growth = (of: keyof Work, less: number) =>
      (perItem(protocol, of, 10 * less) / perItem(protocol, of, less)).toFixed(2);
    console.log(
      `${protocol}: one of 10,000 subscriptions costs ${growth("subscriptions", 1_000)} of one of 1,000; one of 10,000 sends ${growth("sends", 1_000)}, one of 100,000 sends ${growth("sends", 10_000)} of one of a tenth`,
    );
  }
}

function perItem(protocol: string, of: keyof Work, count: number): number {
  const found = results.find((result) => result.protocol === protocol && result[of] === count);
  return found?.doneUs ?? Number.NaN;
}

async function measure(protocol: "stomp" | "amqp", work: Work): Promise<Result> {
  const runs: Restore[] = [];
  for (let run = 0; run < options.runs; run++) {
    runs.push(await restoreOnce(protocol, work));
    console.error(`[restore] ${protocol} ${JSON.stringify(work)} ${JSON.stringify(runs.at(-1))}`);
  }
  const middle = (of: keyof Restore) => median(runs.map((run) => run[of]));
  return {
    protocol,
    ...work,
    writtenMs: middle("writtenMs"),
    doneMs: middle("doneMs"),
    writtenUs: middle("writtenUs"),
    doneUs: middle("doneUs"),
    blockedMs: middle("blockedMs"),
  };
}

async function restoreOnce(protocol: "stomp" | "amqp", { subscriptions, sends }: Work): Promise<Restore> {
  const group = await embeddedGroup({ members: 2, protocols: [protocol] });
  const connection = await connect(group.uri(protocol), UNBOUNDED);
  try {
    const consumers = Array.from({ length: subscriptions }, (_, n) => connection.consume(`queue://s.${n}`));
    await Promise.all(consumers.map(({ ready }) => ready));
    const interrupted = next(connection, "interrupted");
    await group.crash();
    await interrupted;
    const pending: Promise<unknown>[] = Array.from({ length: sends }, () => connection.send("queue://p", BODY));
    const last = consumers.at(-1);
    if (last) pending.push(connection.send(`queue://s.${subscriptions - 1}`, BODY), last.receive());
    const delays = monitorEventLoopDelay({ resolution: 1 });
    const restored = watchRestore(connection, delays);
    await group.takeover({ timeoutMs: 60_000 });
    const { written, since } = await restored;
    await Promise.all(pending);
    const done = since();
    delays.disable();
    const each = 1_000 / (subscriptions + sends);
    return {
      writtenMs: written.ms,
      doneMs: done.ms,
      writtenUs: written.cpuMs * each,
      doneUs: done.cpuMs * each,
      blockedMs: Math.max(written.ms, delays.max / 1e6),
    };
  } finally {
    await connection.close({ drainTimeoutMs: 0 });
    await group.close();
    await sleep(100);
  }
}

function next(connection: Connection, event: "interrupted" | "restored"): Promise<void> {
  return new Promise((resolve) => connection.once(event, () => resolve()));
}

interface Spent {
  readonly ms: number;
  readonly cpuMs: number;
}

/** Measures from the end of the next handshake on. */
async function watchRestore(connection: Connection, delays: IntervalHistogram) {
  let since = (): Spent => ({ ms: 0, cpuMs: 0 });
  connection.on("attempt", ({ outcome }) => {
    if (outcome !== "session") return;
    const from = performance.now();
    const cpuFrom = process.cpuUsage();
    delays.enable();
    since = () => {
      const { user, system } = process.cpuUsage(cpuFrom);
      return { ms: performance.now() - from, cpuMs: (user + system) / 1_000 };
    };
  });
  await next(connection, "restored");
  // Writes gathered in a turn of the event loop go out at its end.
  await nextTurn();
  await nextTurn();
  return { written: since(), since };
}
