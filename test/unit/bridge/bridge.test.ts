import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBridge } from "../../../src/bridge/bridge.ts";
import type { BridgeConfig, BridgeLink } from "../../../src/bridge/config/bridge-config.ts";
import { connect } from "../../../src/connect/connect.ts";
import type { Connection } from "../../../src/messaging/connection/connection.ts";
import { type EmbeddedGroup, embeddedGroup } from "../../../src/testing/embedded-group.ts";

const PAIRS = [
  ["amqp", "amqp"],
  ["amqp", "stomp"],
  ["stomp", "amqp"],
  ["stomp", "stomp"],
] as const;

let north: EmbeddedGroup;
let south: EmbeddedGroup;
const closing: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  [north, south] = await Promise.all([embeddedGroup({ inProcess: true }), embeddedGroup({ inProcess: true })]);
});

afterEach(async () => {
  await Promise.all(closing.splice(0).map((each) => each.close()));
  await Promise.all([north.close(), south.close()]);
});

function config(
  link: Partial<BridgeLink>,
  protocols: readonly ["stomp" | "amqp", "stomp" | "amqp"] = ["amqp", "amqp"],
): BridgeConfig {
  return {
    groups: { north: { uri: north.uri(protocols[0]) }, south: { uri: south.uri(protocols[1]) } },
    links: { orders: { from: "north", to: "south", ...link } },
  };
}

async function run(configuration: BridgeConfig) {
  const bridge = createBridge(configuration);
  closing.push({ close: () => bridge.close({ drainTimeoutMs: 500 }) });
  await bridge.start();
  return bridge;
}

async function client(group: EmbeddedGroup, protocol: "stomp" | "amqp" = "amqp"): Promise<Connection> {
  const connection = await connect(group.uri(protocol));
  closing.push({ close: () => connection.close({ drainTimeoutMs: 100 }) });
  return connection;
}

async function texts(group: EmbeddedGroup, queue: string): Promise<string[]> {
  return (await group.messages(queue)).map(({ text }) => text ?? "");
}

describe("a link between queues", () => {
  it.each(PAIRS)("forwards every message in order, with its properties, from %s to %s", async (...protocols) => {
    const bridge = await run(
      config(
        { include: ["queue://orders.>"], rename: [{ from: "queue://orders.*", to: "queue://eu.orders.$1" }] },
        protocols,
      ),
    );
    const sender = await client(north, protocols[0]);
    for (let n = 0; n < 50; n += 1)
      await sender.send("queue://orders.new", `order ${n}`, {
        properties: { n: String(n) },
        correlationId: "c",
        type: "t",
        groupId: "g",
        replyTo: "queue://orders.answers",
      });
    await expect.poll(() => texts(south, "eu.orders.new"), { timeout: 10_000 }).toHaveLength(50);
    expect(await texts(south, "eu.orders.new")).toEqual(Array.from({ length: 50 }, (_, n) => `order ${n}`));
    await expect.poll(() => bridge.status().links["orders"]?.forwarded).toBe(50);
    expect(await north.messages("orders.new")).toEqual([]);
    const consumer = (await client(south, protocols[1])).consume("queue://eu.orders.new");
    const delivery = await consumer.receive({ timeoutMs: 5_000 });
    expect(delivery?.message).toMatchObject({
      correlationId: "c",
      type: "t",
      groupId: "g",
      replyTo: "queue://eu.orders.answers",
    });
    expect(delivery?.message.properties).toMatchObject({ n: "0", MasterslavePath: "|north|" });
    await consumer.close();
  });

  it("survives a failover of the source, of the target, and of both, and doubles nothing where ids are remembered", async () => {
    await south.close();
    south = await embeddedGroup({ inProcess: true, duplicateDetection: true });
    const bridge = await run(config({ include: ["queue://orders"] }));
    const sender = await client(north);
    const sent: string[] = [];
    const send = async (count: number) => {
      const sends = Array.from({ length: count }, () => {
        sent.push(`m${sent.length}`);
        return sender.send("queue://orders", sent.at(-1) ?? "");
      });
      await Promise.all(sends);
    };
    for (const groups of [[north], [south], [north, south]]) {
      const sending = send(200);
      await Promise.all(groups.map((group) => group.failover()));
      await sending;
    }
    await expect.poll(async () => new Set(await texts(south, "orders")).size, { timeout: 20_000 }).toBe(600);
    const arrived = await texts(south, "orders");
    expect(arrived.length).toBe(600);
    expect([...new Set(arrived)].sort()).toEqual([...sent].sort());
    await expect.poll(() => bridge.status().links["orders"]?.unacknowledged).toBe(0);
  });

  it("leaves out what is excluded, and what no wildcard forwards", async () => {
    await run(config({ include: ["queue://a.>"], exclude: ["queue://a.tmp.>"], static: ["queue://audit"] }));
    const sender = await client(north);
    for (const queue of ["a.1", "audit"]) await sender.send(`queue://${queue}`, queue);
    await expect.poll(() => texts(south, "a.1")).toEqual(["a.1"]);
    await expect.poll(() => texts(south, "audit")).toEqual(["audit"]);
  });

  it("takes no more than maxInFlight while the target is away, and forwards everything when it is back", async () => {
    const bridge = await run(config({ include: ["queue://orders"], maxInFlight: 10 }));
    await south.crash();
    await south.stop(south.active ?? 1).catch(() => {});
    const sender = await client(north);
    await Promise.all(Array.from({ length: 100 }, (_, n) => sender.send("queue://orders", `${n}`)));
    await expect.poll(() => bridge.status().links["orders"]?.state, { timeout: 10_000 }).toMatch(/running|blocked/);
    expect(bridge.status().links["orders"]?.unacknowledged).toBeLessThanOrEqual(10);
    await south.restart(0).catch(() => {});
    await expect.poll(() => texts(south, "orders"), { timeout: 20_000 }).toHaveLength(100);
  });
});

describe("a link of topics", () => {
  it("forwards what is published while it runs, by a wildcard", async () => {
    await run(config({ include: ["topic://prices.>"], as: "queue" }));
    const sender = await client(north);
    await sender.send("topic://prices.eu", "1");
    await expect.poll(() => texts(south, "prices.eu")).toEqual(["1"]);
  });
});
