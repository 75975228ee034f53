/**
 * Links that forward on demand, links that give messages back, and links that run in several processes of which one is
 * active, between real pairs.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bridge, BridgeGroup, BridgeLink } from "../../src/bridge/index.ts";
import { type Connection, connect } from "../../src/index.ts";
import { bridgeStage, sideOf as side } from "./bridge/bridge-stage.ts";
import { RESTRICTED_CREDENTIALS, type RealGroup, startGroup } from "./real-group.ts";

let classic: RealGroup;
let artemis: RealGroup;
const { closing, run, open } = bridgeStage();
let names = 0;

beforeAll(async () => {
  classic = await startGroup("classic", { advisories: true });
  artemis = await startGroup("artemis");
});
afterAll(() => Promise.all([classic?.close(), artemis?.close()]));

const fresh = (kind = "demand") => `queue://${kind}.${process.pid}.${names++}`;
const groupOf = (product: "classic" | "artemis") => (product === "classic" ? classic : artemis);

const link = (bridge: Bridge) => bridge.status().links["l"];

async function send(connection: Connection, destination: string, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, n) => connection.send(destination, `${n}`)));
}

async function take(connection: Connection, destination: string, count: number) {
  const consumer = connection.consume(destination, { prefetch: 1 });
  await consumer.ready;
  for (let n = 0; n < count; n += 1) {
    const delivery = await consumer.receive({ timeoutMs: 30_000 });
    if (!delivery) throw new Error(`${n} of ${count} messages arrived in ${destination}`);
    await delivery.accept();
  }
  return consumer;
}

/** Long enough for a consumer to be announced and a message to be forwarded. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 700));

async function waiting(connection: Connection, queue: string): Promise<number> {
  let count = 0;
  for await (const _ of connection.browse(queue)) count += 1;
  return count;
}

/** The target of the link, where the consumers are. */
const TARGETS = [
  { product: "classic", protocol: "amqp", tellsWhose: false },
  { product: "classic", protocol: "stomp", tellsWhose: true },
  { product: "artemis", protocol: "amqp", tellsWhose: true },
  { product: "artemis", protocol: "stomp", tellsWhose: true },
] as const;

describe.sequential.each(TARGETS)("demand on $product over $protocol", ({ product, protocol, tellsWhose }) => {
  const setUp = async (more: Partial<BridgeLink> = {}) => {
    const [near, far] = [groupOf(product === "classic" ? "artemis" : "classic"), groupOf(product)];
    const queue = fresh();
    const [sender, reader] = [await open(near), await open(far)];
    const bridge = (overrides: Partial<BridgeLink> = {}) =>
      run(side(near, "amqp"), side(far, protocol), { include: [queue], demand: true, ...more, ...overrides });
    return { near, far, queue, sender, reader, bridge };
  };

  it("is a consumer that was there before the bridge", async () => {
    const { queue, sender, reader, bridge } = await setUp();
    const consumer = reader.consume(queue);
    await consumer.ready;
    await send(sender, queue, 1);
    await bridge();
    expect(await consumer.receive({ timeoutMs: 20_000 })).toBeDefined();
  });

  it("appears and leaves with a consumer: what comes after that stays at the source", async () => {
    const { queue, sender, reader, bridge } = await setUp();
    const running = await bridge();
    await send(sender, queue, 5);
    await settle();
    expect(link(running)).toMatchObject({ state: "running", forwarded: 0 });
    const consumer = await take(reader, queue, 5);
    await consumer.close();
    await settle();
    await send(sender, queue, 3);
    await settle();
    expect(await waiting(sender, queue)).toBe(3);
    await take(reader, queue, 3);
    await expect.poll(() => link(running)).toMatchObject({ state: "running", forwarded: 8 });
  });

  it("is forgotten when its consumer vanishes during a takeover, and found again when it stays", async () => {
    const { far, queue, sender, reader, bridge } = await setUp();
    const other = fresh();
    const leaving = await open(far);
    await reader.consume(queue).ready;
    await leaving.consume(other).ready;
    const running = await bridge({ include: [queue, other] });
    const active = await far.waitActive();
    await far.kill(active);
    await leaving.close({ drainTimeoutMs: 0 });
    await far.waitActive();
    await far.start(active);
    await expect.poll(() => link(running)?.state, { timeout: 30_000 }).toBe("running");
    await settle();
    await Promise.all([send(sender, queue, 2), send(sender, other, 2)]);
    await expect.poll(() => link(running)?.forwarded, { timeout: 20_000 }).toBe(2);
    await settle();
    expect(await waiting(sender, other)).toBe(2);
    expect(await waiting(sender, queue)).toBe(0);
  });

  if (tellsWhose) {
    it("is neither a browser nor another bridge", async () => {
      const { near, far, queue, sender, reader, bridge } = await setUp();
      const running = await bridge();
      const browser = reader.browse(queue)[Symbol.asyncIterator]();
      // Moves messages from the queue at the far group to another queue there.
      const other = await run(side(far, "amqp"), side(near, "amqp"), { include: [queue] });
      await send(sender, queue, 3);
      void browser.next();
      await settle();
      expect([link(running)?.forwarded, link(other)?.forwarded]).toEqual([0, 0]);
      expect(await waiting(sender, queue)).toBe(3);
      await browser.return?.(undefined);
    });

    it("moves nothing where two duplex bridges have no real consumer", async () => {
      const { queue, sender, reader, bridge } = await setUp({ duplex: true });
      const both = [await bridge(), await bridge()];
      await send(sender, queue, 3);
      await send(reader, queue, 3);
      await settle();
      expect(both.map((each) => link(each)?.forwarded)).toEqual([0, 0]);
      expect([await waiting(sender, queue), await waiting(reader, queue)]).toEqual([3, 3]);
    });
  } else {
    it("is refused in both directions, where bridges cannot be told from consumers", async () => {
      const { bridge } = await setUp();
      expect(link(await bridge({ duplex: true }))).toMatchObject({
        state: "failed",
        reason: expect.stringMatching(/^DEMAND_BOTH_WAYS: /),
      });
    });
  }

  it("that the user may not ask for is DEMAND_UNAVAILABLE: the link stops, or forwards what is static", async () => {
    const { near, far, sender, reader } = await setUp();
    const [queue, always] = [fresh("open"), fresh("open")];
    await reader.consume(queue).ready;
    const restricted = side(far, protocol, RESTRICTED_CREDENTIALS);
    const only = { include: [queue], static: [always], demand: true };
    expect(link(await run(side(near, "amqp"), restricted, only))).toMatchObject({
      state: "failed",
      reason: expect.stringMatching(/^DEMAND_UNAVAILABLE: .*(not authorized|permission|unauthorized|AMQ339016)/i),
    });
    const running = await run(side(near, "amqp"), restricted, { ...only, demandUnavailable: "static" });
    expect(link(running)).toMatchObject({ state: "blocked", blockedBy: "DEMAND_UNAVAILABLE" });
    await Promise.all([send(sender, queue, 2), send(sender, always, 2)]);
    await take(reader, always, 2);
    expect(await waiting(sender, queue)).toBe(2);
  });
});

describe.sequential("demand for a topic", () => {
  it("on Artemis is a durable subscription, also while its subscriber is away", async () => {
    const topic = fresh().replace("queue:", "topic:");
    const far = async () => {
      const connection = await connect(artemis.uri("amqp"), { credentials: artemis.credentials, clientId: topic });
      closing.push(() => connection.close({ drainTimeoutMs: 0 }));
      return connection;
    };
    const first = await far();
    await first.consume(topic, { durable: "prices" }).ready;
    await first.close({ drainTimeoutMs: 0 });
    const sender = await open(classic);
    const running = await run(side(classic, "amqp"), side(artemis, "amqp"), { include: [topic], demand: true });
    await send(sender, topic, 3);
    await expect.poll(() => link(running)?.forwarded, { timeout: 20_000 }).toBe(3);
    const back = (await far()).consume(topic, { durable: "prices" });
    for (let n = 0; n < 3; n += 1) expect(await back.receive({ timeoutMs: 20_000 })).toBeDefined();
  });

  it("on Classic is refused unless durable subscriptions are to be ignored, and is a subscriber then", async () => {
    const topic = fresh().replace("queue:", "topic:");
    const only = { include: [topic], demand: true };
    expect(link(await run(side(artemis, "amqp"), side(classic, "stomp"), only))).toMatchObject({
      state: "failed",
      reason: expect.stringMatching(/^DURABLE_DEMAND: /),
    });
    const [sender, reader] = [await open(artemis), await open(classic)];
    const running = await run(side(artemis, "amqp"), side(classic, "stomp"), { ...only, durableDemand: "ignore" });
    await send(sender, topic, 2);
    const subscriber = reader.consume(topic);
    await subscriber.ready;
    await settle();
    await send(sender, topic, 3);
    for (let n = 0; n < 3; n += 1) expect(await subscriber.receive({ timeoutMs: 20_000 })).toBeDefined();
    await expect.poll(() => link(running)?.forwarded).toBe(3);
  });
});

it("a Classic whose advisories are off is DEMAND_UNAVAILABLE: it announces no consumer of the bridge's own", async () => {
  const silent = await startGroup("classic");
  closing.push(() => silent.close());
  for (const protocol of ["amqp", "stomp"] as const) {
    const running = await run(side(artemis, "amqp"), side(silent, protocol), { include: [fresh()], demand: true });
    expect(link(running)).toMatchObject({
      state: "failed",
      reason: expect.stringMatching(/^DEMAND_UNAVAILABLE: .*advisories are off/),
    });
  }
});

describe.sequential("returnWhenNoConsumers", () => {
  it.each([
    ["classic", "stomp", "artemis", "amqp"],
    ["artemis", "amqp", "classic", "stomp"],
  ] as const)(
    "brings back to %s over %s what found no consumer in %s any more, once there is one",
    async (near, nearProtocol, far, farProtocol) => {
      const queue = fresh();
      const [local, remote] = [await open(groupOf(near)), await open(groupOf(far))];
      const consumer = remote.consume(queue, { prefetch: 1 });
      await consumer.ready;
      const running = await run(side(groupOf(near), nearProtocol), side(groupOf(far), farProtocol), {
        include: [queue],
        demand: true,
        duplex: true,
        returnWhenNoConsumers: true,
      });
      await send(local, queue, 10);
      await expect.poll(() => link(running)?.forwarded, { timeout: 20_000 }).toBe(10);
      const taken = await consumer.receive({ timeoutMs: 20_000 });
      await taken?.accept();
      await consumer.close();
      await settle();
      expect(link(running)).toMatchObject({ returned: 0 });
      const back = await take(local, queue, 9);
      await expect.poll(() => link(running)).toMatchObject({ forwarded: 10, returned: 9 });
      await back.close();
      // The messages may be forwarded again, because their path is as before.
      await send(local, queue, 1);
      await take(remote, queue, 1);
    },
  );
});

describe.sequential("of two processes with an exclusive link", () => {
  const pair = async (north: BridgeGroup, south: BridgeGroup, more: Partial<BridgeLink>) => {
    const first = await run(north, south, { exclusive: true, ...more });
    return [first, await run(north, south, { exclusive: true, ...more })] as const;
  };

  it.each([
    ["classic", "amqp"],
    ["classic", "stomp"],
    ["artemis", "amqp"],
    ["artemis", "stomp"],
  ] as const)("one takes every message of a queue of %s over %s, and the other after it", async (product, protocol) => {
    const [north, south] = [groupOf(product), groupOf(product === "classic" ? "artemis" : "classic")];
    const queue = fresh("exclusive");
    const sender = await open(north);
    const [first, second] = await pair(side(north, protocol), side(south, "amqp"), { include: [queue] });
    await send(sender, queue, 50);
    await expect.poll(() => link(first), { timeout: 20_000 }).toMatchObject({ state: "running", forwarded: 50 });
    expect(link(second)).toMatchObject({ state: "standby", forwarded: 0 });
    await first.close();
    await send(sender, queue, 20);
    await expect.poll(() => link(second), { timeout: 20_000 }).toMatchObject({ state: "running", forwarded: 20 });
  });

  it("both are refused where a queue of Artemis is not exclusive, or nobody may ask", async () => {
    const south = side(classic, "amqp");
    const reason = expect.stringMatching(/^EXCLUSIVE_UNAVAILABLE: /);
    const shared = await run(side(artemis, "amqp"), south, { include: [fresh()], exclusive: true });
    expect(link(shared)).toMatchObject({ state: "failed", reason });
    const restricted = side(artemis, "amqp", RESTRICTED_CREDENTIALS);
    const unknown = await run(restricted, south, { include: [fresh("open")], exclusive: true });
    expect(link(unknown)).toMatchObject({ state: "failed", reason });
    // On Artemis over STOMP, several processes share a durable subscription.
    const topic = { include: [fresh().replace("queue:", "topic:")], durable: true, exclusive: true };
    expect(link(await run(side(artemis, "stomp"), south, topic))).toMatchObject({ state: "failed", reason });
  });

  it.each([
    ["classic", "amqp"],
    ["classic", "stomp"],
    ["artemis", "amqp"],
  ] as const)("one has the durable topic of %s over %s, and the other when it leaves", async (product, protocol) => {
    const [north, south] = [groupOf(product), groupOf(product === "classic" ? "artemis" : "classic")];
    const topic = fresh().replace("queue:", "topic:");
    const sender = await open(north);
    const [first, second] = await pair(side(north, protocol), side(south, "amqp"), { include: [topic], durable: true });
    await send(sender, topic, 5);
    await expect.poll(() => link(first), { timeout: 20_000 }).toMatchObject({ state: "running", forwarded: 5 });
    expect(link(second)).toMatchObject({ state: "standby", forwarded: 0 });
    await first.close();
    await send(sender, topic, 5);
    await expect.poll(() => link(second), { timeout: 40_000 }).toMatchObject({ state: "running", forwarded: 5 });
  });
});
