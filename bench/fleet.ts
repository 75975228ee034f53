/**
 * `npm run bench:fleet`: thousands of connections, in several processes, lose their master at once. The new master lets
 * a limited number a second through. Measures how long it takes until all are back, how often they dialled, and the
 * memory of a connection.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { embeddedGroup } from "masterslave-transport/testing";
import { freePorts } from "../test/brokers/free-ports.ts";
import { AcceptLimiter } from "../test/support/accept-limiter.ts";
import { wholeFrom } from "../test/support/command-numbers.ts";
import type { DialCounts } from "../test/support/dial-watch.ts";
import type { FromFleet, ToFleet } from "./fleet/fleet-process.ts";
import { printTable } from "./report.ts";

const { connections, processes, accepts, spreads } = new Command("bench:fleet")
  .option("--connections <n>", "in all", wholeFrom(1), 5_000)
  .option("--processes <n>", "they are shared among", wholeFrom(1), 2)
  .option("--accepts <n>", "the new master lets through in a second", wholeFrom(1), 500)
  .option("--spreads <list>", "values of reconnectSpread, by commas", readSpreads, [0, 10_000])
  .parse()
  .opts<{ connections: number; processes: number; accepts: number; spreads: readonly number[] }>();

/** Time from the loss to the new master, as a broker needs to replay its store. */
const TAKEOVER_MS = 1_000;

/**
 * With so many connections on so few cores, processes would miss each other's heart-beats. Only the reconnecting is
 * measured.
 */
const HEARTBEAT_MS = 60_000;

interface Run {
  readonly protocol: "stomp" | "amqp";
  readonly spread: number;
  /** In ms since the crash, ascending. */
  readonly backMs: readonly number[];
  readonly counts: DialCounts;
  readonly bytesPerConnection: number;
}

const runs: Run[] = [];
for (const protocol of ["stomp", "amqp"] as const) {
  for (const spread of spreads) {
    const run = await failOver(protocol, spread);
    runs.push(run);
    // Printed at once, so that a long run that is interrupted has not been in vain.
    console.error(`[fleet] ${cells(run).join(" | ")}`);
  }
}
console.log(
  `${connections} connections in ${processes} processes; the new master comes after ${TAKEOVER_MS} ms and lets ${accepts} a second through`,
);
printTable(
  [
    "protocol",
    "reconnectSpread",
    "50 % back, s",
    "99 %",
    "100 %",
    "dials each",
    "connects each",
    "most connects in 100 ms",
    "dialled twice",
    "KiB each",
  ],
  runs.map(cells),
);

function readSpreads(text: string): number[] {
  const spreads = text.split(",");
  if (!spreads.every((each) => /^\d+$/.test(each))) throw new InvalidArgumentError("Whole numbers by commas, please.");
  return spreads.map(Number);
}

async function failOver(protocol: Run["protocol"], spread: number): Promise<Run> {
  const group = await embeddedGroup({ protocols: [protocol], takeoverDelayMs: TAKEOVER_MS });
  const [first, second] = group.endpoints(protocol);
  const [port = 0] = await freePorts(1);
  if (!first || !second) throw new Error("The group has two members");
  const limiter = new AcceptLimiter(second, accepts, port);
  const uri = `masterslave:(${protocol}://${first.host}:${first.port},${protocol}://127.0.0.1:${port})?reconnectSpread=${spread}&heartbeatMs=${HEARTBEAT_MS}`;
  const fleet = await Promise.all(Array.from({ length: processes }, startProcess));
  try {
    const share = { uri, port, connections: Math.ceil(connections / processes) };
    const opened = await Promise.all(fleet.map((child) => ask(child, { kind: "open", share }, "opened")));
    const reports = Promise.all(fleet.map((child) => ask(child, { kind: "report" }, "report")));
    const crashedAt = Date.now();
    await group.crash();
    await group.takeover();
    await limiter.listen();
    const answers = await reports;
    return {
      protocol,
      spread,
      backMs: answers.flatMap(({ restoredAtMs }) => restoredAtMs.map((at) => at - crashedAt)).sort((a, b) => a - b),
      counts: answers.map(({ counts }) => counts).reduce(addCounts),
      bytesPerConnection: opened.reduce((sum, each) => sum + each.bytesPerConnection, 0) / processes,
    };
  } finally {
    for (const child of fleet) child.kill("SIGKILL");
    await limiter.close();
    await group.close();
  }
}

async function startProcess(): Promise<ChildProcess> {
  const program = fileURLToPath(new URL("./fleet/fleet-process.ts", import.meta.url));
  const child = fork(program, { execArgv: ["--import", "tsx"] });
  await answerOf(child, "ready");
  return child;
}

function ask<Kind extends FromFleet["kind"]>(child: ChildProcess, question: ToFleet, kind: Kind) {
  child.send(question);
  return answerOf(child, kind);
}

function answerOf<Kind extends FromFleet["kind"]>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<FromFleet, { kind: Kind }>> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error(`A process of the fleet ended before it told "${kind}"`));
    child.once("exit", onExit);
    child.on("message", function listen(message: FromFleet) {
      if (message.kind !== kind) return;
      child.off("message", listen).off("exit", onExit);
      resolve(message as Extract<FromFleet, { kind: Kind }>);
    });
  });
}

function addCounts(a: DialCounts, b: DialCounts): DialCounts {
  const buckets = new Map(a.buckets);
  for (const [bucket, count] of b.buckets) buckets.set(bucket, (buckets.get(bucket) ?? 0) + count);
  return {
    dials: a.dials + b.dials,
    connects: a.connects + b.connects,
    twice: a.twice + b.twice,
    buckets: [...buckets],
  };
}

function cells({ protocol, spread, backMs, counts, bytesPerConnection }: Run): (string | number)[] {
  const share = (part: number) => ((backMs[Math.ceil(backMs.length * part) - 1] ?? Number.NaN) / 1_000).toFixed(1);
  const each = (count: number) => (count / backMs.length).toFixed(2);
  const most = counts.buckets.reduce((highest, [, count]) => Math.max(highest, count), 0);
  const memory = (bytesPerConnection / 1_024).toFixed(0);
  return [
    protocol,
    spread,
    share(0.5),
    share(0.99),
    share(1),
    each(counts.dials),
    each(counts.connects),
    most,
    counts.twice,
    memory,
  ];
}
