/**
 * `npm run bench:failover`: how long after a SIGKILL of the active broker the first send is confirmed, as a ratio to a
 * bare poller that asks the standby every 5 ms in the same run. A client that must find out when to ask cannot be much
 * faster, so 1.0 is the limit. With `--subscriptions` over STOMP, also as a ratio to a poller that makes as many
 * subscriptions first.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { connect } from "masterslave-transport";
import { blackHole } from "masterslave-transport/testing";
import { pollFirstConfirmation } from "../test/brokers/raw-poller.ts";
import { otherMember, type Product, type Protocol, type RealGroup, startGroup } from "../test/brokers/real-group.ts";
import { wholeFrom } from "../test/support/command-numbers.ts";
import { printTable } from "./report.ts";
import { median } from "./statistics.ts";

interface Run {
  readonly oursMs: number;
  readonly pollerMs: number;
  readonly ratio: number;
  /** The ratio to the poller with the same subscriptions. */
  readonly subscribedRatio?: number;
}

interface Result {
  readonly product: Product;
  readonly protocol: Protocol;
  readonly firstHost: "alive" | "black-holed";
  readonly runs: readonly Run[];
}

interface Options {
  readonly runs: number;
  readonly pending: number;
  readonly subscriptions: number;
  readonly blackHoled: boolean;
  readonly json: boolean;
}

const options = new Command("bench:failover")
  .option("--runs <n>", "kills per line", wholeFrom(1), 20)
  .option("--pending <n>", "sends in flight when it is killed", wholeFrom(1), 1)
  .option("--subscriptions <n>", "consumers, each of a queue of its own", wholeFrom(0), 0)
  .option("--no-black-holed", "only with both hosts alive")
  .option("--json", "print figures as JSON", false)
  .parse()
  .opts<Options>();
const results: Result[] = [];
for (const product of ["classic", "artemis"] as const) {
  for (const protocol of ["stomp", "amqp"] as const) {
    results.push(await measure(product, protocol, "alive"));
    if (options.blackHoled) results.push(await measure(product, protocol, "black-holed"));
  }
}

if (options.json) console.log(JSON.stringify(results, undefined, 2));
else {
  printTable(
    [
      "pair",
      "protocol",
      "first host",
      "runs",
      "ours ms (median)",
      "poller ms (median)",
      "ratio median",
      "ratio worst",
      "to a poller with as many subscriptions",
    ],
    results.map(({ product, protocol, firstHost, runs }) => [
      product,
      protocol,
      firstHost,
      runs.length,
      median(runs.map(({ oursMs }) => oursMs)).toFixed(0),
      median(runs.map(({ pollerMs }) => pollerMs)).toFixed(0),
      median(runs.map(({ ratio }) => ratio)).toFixed(3),
      Math.max(...runs.map(({ ratio }) => ratio)).toFixed(3),
      runs.some(({ subscribedRatio }) => subscribedRatio !== undefined)
        ? median(runs.flatMap(({ subscribedRatio = [] }) => subscribedRatio)).toFixed(3)
        : "",
    ]),
  );
}

async function measure(product: Product, protocol: Protocol, firstHost: Result["firstHost"]): Promise<Result> {
  const group = await startGroup(product);
  const dead = firstHost === "black-holed" ? await blackHole() : undefined;
  const uri = dead
    ? group.uri(protocol).replace("(", `(${protocol}://${dead.host}:${dead.port},`)
    : group.uri(protocol);
  const runs: Run[] = [];
  try {
    for (let n = 0; n < options.runs; n++) {
      runs.push(await runOnce(group, protocol, uri));
      console.error(`[failover] ${product} ${protocol} ${firstHost} ${n + 1}: ${runs.at(-1)?.ratio.toFixed(3)}`);
    }
  } finally {
    await group.close();
    await dead?.close();
  }
  const ratios = runs.map(({ ratio }) => ratio);
  // Printed at once, so that a long run that is interrupted has not been in vain.
  console.error(
    `[failover] ${product} ${protocol} ${firstHost}: median ${median(ratios)}, worst ${Math.max(...ratios)}`,
  );
  return { product, protocol, firstHost, runs };
}

async function runOnce(group: RealGroup, protocol: Protocol, uri: string): Promise<Run> {
  const { product, credentials } = group;
  const connection = await connect(uri, { credentials });
  const active = await group.waitActive();
  const standby = group.endpoint(otherMember(active), protocol);
  const body = Buffer.alloc(1024, "x");
  const give = new AbortController();
  try {
    for (let n = 0; n < options.subscriptions; n += 1) await connection.consume(`queue://bench.idle.${n}`).ready;
    let stop = false;
    const keepSending = async () => {
      for (;;) {
        const { endpoint } = await connection.send("queue://bench.failover", body);
        if (endpoint.port === standby.port || stop) return performance.now();
      }
    };
    const workers = Array.from({ length: options.pending }, keepSending);
    await sleep(300);
    const killedAt = performance.now();
    const gone = group.kill(active);
    const poll = async (subscriptions: number, destination: string) => {
      const settings = { product, protocol, endpoint: standby, credentials, destination, subscriptions };
      return (await pollFirstConfirmation({ ...settings, signal: give.signal })).confirmedAtMs - killedAt;
    };
    const subscribes = protocol === "stomp" && options.subscriptions > 0;
    const [oursAt, pollerMs, subscribedMs] = await Promise.all([
      Promise.race(workers),
      poll(0, "bench.poller"),
      subscribes ? poll(options.subscriptions, "bench.subscriber") : undefined,
    ]);
    stop = true;
    await Promise.all(workers);
    await gone;
    await group.start(active);
    const oursMs = oursAt - killedAt;
    const subscribedRatio = subscribedMs === undefined ? {} : { subscribedRatio: oursMs / subscribedMs };
    return { oursMs, pollerMs, ratio: oursMs / pollerMs, ...subscribedRatio };
  } finally {
    give.abort();
    await connection.close();
  }
}
