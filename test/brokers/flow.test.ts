/** How a connection behaves when a store or address is full, and what the caller sees: blocked, held, rejected. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/connect/connect.ts";
import type { ConnectionOptions } from "../../src/connect/connect-options.ts";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import { type Protocol, type RealGroup, startGroup } from "./real-group.ts";

const PROTOCOLS: readonly Protocol[] = ["stomp", "amqp"];
const PATIENCE_MS = 60_000;
const BODY = "x".repeat(500_000);
const connections: Connection[] = [];

async function open(group: RealGroup, protocol: Protocol, options: ConnectionOptions = {}): Promise<Connection> {
  const connection = await connect(group.uri(protocol), {
    credentials: group.credentials,
    heartbeatMs: 2_000,
    ...options,
  });
  connections.push(connection);
  return connection;
}
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close({ drainTimeoutMs: 200 })));
});

/** Reads until no more messages come, and returns how many came. */
async function empty(connection: Connection, queue: string): Promise<number> {
  const consumer = connection.consume(queue);
  let count = 0;
  while (await (await consumer.receive({ timeoutMs: 2_000 }))?.accept()) count += 1;
  await consumer.close();
  return count;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Not within ${PATIENCE_MS} ms: ${what}`);
    await sleep(20);
  }
}

describe("a full store on Classic", () => {
  let group: RealGroup;
  beforeAll(async () => {
    // More than two journal files: Artemis keeps a whole file for a single unsettled message.
    group = await startGroup("classic", { storeLimit: "100mb" });
  }, 600_000);
  afterAll(() => group?.close());

  it("blocks the whole connection of a producer over STOMP, its consumer with it; shown, not lost, and over with the next room", async () => {
    const one = await open(group, "stomp");
    const losses: string[] = [];
    one.on("interrupted", ({ cause }) => losses.push(cause.message));
    await one.send("queue://work", "before");
    const consumer = one.consume("queue://work", { prefetch: 1 });
    const delivery = await consumer.receive({ timeoutMs: 10_000 });
    const sends: Promise<unknown>[] = [];
    await until("the connection is blocked", () => {
      if (one.stats().waitingSends === 0) sends.push(one.send("queue://blocking.store.a", BODY));
      return one.stats().blockedMs > 0;
    });
    const { blockedMs, pendingSends } = one.stats();
    expect(blockedMs).toBeGreaterThanOrEqual(1_000);
    expect(pendingSends).toBeGreaterThan(0);
    // The acknowledgement is written but the broker does not read it: the message still belongs to the consumer, and no
    // other comes.
    expect(await delivery?.accept()).toBe("settled");
    const other = await open(group, "stomp");
    expect(await consumer.receive({ timeoutMs: 500 })).toBeUndefined();

    let taken = 0;
    await until("all is sent", async () => {
      taken += await empty(other, "queue://blocking.store.a");
      return one.stats().pendingSends === 0;
    });
    taken += await empty(other, "queue://blocking.store.a");
    await Promise.all(sends);
    expect(one.stats().blockedMs).toBe(0);
    expect(taken).toBeGreaterThanOrEqual(sends.length);
    // If a connection is taken for dead meanwhile, it is replaced and its sends are written again: then some are stored
    // twice.
    if (losses.length === 0) expect(taken).toBe(sends.length);
    await one.send("queue://work", "after");
    expect((await consumer.receive({ timeoutMs: 10_000 }))?.message.text()).toBe("after");
  });

  it.each(PROTOCOLS)(
    "rejects sends as retryable, or holds them until there is room, as the user chose (%s)",
    async (protocol) => {
      const queue = `queue://full.${protocol}`;
      const rejecting = await open(group, protocol);
      let refusal: unknown;
      while (refusal === undefined) await rejecting.send(queue, BODY).catch((reason) => (refusal = reason));
      expect(refusal).toMatchObject({ code: "SEND_REJECTED", retryable: true });

      const holding = await open(group, protocol, { whenFull: "hold" });
      const held = holding.send(queue, BODY);
      await until("the send is deferred", () => holding.stats().deferredSends > 0);
      await empty(await open(group, protocol), queue);
      await held;
      expect(holding.stats()).toMatchObject({ deferredSends: 0, confirmed: 1, failed: 0 });
      await empty(rejecting, queue);
    },
  );
});

describe("a full address on Artemis", () => {
  let group: RealGroup;
  beforeAll(async () => {
    group = await startGroup("artemis");
  }, 600_000);
  afterAll(() => group?.close());

  it.each(PROTOCOLS)("rejects or withholds credit, and takes the rest when there is room (%s)", async (protocol) => {
    const queue = `queue://limited.${protocol}`;
    const body = "x".repeat(50_000);
    const holding = await open(group, protocol, { whenFull: "hold" });
    const sends = Array.from({ length: 60 }, () => holding.send(queue, body));
    for (const send of sends) send.catch(() => {});
    const held = () => holding.stats().deferredSends > 0 || holding.stats().blockedMs > 0;
    await until("the address is full", held);
    expect(holding.stats().confirmed).toBeLessThan(sends.length);
    const other = await open(group, protocol);
    let taken = 0;
    await until("all is sent", async () => {
      taken += await empty(other, queue);
      return holding.stats().pendingSends === 0;
    });
    taken += await empty(other, queue);
    await Promise.all(sends);
    expect(taken).toBe(sends.length);
    expect(holding.stats()).toMatchObject({ confirmed: sends.length, failed: 0, deferredSends: 0 });
  });
});
