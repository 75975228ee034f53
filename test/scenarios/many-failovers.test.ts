/** Two thousand failovers of one connection leave nothing behind: heap, listeners, timers and handles stay as they were. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it } from "vitest";
import { type Connection, connect } from "../../src/index.ts";
import { type EmbeddedGroup, embeddedGroup } from "../../src/testing/index.ts";

const FAILOVERS = 2_000;
/** What warms up (compiled code, grown tables) has done so by then. */
const SETTLED_AFTER = 500;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

describe.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
  let group: EmbeddedGroup | undefined;
  let connection: Connection | undefined;
  afterEach(async () => {
    await connection?.close();
    await group?.close();
  });

  it(`keeps heap, listeners, timers and handles flat over ${FAILOVERS} failovers`, async () => {
    group = await embeddedGroup({ inProcess: true, protocols: [protocol] });
    connection = await connect(group.uri(protocol));
    const consumer = connection.consume("queue://many");
    const received = consumer.run(async () => {});
    await consumer.ready;
    const restored = countRestored(connection);
    let early: Footprint | undefined;
    for (let n = 1; n <= FAILOVERS; n++) {
      const send = connection.send("queue://many", `message ${n}`);
      await group.failover();
      await send;
      await restored.reached(n);
      if (n === SETTLED_AFTER) early = await footprint();
    }
    const late = await footprint();
    expect(connection.stats()).toMatchObject({ failovers: FAILOVERS, pendingSends: 0, failed: 0 });
    console.info(`${protocol}: after ${SETTLED_AFTER} and ${FAILOVERS} failovers`, early, late);
    expect(late.handles).toBeLessThanOrEqual((early?.handles ?? 0) + 2);
    expect(late.heapMib).toBeLessThan(1.25 * (early?.heapMib ?? 0) + 2);
    expect(process.listenerCount("warning")).toBeLessThan(5);
    expect(listenersOf(connection)).toEqual(["restored"]);
    await connection.close();
    await received;
  }, 240_000);
});

interface Footprint {
  readonly heapMib: number;
  readonly handles: number;
}

/** After the garbage is gone and what was closed has closed. */
async function footprint(): Promise<Footprint> {
  await sleep(50);
  collectGarbage();
  await sleep(10);
  collectGarbage();
  return {
    heapMib: process.memoryUsage().heapUsed / 1024 / 1024,
    handles: process.getActiveResourcesInfo().length,
  };
}

function countRestored(connection: Connection): { reached(count: number): Promise<void> } {
  let count = 0;
  let wake = () => {};
  connection.on("restored", () => {
    count += 1;
    wake();
  });
  return {
    reached: async (wanted) => {
      while (count < wanted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

function listenersOf(connection: Connection): string[] {
  return connection
    .eventNames()
    .flatMap((name) => Array.from({ length: connection.listenerCount(name) }, () => String(name)));
}
