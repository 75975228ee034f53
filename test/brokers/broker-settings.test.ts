/**
 * Checks that the configuration of the real brokers provides what tests rely on: scheduling, destinations that block,
 * dead letters, virtual topics.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/connect/connect.ts";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import { type Product, type Protocol, type RealGroup, startGroup } from "./real-group.ts";

const PROTOCOLS: readonly Protocol[] = ["stomp", "amqp"];
const RECEIVE_TIMEOUT_MS = 20_000;
/** A send that is unconfirmed for this long counts as held. */
const HELD_MS = 1_000;

const connections: Connection[] = [];

async function open(group: RealGroup, protocol: Protocol): Promise<Connection> {
  const connection = await connect(group.uri(protocol), { credentials: group.credentials });
  connections.push(connection);
  return connection;
}

afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close({ drainTimeoutMs: 200 })));
});

/** Receives and accepts `count` messages, and resolves with their bodies. */
async function take(connection: Connection, destination: string, count = 1): Promise<string[]> {
  const consumer = connection.consume(destination);
  const bodies: string[] = [];
  while (bodies.length < count) {
    const delivery = await consumer.receive({ timeoutMs: RECEIVE_TIMEOUT_MS });
    if (delivery === undefined) throw new Error(`${bodies.length} of ${count} messages came from ${destination}`);
    bodies.push(delivery.message.text());
    await delivery.accept();
  }
  await consumer.close();
  return bodies;
}

/** Whether a send is still without an outcome after a while. */
async function isHeld(send: Promise<unknown>): Promise<boolean> {
  return Promise.race([send.then(() => false), sleep(HELD_MS, true)]);
}

/** Sends until one is held. Returns the promises of all sends, the held one last. */
async function sendUntilHeld(connection: Connection, destination: string, body: string): Promise<Promise<unknown>[]> {
  const sends: Promise<unknown>[] = [];
  for (;;) {
    const send = connection.send(destination, body);
    send.catch(() => {});
    sends.push(send);
    if (await isHeld(send)) return sends;
    if (sends.length > 200) throw new Error(`${destination} took ${sends.length} messages and held none`);
  }
}

describe.each(["classic", "artemis"] as const)("the settings of a real %s", (product: Product) => {
  const classic = product === "classic";
  let group: RealGroup;

  beforeAll(async () => {
    group = await startGroup(product);
  }, 600_000);
  afterAll(async () => {
    await group?.close();
  });

  it.each(PROTOCOLS)("keep a delayed message over a takeover (%s)", async (protocol) => {
    const connection = await open(group, protocol);
    const sentAt = performance.now();
    await connection.send("queue://delayed", "later", { delayMs: 4_000 });
    const active = await group.waitActive();
    await group.kill(active);
    expect(await take(connection, "queue://delayed")).toEqual(["later"]);
    expect(performance.now() - sentAt).toBeGreaterThan(3_900);
    await group.start(active);
  });

  it(`make dead letters of what is rejected, in ${classic ? "ActiveMQ.DLQ" : "DLQ"}`, async () => {
    const connection = await open(group, "amqp");
    await connection.send("queue://rejecting", "bad");
    const consumer = connection.consume("queue://rejecting");
    await (await consumer.receive({ timeoutMs: RECEIVE_TIMEOUT_MS }))?.reject("no use");
    expect(await take(connection, classic ? "queue://ActiveMQ.DLQ" : "queue://DLQ")).toEqual(["bad"]);
  });

  if (classic) {
    it.each(PROTOCOLS)("hold a send to a full blocking.* until there is room, and no other (%s)", async (protocol) => {
      const producer = await open(group, protocol);
      const destination = `queue://blocking.${protocol}`;
      const sends = await sendUntilHeld(producer, destination, "x".repeat(50_000));
      await producer.send("queue://free", "goes on");
      await take(await open(group, protocol), destination, sends.length);
      await Promise.all(sends);
    });

    it("copy from a virtual topic to the queues of its consumers", async () => {
      const connection = await open(group, "stomp");
      const consumer = connection.consume("queue://Consumer.A.VirtualTopic.prices");
      await consumer.ready;
      await connection.send("topic://VirtualTopic.prices", "7");
      const delivery = await consumer.receive({ timeoutMs: RECEIVE_TIMEOUT_MS });
      expect(delivery?.message.text()).toBe("7");
      await delivery?.accept();
    });
  } else {
    it("give no credit for a full blocking.* until there is room (amqp)", async () => {
      const producer = await open(group, "amqp");
      const sends = Array.from({ length: 1_200 }, () => producer.send("queue://blocking.amqp", "x".repeat(1_000)));
      for (const send of sends) send.catch(() => {});
      // The credit that was granted before the address was full: 1,000.
      await Promise.all(sends.slice(0, 1_000));
      expect(await isHeld(sends[1_000] ?? Promise.resolve())).toBe(true);
      await take(await open(group, "amqp"), "queue://blocking.amqp", sends.length);
      await Promise.all(sends);
    });
  }
});

describe("a real classic with a full store", () => {
  let group: RealGroup;

  beforeAll(async () => {
    group = await startGroup("classic", { storeLimit: "40mb" });
  }, 600_000);
  afterAll(async () => {
    await group?.close();
  });

  it("reads a connection that sends to blocking.store.* no further, and goes on once the store has room", async () => {
    const producer = await open(group, "stomp");
    const sends = await sendUntilHeld(producer, "queue://blocking.store.a", "x".repeat(500_000));
    const elsewhere = producer.send("queue://free", "waits behind it");
    expect(await isHeld(elsewhere)).toBe(true);
    await take(await open(group, "stomp"), "queue://blocking.store.a", sends.length - 1);
    await Promise.all([...sends, elsewhere]);
  });
});
