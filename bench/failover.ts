/**
 * `npm run bench:failover`: how long after a SIGKILL of the active broker the first send is confirmed, as a ratio to a
 * bare poller that asks the standby every 5 ms in the same run. Nothing that does not know when to ask can be much
 * sooner, so 1.0 is the limit.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "masterslave-transport";
import { blackHole } from "masterslave-transport/testing";
import { pollFirstConfirmation } from "../test/brokers/raw-poller.ts";
import { otherMember, type Product, type Protocol, type RealGroup, startGroup } from "../test/brokers/real-group.ts";
import { printTable, readOptions } from "./report.ts";
import { median } from "./statistics.ts";

interface Run {
  readonly oursMs: number;
  readonly pollerMs: number;
  readonly ratio: number;
}

interface Result {
  readonly product: Product;
  readonly protocol: Protocol;
  readonly firstHost: "alive" | "black-holed";
  readonly runs: readonly Run[];
}

const options = readOptions("bench:failover", { runs: 20 });
const results: Result[] = [];
for (const product of ["classic", "artemis"] as const) {
  for (const protocol of ["stomp", "amqp"] as const) {
    for (const firstHost of ["alive", "black-holed"] as const)
      results.push(await measure(product, protocol, firstHost));
  }
}

if (options.json) console.log(JSON.stringify(results, undefined, 2));
else {
  printTable(
    ["pair", "protocol", "first host", "runs", "ours ms (median)", "poller ms (median)", "ratio median", "ratio worst"],
    results.map(({ product, protocol, firstHost, runs }) => [
      product,
      protocol,
      firstHost,
      runs.length,
      median(runs.map(({ oursMs }) => oursMs)).toFixed(0),
      median(runs.map(({ pollerMs }) => pollerMs)).toFixed(0),
      median(runs.map(({ ratio }) => ratio)).toFixed(3),
      Math.max(...runs.map(({ ratio }) => ratio)).toFixed(3),
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
  // A long run is worth something before it has ended.
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
    // One send is in flight at any time, so that the kill leaves one in doubt.
    let stop = false;
    const ours = (async () => {
      for (;;) {
        const { endpoint } = await connection.send("queue://bench.failover", body);
        if (endpoint.port === standby.port || stop) return performance.now();
      }
    })();
    await sleep(300);
    const killedAt = performance.now();
    const gone = group.kill(active);
    const poller = pollFirstConfirmation({
      product,
      protocol,
      endpoint: standby,
      credentials,
      destination: "bench.poller",
      signal: give.signal,
    });
    const [oursAt, { confirmedAtMs }] = await Promise.all([ours, poller]);
    stop = true;
    await gone;
    await group.start(active);
    const oursMs = oursAt - killedAt;
    const pollerMs = confirmedAtMs - killedAt;
    return { oursMs, pollerMs, ratio: oursMs / pollerMs };
  } finally {
    give.abort();
    await connection.close();
  }
}
