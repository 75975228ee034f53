/** The bridge between real pairs: a target that refuses, requests and replies over takeovers, and repeated ids. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBridge } from "../../src/bridge/index.ts";
import type { Connection } from "../../src/index.ts";
import { bridgeStage, sideOf as side } from "./bridge/bridge-stage.ts";
import { RESTRICTED_CREDENTIALS, type RealGroup, startGroup } from "./real-group.ts";

let classic: RealGroup;
let artemis: RealGroup;
const { run, open } = bridgeStage();
let names = 0;

beforeAll(async () => {
  classic = await startGroup("classic");
  artemis = await startGroup("artemis");
});
afterAll(() => Promise.all([classic?.close(), artemis?.close()]));

const fresh = (kind = "bridge") => `queue://${kind}.${process.pid}.${names++}`;

async function drain(connection: Connection, queue: string): Promise<string[]> {
  const consumer = connection.consume(queue, { prefetch: 1_000 });
  const found: string[] = [];
  for (;;) {
    const delivery = await consumer.receive({ timeoutMs: 10_000 });
    if (!delivery) break;
    found.push(delivery.message.text());
    await delivery.accept();
  }
  await consumer.close();
  return found;
}

describe.sequential("a target whose user may not write", () => {
  it.each([
    ["artemis", "amqp"],
    ["artemis", "stomp"],
    ["classic", "amqp"],
    ["classic", "stomp"],
  ] as const)(
    "on %s over %s holds the link, and all 10,000 messages are still at the source",
    async (product, protocol) => {
      const [north, south] = product === "artemis" ? [classic, artemis] : [artemis, classic];
      const queue = fresh();
      const sender = await open(north);
      for (let n = 0; n < 10_000; n += 500)
        await Promise.all(Array.from({ length: 500 }, (_, index) => sender.send(queue, String(n + index))));
      const bridge = await run(side(north, "amqp"), side(south, protocol, RESTRICTED_CREDENTIALS), {
        include: [queue],
      });
      await expect
        .poll(() => bridge.status().links["l"], { timeout: 30_000 })
        .toMatchObject({ state: "blocked", blockedBy: "TARGET_UNAUTHORIZED" });
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(bridge.status().links["l"]).toMatchObject({ forwarded: 0, deadLettered: 0 });
      await bridge.close({ drainTimeoutMs: 0 });
      expect(new Set(await drain(sender, queue)).size).toBe(10_000);
    },
  );
});

it("requests in one group are answered in the other, while both active members are killed", async () => {
  const queue = fresh("quotes");
  await run(side(classic, "amqp"), side(artemis, "amqp"), {
    include: [queue],
  });
  const [asks, answers] = [await open(classic), await open(artemis)];
  // The reply returns over its own link. Wildcards over queues need Classic, so the test finds out the reply queue's
  // name first.
  const replies = new Promise<string>((resolve) => {
    answers.respond(queue, (message) => {
      resolve(message.replyTo ?? "");
      return `answer to ${message.text()}`;
    });
  });
  const first = asks.request(queue, "0", { timeoutMs: 60_000 });
  const back = await run(side(artemis, "amqp"), side(classic, "amqp"), { include: [await replies] });
  expect((await first).text()).toBe("answer to 0");
  const asked = Array.from({ length: 50 }, (_, n) => asks.request(queue, `${n + 1}`, { timeoutMs: 60_000 }));
  for (const group of [classic, artemis]) {
    const active = await group.waitActive();
    await group.kill(active);
    await group.waitActive();
    await group.start(active);
  }
  const texts = await Promise.all(asked.map(async (answer) => (await answer).text()));
  expect(texts).toEqual(Array.from({ length: 50 }, (_, n) => `answer to ${n + 1}`));
  expect(back.status().links["l"]?.deadLettered).toBe(0);
});

it("messages moved there and back and there again on Artemis all arrive: no id meets itself", async () => {
  const [a, b] = [fresh(), fresh()];
  const sender = await open(artemis);
  await Promise.all(Array.from({ length: 100 }, (_, n) => sender.send(a, `${n}`)));
  for (const [from, to] of [
    [a, b],
    [b, a],
    [a, b],
  ] as const) {
    const bridge = createBridge({
      groups: { one: side(artemis, "amqp") },
      links: { move: { from: "one", to: "one", include: [from], rename: [{ from, to }], until: "empty" } },
    });
    await bridge.start();
    await bridge.done;
    expect(bridge.status().links["move"]).toMatchObject({ state: "stopped", forwarded: 100 });
    await bridge.close();
  }
  expect((await drain(sender, b)).length).toBe(100);
});

describe.sequential("local consumers of the source", () => {
  it.each([
    ["classic", "amqp"],
    ["classic", "stomp"],
    ["artemis", "amqp"],
  ] as const)("of %s come before a link over %s, which gets the rest when they leave", async (product, protocol) => {
    const [north, south] = product === "classic" ? [classic, artemis] : [artemis, classic];
    const queue = fresh();
    const [client, far] = [await open(north), await open(south)];
    await run(side(north, protocol), side(south, "amqp"), { include: [queue] });
    const local = client.consume(queue, { prefetch: 200 });
    await local.ready;
    await Promise.all(Array.from({ length: 50 }, (_, n) => client.send(queue, `local ${n}`)));
    for (let n = 0; n < 50; n += 1) await (await local.receive({ timeoutMs: 20_000 }))?.accept();
    await local.close();
    await Promise.all(Array.from({ length: 20 }, (_, n) => client.send(queue, `far ${n}`)));
    const arrived = await drain(far, queue);
    expect(arrived.sort()).toEqual(Array.from({ length: 20 }, (_, n) => `far ${n}`).sort());
  });
});
