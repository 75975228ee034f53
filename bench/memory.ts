/**
 * `npm run bench:memory`: a million awaited sends through a bounded window, with the resident size along the way, and a
 * hundred thousand unawaited sends, whose memory is bounded by maxPendingBytes and the callers' own promises.
 */
import { connect } from "masterslave-transport";
import { embeddedGroup } from "masterslave-transport/testing";
import { printTable, readOptions } from "./report.ts";

const options = readOptions("bench:memory", { runs: 1_000_000 });
const MIB = 1024 * 1024;
const BODY = Buffer.alloc(1024, "x");
const WINDOW = 1000;
const UNAWAITED = 100_000;

const group = await embeddedGroup({ members: 1 });
try {
  const results = [];
  for (const protocol of ["stomp", "amqp"] as const) {
    const samples = await awaitedSends(protocol);
    const unawaited = await unawaitedSends(protocol);
    results.push({ protocol, samples, unawaited });
  }
  if (options.json) console.log(JSON.stringify(results, undefined, 2));
  else for (const { protocol, samples, unawaited } of results) print(protocol, samples, unawaited);
} finally {
  await group.close();
}

interface Sample {
  readonly sent: number;
  readonly rssMib: number;
  readonly heapMib: number;
}

/** `options.runs` sends, a thousand at a time, to a topic without a subscriber, so that the group keeps nothing. */
async function awaitedSends(protocol: "stomp" | "amqp"): Promise<Sample[]> {
  const connection = await connect(group.uri(protocol));
  const samples: Sample[] = [];
  let sent = 0;
  const lane = async () => {
    while (sent < options.runs) {
      sent += 1;
      if (sent % Math.ceil(options.runs / 10) === 0) samples.push(sample(sent));
      await connection.send("topic://memory", BODY);
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, lane));
  await connection.close();
  return samples;
}

async function unawaitedSends(protocol: "stomp" | "amqp") {
  const connection = await connect(group.uri(protocol), { maxPendingBytes: 4 * MIB });
  globalThis.gc?.();
  const before = sample(0);
  const promises: Promise<unknown>[] = [];
  for (let n = 0; n < UNAWAITED; n++) promises.push(connection.send("topic://memory", BODY));
  const peak = sample(UNAWAITED);
  const { pendingBytes, waitingSends } = connection.stats();
  await Promise.all(promises);
  await connection.close();
  const growth = (peak.rssMib - before.rssMib) * MIB;
  return {
    maxPendingMib: 4,
    pendingMib: pendingBytes / MIB,
    waitingSends,
    growthMib: growth / MIB,
    bytesPerSend: growth / UNAWAITED,
  };
}

function sample(sent: number): Sample {
  const { rss, heapUsed } = process.memoryUsage();
  return { sent, rssMib: rss / MIB, heapMib: heapUsed / MIB };
}

function print(
  protocol: string,
  samples: readonly Sample[],
  unawaited: Awaited<ReturnType<typeof unawaitedSends>>,
): void {
  console.log(`\n${protocol}: awaited sends, window ${WINDOW}`);
  printTable(
    ["sent", "RSS MiB", "heap MiB"],
    samples.map(({ sent, rssMib, heapMib }) => [sent, rssMib.toFixed(0), heapMib.toFixed(0)]),
  );
  const { pendingMib, maxPendingMib, waitingSends, growthMib, bytesPerSend } = unawaited;
  console.log(
    `${protocol}: ${UNAWAITED} unawaited sends: ${pendingMib.toFixed(1)} of ${maxPendingMib} MiB pending, ${waitingSends} waiting, RSS grew by ${growthMib.toFixed(0)} MiB, ${bytesPerSend.toFixed(0)} bytes a send`,
  );
}
