import { afterEach, expect, it } from "vitest";
import { createBridge } from "../../../src/bridge/bridge.ts";
import type { BridgeConfig, BridgeLink } from "../../../src/bridge/config/bridge-config.ts";
import { connect } from "../../../src/connect/connect.ts";
import type { Connection } from "../../../src/messaging/connection/connection.ts";
import { type EmbeddedGroup, embeddedGroup } from "../../../src/testing/embedded-group.ts";
import type { EmbeddedGroupOptions } from "../../../src/testing/group/group-options.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function group(options: EmbeddedGroupOptions = {}): Promise<EmbeddedGroup> {
  const made = await embeddedGroup({ inProcess: true, members: 1, ...options });
  closing.push(() => made.close());
  return made;
}

async function client(of: EmbeddedGroup): Promise<Connection> {
  const connection = await connect(of.uri("amqp"));
  closing.push(() => connection.close({ drainTimeoutMs: 0 }));
  return connection;
}

async function bridge(config: BridgeConfig) {
  const made = createBridge(config);
  closing.push(() => made.close({ drainTimeoutMs: 200 }));
  await made.start();
  return made;
}

function between(north: EmbeddedGroup, south: EmbeddedGroup, link: Partial<BridgeLink> = {}): BridgeConfig {
  const groups = { north: { uri: north.uri("amqp") }, south: { uri: south.uri("amqp") } };
  return { groups, links: { orders: { from: "north", to: "south", include: ["queue://orders"], ...link } } };
}

it("a message that is too large for the target is a dead letter with the reason, and delays nobody", async () => {
  const [north, south] = [await group(), await group({ maxMessageBytes: 1_000 })];
  const running = await bridge(between(north, south));
  const sender = await client(north);
  await sender.send("queue://orders", "before");
  await sender.send("queue://orders", "x".repeat(5_000), { properties: { n: 1 } });
  for (let n = 0; n < 10; n += 1) await sender.send("queue://orders", `after ${n}`);
  await expect.poll(() => south.messages("orders")).toHaveLength(11);
  await expect.poll(() => north.messages("ActiveMQ.DLQ")).toHaveLength(1);
  const [dead] = await north.messages("ActiveMQ.DLQ");
  expect(dead?.text).toHaveLength(5_000);
  expect(dead?.properties).toMatchObject({ n: 1, MasterslaveOrigin: "queue://orders" });
  expect(dead?.properties["MasterslaveReason"]).toMatch(/MESSAGE_TOO_LARGE/);
  await expect
    .poll(() => running.status().links["orders"])
    .toMatchObject({ state: "running", forwarded: 11, deadLettered: 1 });
});

it("a full target holds the link with every message at the source, and everything arrives when there is room", async () => {
  const [north, south] = [await group(), await group({ maxMessages: 20 })];
  const running = await bridge(between(north, south, { maxInFlight: 50 }));
  const sender = await client(north);
  await Promise.all(Array.from({ length: 200 }, (_, n) => sender.send("queue://orders", `${n}`)));
  await expect
    .poll(() => running.status().links["orders"], { timeout: 10_000 })
    .toMatchObject({ state: "blocked", blockedBy: "TARGET_FULL" });
  expect(running.status().links["orders"]).toMatchObject({ deadLettered: 0 });
  expect(running.status().links["orders"]?.unacknowledged).toBeLessThanOrEqual(50);
  expect(await north.messages("ActiveMQ.DLQ")).toEqual([]);
  const consumer = (await client(south)).consume("queue://orders");
  const seen = new Set<string>();
  while (seen.size < 200) {
    const delivery = await consumer.receive({ timeoutMs: 20_000 });
    if (!delivery) break;
    seen.add(delivery.message.text());
    await delivery.accept();
  }
  expect(seen.size).toBe(200);
  await expect
    .poll(() => running.status().links["orders"])
    .toMatchObject({ state: "running", deadLettered: 0, forwarded: 200 });
}, 60_000);

it("a source whose login is refused makes the link fail, and it stays listed with its reason", async () => {
  const north = await group({ credentials: { username: "a", password: "b" } });
  const running = await bridge(between(north, await group()));
  expect(running.status().links["orders"]).toMatchObject({ state: "failed" });
  expect(running.status().links["orders"]?.reason).toContain("AUTHENTICATION_FAILED");
  await running.done;
});

it("a link whose target is given up leaves its source: other consumers get what it held", async () => {
  const [north, south] = [await group(), await group()];
  const config = between(north, south);
  const running = await bridge({
    ...config,
    groups: { ...config.groups, south: { uri: `${south.uri("amqp")}?maxReconnectAttempts=1` } },
  });
  await south.close();
  const sender = await client(north);
  for (let n = 0; n < 5; n += 1) await sender.send("queue://orders", `${n}`);
  const seen = new Set<string>();
  const consumer = sender.consume("queue://orders");
  while (seen.size < 5) {
    const delivery = await consumer.receive({ timeoutMs: 20_000 });
    if (!delivery) break;
    seen.add(delivery.message.text());
    await delivery.accept();
  }
  expect(seen.size).toBe(5);
  expect(running.status().links["orders"]).toMatchObject({ state: "failed", unacknowledged: 0 });
}, 60_000);

it("two names for one broker are found out at the start", async () => {
  const north = await group({ members: 1 });
  const address = north.uri("amqp").replaceAll("127.0.0.1", "localhost");
  const config = between(north, north);
  const running = await bridge({
    ...config,
    groups: { north: config.groups["north"] ?? { uri: "" }, south: { uri: address } },
  });
  expect(running.status().links["orders"]).toMatchObject({ state: "failed" });
  expect(running.status().links["orders"]?.reason).toContain("OWN_GROUP");
});

it("the map hook changes, drops and refuses messages", async () => {
  const [north, south] = [await group(), await group()];
  const running = await bridge(
    between(north, south, {
      map: (message, { destination }) => {
        if (message.text() === "drop") return "drop";
        if (message.text() === "bad") throw new Error("not for the south");
        return {
          destination: `${destination}.mapped`,
          body: message.text().toUpperCase(),
          properties: { mapped: true, MasterslavePath: "|x|" },
        };
      },
    }),
  );
  const sender = await client(north);
  for (const text of ["one", "drop", "bad", "two"]) await sender.send("queue://orders", text);
  await expect
    .poll(async () => (await south.messages("orders.mapped")).map(({ text }) => text))
    .toEqual(["ONE", "TWO"]);
  expect((await south.messages("orders.mapped"))[0]?.properties).toMatchObject({
    mapped: true,
    MasterslavePath: "|north|",
  });
  await expect
    .poll(() => running.status().links["orders"])
    .toMatchObject({ forwarded: 2, dropped: 1, deadLettered: 1 });
  expect((await north.messages("ActiveMQ.DLQ"))[0]?.properties["MasterslaveReason"]).toContain("not for the south");
});

it("a move until empty, or until so many messages, ends by itself and loses nothing", async () => {
  const north = await group({ duplicateDetection: true });
  const sender = await client(north);
  const move = (from: string, to: string, until: BridgeLink["until"]) =>
    createBridge({
      groups: { north: { uri: north.uri("amqp") } },
      links: { move: { from: "north", to: "north", include: [from], rename: [{ from, to }], until } },
    });
  for (let n = 0; n < 20; n += 1) await sender.send("queue://a", `${n}`);
  // There and back and there again: in the broker's cache of ids no message may meet itself.
  for (const [from, to] of [
    ["queue://a", "queue://b"],
    ["queue://b", "queue://a"],
    ["queue://a", "queue://b"],
  ] as const) {
    const running = move(from, to, "empty");
    await running.start();
    await running.done;
    await running.close();
    expect(await north.messages(to.slice("queue://".length))).toHaveLength(20);
    expect(await north.messages(from.slice("queue://".length))).toEqual([]);
  }
  const five = move("queue://b", "queue://c", { messages: 5 });
  await five.start();
  await five.done;
  await five.close();
  expect((await north.messages("c")).map(({ text }) => text)).toEqual(["0", "1", "2", "3", "4"]);
  expect(await north.messages("b")).toHaveLength(15);
}, 60_000);
