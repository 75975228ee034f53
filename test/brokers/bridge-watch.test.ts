/**
 * What a bridge notices on real brokers: delays, depths, messages that cannot come, names of groups, and the findings
 * of check.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkLinksOnline, inspectBridgeFile } from "../../src/bridge/check.ts";
import { type Bridge, type BridgeGroup, createBridge } from "../../src/bridge/index.ts";
import { QueueDepths } from "../../src/bridge/watch/queue-depth.ts";
import type { Connection } from "../../src/index.ts";
import { bridgeStage, sideOf } from "./bridge/bridge-stage.ts";
import type { InteropClient, SentMessage } from "./interop/interop-client.ts";
import { startOtherClient } from "./interop/other-clients.ts";
import { type Product, type Protocol, type RealGroup, startGroup } from "./real-group.ts";

let groups: Readonly<Record<Product, RealGroup>>;
const stage = bridgeStage();
const { closing, run } = stage;
let names = 0;

beforeAll(async () => {
  groups = { classic: await startGroup("classic"), artemis: await startGroup("artemis") };
});
afterAll(() => Promise.all(Object.values(groups ?? {}).map((group) => group.close())));

const WAIT = { timeout: 40_000, interval: 100 };
const fresh = (kind = "watched") => `${kind}.${process.pid}.${names++}`;

function side(product: Product, protocol: Protocol = "amqp", more: Partial<BridgeGroup> = {}): BridgeGroup {
  return { ...sideOf(groups[product], protocol), ...more };
}

const open = (product: Product) => stage.open(groups[product]);

async function java(client: "activemq-client" | "qpid-jms", product: Product): Promise<InteropClient> {
  const started = await startOtherClient(client, groups[product]);
  closing.push(() => started.close());
  return started;
}

async function drained(connection: Connection, queue: string, count: number): Promise<string[]> {
  const consumer = connection.consume(`queue://${queue}`, { prefetch: 1_000 });
  const found: string[] = [];
  while (found.length < count) {
    const delivery = await consumer.receive({ timeoutMs: 20_000 });
    if (!delivery) break;
    found.push(delivery.message.text());
    await delivery.accept();
  }
  await consumer.close();
  return found;
}

const stateOf = (bridge: Bridge) => bridge.status().links["l"];

describe.sequential("the canary", () => {
  it.each([
    ["classic", "amqp", "artemis", "stomp"],
    ["artemis", "amqp", "classic", "stomp"],
    ["classic", "stomp", "artemis", "amqp"],
  ] as const)("flies from %s over %s to %s over %s, and leaves nothing behind", async (from, speaks, to, spoken) => {
    const canary = { intervalMs: 200 };
    const bridge = await run(side(from, speaks), side(to, spoken), { include: [`queue://${fresh()}`], canary });
    await expect.poll(() => stateOf(bridge)?.canary.arrived, WAIT).toBeGreaterThan(3);
    expect(stateOf(bridge)).toMatchObject({ state: "running", forwarded: 0, canary: { state: "arriving", lost: 0 } });
    await bridge.close();
    const left: string[] = [];
    for (const product of [from, to])
      for await (const message of (await open(product)).browse("queue://masterslave.canary.l.north.south"))
        left.push(message.text());
    // The canary that was in flight at the end.
    expect(left.length).toBeLessThanOrEqual(1);
  });
});

it("a wildcard over queues of Artemis brings those that are there and those that are made later", async () => {
  const prefix = fresh("wild");
  const [client, far] = [await open("artemis"), await open("classic")];
  await client.send(`queue://${prefix}.early`, "early");
  await client.send(`queue://${prefix}.tmp.no`, "excluded");
  await client.send(`topic://${prefix}.topic`, "no queue");
  await run(side("artemis"), side("classic"), {
    include: [`queue://${prefix}.>`],
    exclude: [`queue://${prefix}.tmp.>`],
  });
  await client.send(`queue://${prefix}.late`, "late");
  expect(await drained(far, `${prefix}.early`, 1)).toEqual(["early"]);
  expect(await drained(far, `${prefix}.late`, 1)).toEqual(["late"]);
  // Nobody took the message, not even to give it back.
  expect(await drained(client, `${prefix}.tmp.no`, 1)).toEqual(["excluded"]);
});

describe.sequential("a message that the source cannot encode", () => {
  async function sendUnencodable(product: Product): Promise<string> {
    const queue = fresh("stuck");
    const openwire = await java("activemq-client", product);
    await openwire.send(`queue://${queue}`, { text: "before" });
    await openwire.send(`queue://${queue}`, { stream: [{ type: "bytes", value: "AAEC" }] });
    await openwire.send(`queue://${queue}`, { text: "after" });
    return queue;
  }

  it("of Classic is STUCK_AT_SOURCE and named by a look over STOMP, and the others go on", async () => {
    const queue = await sendUnencodable("classic");
    const north = side("classic", "amqp", { browseUri: groups.classic.uri("stomp") });
    const bridge = await run(north, side("artemis"), { include: [`queue://${queue}`] });
    expect(await drained(await open("artemis"), queue, 2)).toEqual(["before", "after"]);
    await expect.poll(() => stateOf(bridge)?.blockedBy, WAIT).toBe("STUCK_AT_SOURCE");
    expect(stateOf(bridge)?.state).toBe("blocked");
    expect(stateOf(bridge)?.reason).toMatch(new RegExp(`queue://${queue}: 1 message is .*\\(ID:\\S+\\)`));
  });

  it("of Artemis becomes a dead letter by itself, and the link is well", async () => {
    const queue = await sendUnencodable("artemis");
    const bridge = await run(side("artemis"), side("classic"), { include: [`queue://${queue}`] });
    expect(await drained(await open("classic"), queue, 2)).toEqual(["before", "after"]);
    const depths = new QueueDepths({ name: "a", id: "a", protocol: "amqp", connection: await open("artemis") });
    await expect.poll(() => depths.of(queue), WAIT).toMatchObject({ messages: 0 });
    expect(stateOf(bridge)?.state).toBe("running");
  });
});

describe.sequential("messages that are not for the link, in front of ten that are, on Classic", () => {
  async function fill(count: number): Promise<{ readonly queue: string; readonly client: Connection }> {
    const queue = `queue://${fresh("behind")}`;
    const client = await open("classic");
    const properties = { MasterslavePath: "|south|" };
    await Promise.all(Array.from({ length: count }, (_, n) => client.send(queue, `back ${n}`, { properties })));
    await Promise.all(Array.from({ length: 10 }, (_, n) => client.send(queue, `own ${n}`)));
    return { queue: queue.slice("queue://".length), client };
  }
  const own = Array.from({ length: 10 }, (_, n) => `own ${n}`);

  it("are told when there are 300, and a look brings the ten", async () => {
    const { queue } = await fill(300);
    const bridge = await run(side("classic"), side("artemis"), { include: [`queue://${queue}`] });
    expect((await drained(await open("artemis"), queue, 10)).sort()).toEqual(own);
    // The look itself made the broker deliver the messages.
    const told = expect.objectContaining({ link: "l", group: "north", code: "BLOCKED_BY_SELECTOR" });
    await expect.poll(() => bridge.status().warnings, WAIT).toEqual([told]);
  });

  it("block the link when there are 1,000, until a local consumer takes them", async () => {
    const { queue, client } = await fill(1_000);
    const bridge = await run(side("classic"), side("artemis"), { include: [`queue://${queue}`] });
    await expect.poll(() => stateOf(bridge)?.blockedBy, WAIT).toBe("BLOCKED_BY_SELECTOR");
    expect(stateOf(bridge)).toMatchObject({ state: "blocked", blockedBySelector: [queue], forwarded: 0 });
    const selector = "MasterslavePath IS NOT NULL";
    const local = client.consume(`queue://${queue}`, { selector, prefetch: 1_000 });
    for (let n = 0; n < 1_000; n += 1) await (await local.receive({ timeoutMs: 20_000 }))?.accept();
    await local.close();
    expect((await drained(await open("artemis"), queue, 10)).sort()).toEqual(own);
    await expect.poll(() => stateOf(bridge)?.state, WAIT).toBe("running");
    await expect.poll(() => stateOf(bridge)?.blockedBySelector, WAIT).toEqual([]);
  });
});

it("a queue of messages that are all not for the link is no trouble", async () => {
  const queue = fresh("back");
  const client = await open("classic");
  await Promise.all(
    Array.from({ length: 20 }, () =>
      client.send(`queue://${queue}`, "x", { properties: { MasterslavePath: "|south|" } }),
    ),
  );
  const bridge = await run(side("classic"), side("artemis"), { include: [`queue://${queue}`] });
  await new Promise((resolve) => setTimeout(resolve, 9_000));
  expect(stateOf(bridge)).toMatchObject({ state: "running", blockedBySelector: [] });
});

it("two links that make a circle over a queue of both products bring each message to each group once", async () => {
  const queue = fresh("circle");
  const [north, south] = [await open("classic"), await open("artemis")];
  const bridge = createBridge({
    groups: { north: side("classic"), south: side("artemis", "stomp") },
    links: { l: { from: "north", to: "south", include: [`queue://${queue}`], duplex: true, maxHops: 4 } },
  });
  closing.push(() => bridge.close({ drainTimeoutMs: 500 }));
  await Promise.all(Array.from({ length: 50 }, (_, n) => north.send(`queue://${queue}`, `n${n}`)));
  await bridge.start();
  await expect.poll(() => stateOf(bridge)?.forwarded, WAIT).toBe(50);
  await Promise.all(Array.from({ length: 30 }, (_, n) => south.send(`queue://${queue}`, `s${n}`)));
  await expect.poll(() => stateOf(bridge)?.forwarded, WAIT).toBe(80);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  // No message goes round, and none is taken only to be given back.
  expect(stateOf(bridge)).toMatchObject({ forwarded: 80, filtered: 0, unacknowledged: 0 });
  expect(new Set(await drained(south, queue, 50)).size).toBe(50);
  expect(new Set(await drained(north, queue, 30)).size).toBe(30);
});

it("trace follows a message from one product to the other", async () => {
  const queue = fresh("trace");
  const client = await open("classic");
  const bridge = await run(side("classic"), side("artemis"), { include: [`queue://${queue}`] });
  const { id } = await client.send(`queue://${queue}`, "x");
  const places = async () => (await bridge.trace(id)).found.map(({ place }) => place);
  await expect.poll(places, WAIT).toEqual(["forwarded", "at-target"]);
  const [forwarded, there] = (await bridge.trace(id)).found;
  expect(there?.id).toBe(forwarded?.targetId);
});

describe.sequential("check --connect", () => {
  const codes = async (north: BridgeGroup, south: BridgeGroup) => {
    const directory = await mkdtemp(join(tmpdir(), "bridge-check-"));
    closing.push(() => rm(directory, { recursive: true }));
    const file = join(directory, "bridge.json");
    const links = { l: { from: "north", to: "south", include: ["queue://checked"] } };
    await writeFile(file, JSON.stringify({ groups: { north, south }, links }));
    const { config, document } = await inspectBridgeFile(file);
    if (!config) throw new Error("the configuration is wrong");
    return (await checkLinksOnline(config, document, 20_000)).map(({ code }) => code);
  };

  it("names a target whose AMQP connector keeps messages encoded, and not the one with transport.transformer=jms", async () => {
    const { host, port } = groups.classic.endpoint("a", "amqp-native");
    const native = side("classic", "amqp", { uri: `amqp://${host}:${port}` });
    expect(await codes(side("artemis"), native)).toEqual(["NATIVE_TRANSFORMER"]);
    expect(await codes(side("artemis"), side("classic"))).toEqual([]);
  });

  it("says where a message that cannot be encoded would not be seen", async () => {
    expect(await codes(side("classic", "stomp"), side("artemis"))).toContain("STUCK_UNSEEN");
    expect(await codes(side("classic"), side("artemis"))).not.toContain("STUCK_UNSEEN");
  });
});

const PROPERTIES: SentMessage["properties"] = {
  byte: { type: "byte", value: -7 },
  short: { type: "short", value: 300 },
  int: { type: "int", value: -70_000 },
  long: { type: "long", value: 2 ** 40 },
  float: { type: "float", value: 0.5 },
  double: { type: "double", value: 1.25 },
  boolean: { type: "boolean", value: true },
  string: { type: "string", value: "Grüße" },
};
const VALUES = [
  ...Object.values(PROPERTIES),
  { type: "char", value: "x" },
  { type: "bytes", value: "AAEC/w==" },
] as const;
const BODIES: readonly (readonly [string, SentMessage])[] = [
  ["text", { text: "Grüße 😀" }],
  ["bytes", { base64: "AAEC/w==" }],
  ["map", { map: { ...PROPERTIES, char: { type: "char", value: "x" }, bytes: { type: "bytes", value: "AAEC/w==" } } }],
  ["stream", { stream: VALUES }],
  ["object", { object: VALUES }],
];

describe.sequential("messages of a Java client", () => {
  it.each([
    ["classic", "classic"],
    ["classic", "artemis"],
    ["artemis", "classic"],
    ["artemis", "artemis"],
  ] as const)("have the same classes and values from %s to %s over AMQP", async (from, to) => {
    const [queue, there] = [fresh("java"), fresh("java")];
    const [sender, receiver] = [await java("qpid-jms", from), await java("qpid-jms", to)];
    // Within one pair the link is a move: the same engine, and the broker encodes messages as for any other client.
    const bridge = createBridge({
      groups: from === to ? { north: side(from) } : { north: side(from), south: side(to) },
      links: {
        l: {
          from: "north",
          to: from === to ? "north" : "south",
          include: [`queue://${queue}`],
          rename: [{ from: `queue://${queue}`, to: `queue://${there}` }],
        },
      },
    });
    closing.push(() => bridge.close({ drainTimeoutMs: 500 }));
    await bridge.start();
    for (const [kind, body] of BODIES) {
      await sender.send(`queue://${queue}`, { ...body, properties: PROPERTIES, correlationId: "c-1", type: "order" });
      const seen = await receiver.receive(`queue://${there}`);
      const { properties } = seen;
      const ours = Object.fromEntries(Object.entries(properties).filter(([name]) => name in (PROPERTIES ?? {})));
      expect(seen).toMatchObject({ ...body, kind, correlationId: "c-1", type: "order" });
      expect(ours).toEqual(PROPERTIES);
    }
    expect(stateOf(bridge)?.deadLettered).toBe(0);
  });
});
