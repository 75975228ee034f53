/** Stories of failovers: real adapters, an embedded group whose active member is crashed again and again. */
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../src/messaging/receiving/deliveries/delivery.ts";
import { next, proxied, storyConnection, storyGroup } from "../support/stories.ts";
import { forbidUnhandledRejections, rejectionOf } from "../support/toy-connection.ts";

forbidUnhandledRejections();

describe.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
  it("loses nothing that was confirmed, and keeps the order, over ten crashes with sends in flight", async () => {
    const group = await storyGroup(protocol);
    const connection = await storyConnection(group.uri(protocol)).connect();
    const restored: { outageMs: number; resent: number }[] = [];
    connection.on("restored", (event) => restored.push(event));
    const kept = connection.producer("queue://kept");
    const confirmed: number[] = [];
    let sent = 0;
    let running = true;
    const window = async () => {
      while (running) {
        const number = sent++;
        await kept.send(String(number));
        confirmed.push(number);
      }
    };
    const producing = Promise.all(Array.from({ length: 50 }, window));
    for (let crash = 0; crash < 10; crash++) {
      const before = confirmed.length;
      await group.failover();
      while (confirmed.length < before + 100) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    running = false;
    await producing;
    expect(confirmed).toHaveLength(sent);
    const stored: number[] = [];
    for (const { text } of await group.messages("kept")) stored.push(Number(text));
    const first = stored.filter((number, index) => stored.indexOf(number) === index);
    expect(first).toEqual(Array.from({ length: sent }, (_, number) => number));
    expect(connection.stats()).toMatchObject({ failovers: 10, failed: 0, pendingSends: 0, confirmed: sent });
    expect(restored).toHaveLength(10);
    expect(connection.stats().resent).toBe(restored.reduce((sum, { resent }) => sum + resent, 0));
    expect(stored.length - sent).toBeLessThanOrEqual(connection.stats().resent);
  });

  it("stores nothing twice where the broker drops a second copy by its id", async () => {
    const group = await storyGroup(protocol, { duplicateDetection: true });
    const connection = await storyConnection(group.uri(protocol)).connect();
    const sends: Promise<unknown>[] = [];
    for (let crash = 0; crash < 5; crash++) {
      for (let n = 0; n < 100; n++) sends.push(connection.send("kept", `${crash}-${n}`));
      await group.failover();
    }
    await Promise.all(sends);
    expect(await group.messages("kept")).toHaveLength(500);
  });

  it("hands over again what was in hand at a crash, says so, and calls the old hands stale", async () => {
    const group = await storyGroup(protocol);
    const connection = await storyConnection(group.uri(protocol)).connect();
    for (const body of ["a", "b", "c"]) await connection.send("queue://work", body);
    const consumer = connection.consume("queue://work", { prefetch: 2 });
    const take = async () => (await consumer.next()).value as Delivery;
    const [first, second] = [await take(), await take()];
    expect(await first.accept()).toBe("settled");
    const restored = next(connection, "restored");
    await group.failover();
    await restored;
    expect(await second.accept()).toBe("stale");
    expect(await rejectionOf(second.accept())).toMatchObject({ code: "ALREADY_SETTLED" });
    const again: [string, boolean][] = [];
    while (again.at(-1)?.[0] !== "c") {
      const delivery = await take();
      again.push([delivery.message.text(), delivery.redelivered]);
      expect(await delivery.accept({ strict: true })).toBe("settled");
    }
    // The acceptance of "a" was written and may have died with the member.
    expect(again.filter(([body]) => body !== "a")).toEqual([
      ["b", true],
      ["c", false],
    ]);
    await consumer.close();
    expect(await connection.stats()).toMatchObject({ stale: 1, consumers: 0 });
  });

  it("goes on with run() over crashes: every message is worked through at least once", async () => {
    const group = await storyGroup(protocol);
    const connection = await storyConnection(group.uri(protocol)).connect();
    const worked = new Set<string>();
    const consumer = connection.consume("queue://work");
    const running = consumer.run(
      async (message) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        worked.add(message.text());
      },
      { concurrency: 10 },
    );
    await consumer.ready;
    for (let crash = 0; crash < 5; crash++) {
      await Promise.all(Array.from({ length: 40 }, (_, n) => connection.send("queue://work", `${crash}-${n}`)));
      await group.failover();
    }
    while (worked.size < 200) await new Promise((resolve) => setTimeout(resolve, 5));
    await connection.close();
    await running;
    expect(worked.size).toBe(200);
    expect(connection.stats()).toMatchObject({ failovers: 5, state: "closed", unsettled: 0 });
  });

  it("notices a peer that falls silent by its heart-beat, and is restored when it speaks again", async () => {
    const group = await storyGroup(protocol);
    const { uri, proxies } = await proxied(group, protocol);
    const connection = await storyConnection(uri, { heartbeatMs: 100, attemptTimeout: 300 }).connect();
    await connection.send("queue://q", "in the light");
    const interrupted = next(connection, "interrupted");
    for (const proxy of proxies) proxy.blackHole();
    const send = connection.send("queue://q", "in the dark");
    expect(await interrupted).toMatchObject({ cause: { code: "HEARTBEAT_LOST" } });
    const restored = next(connection, "restored");
    for (const proxy of proxies) await proxy.pass();
    await restored;
    expect(await send).toMatchObject({ resent: true });
  });
});
