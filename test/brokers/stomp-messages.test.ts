/**
 * What messages carry over STOMP on real brokers: type, group, times, delayed delivery, and how AMQP clients see them.
 */
import { expect, it, vi } from "vitest";
import { TestConsumer, TestSend } from "../unit/adapters/stomp/messaging-steps.ts";
import { confirmed, onRealBrokers, ready, texts } from "./stomp-steps.ts";

onRealBrokers("STOMP messages", (bench) => {
  const { classic } = bench;

  it("carry their type, and tell when they were sent", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    const before = Date.now();
    await confirmed(session, new TestSend("x", { type: "order: new" }, queue));
    const { message } = await (await ready(new TestConsumer(session, queue, 10, "JMSType = 'order: new'"))).delivery(0);
    expect(message).toMatchObject({ type: "order: new", properties: {} });
    expect(message.sentAtMs).toBeGreaterThanOrEqual(before);
    expect(message.sentAtMs).toBeLessThanOrEqual(Date.now());
  });

  it("tell of a clock that is behind the broker's, once something is sent with a time to live", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    const consumer = await ready(new TestConsumer(session, queue));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 3_600_000 });
    try {
      await confirmed(session, new TestSend("stamped by the broker", {}, queue));
      await consumer.delivery(0);
      await confirmed(session, new TestSend("x", { ttlMs: 60_000 }, bench.freshQueue()));
    } finally {
      vi.useRealTimers();
    }
    expect(bench.warnings.map(({ code }) => code)).toEqual(["CLOCK_BEHIND"]);
    const [, ms] = /at least (\d+) ms behind/.exec(bench.warnings[0]?.message ?? "") ?? [];
    expect(Number(ms) / 3_600_000).toBeCloseTo(1, 1);
  });

  it("of one group go to one consumer, in order; only Artemis tells the group over STOMP", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    const readers = [new TestConsumer(session, queue, 100), new TestConsumer(await bench.open(), queue, 100)];
    for (const reader of readers) await ready(reader);
    const groups = ["a", "b", "c", "d"];
    const sends = Array.from({ length: 40 }, (_, n) => {
      const groupId = groups[n % groups.length] ?? "";
      const groupSequence = Math.floor(n / groups.length) + 1;
      return new TestSend(`${groupId} ${groupSequence}`, { groupId, groupSequence }, queue);
    });
    await confirmed(session, ...sends);
    const [first, second] = readers as [TestConsumer, TestConsumer];
    await vi.waitFor(() => expect(first.deliveries.length + second.deliveries.length).toBe(40), 10_000);
    for (const group of groups) {
      const came = readers.map((reader) => texts(reader).filter((text) => text.startsWith(group)));
      const whole = came.find(({ length }) => length > 0);
      expect(came.map(({ length }) => length).sort((a, b) => a - b)).toEqual([0, 10]);
      expect(whole).toEqual(Array.from({ length: 10 }, (_, n) => `${group} ${n + 1}`));
    }
    const { message } = (first.deliveries[0] ?? second.deliveries[0]) as (typeof first.deliveries)[0] & object;
    const [groupId, sequence] = message.text().split(" ");
    const told = { groupId, groupSequence: Number(sequence) };
    expect(message).toMatchObject(classic ? { groupId: undefined, groupSequence: undefined } : told);
  });

  it.each([-1, 1])("are held back as long as was said while our clock is %i hour off", async (hours) => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    const consumer = await ready(new TestConsumer(session, queue));
    const startMs = performance.now();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + hours * 3_600_000 });
    try {
      await confirmed(session, new TestSend("waits", { delayMs: 1_000 }, queue));
    } finally {
      vi.useRealTimers();
    }
    expect((await consumer.delivery(0)).message.text()).toBe("waits");
    const waitedMs = performance.now() - startMs;
    expect(waitedMs).toBeGreaterThanOrEqual(950);
    expect(waitedMs).toBeLessThan(20_000);
  });

  it("are handed out later when that is asked for, counted from the call even when written late", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    const consumer = await ready(new TestConsumer(session, queue));
    const late = new TestSend("late", { delayMs: 1500 }, queue);
    const askedAt = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 700));
    await confirmed(session, late, new TestSend("now", {}, queue));
    await consumer.delivery(1);
    const waitedMs = Date.now() - askedAt;
    expect(texts(consumer)).toEqual(["now", "late"]);
    expect(waitedMs).toBeGreaterThanOrEqual(1400);
    expect(consumer.deliveries[1]?.message.properties).not.toHaveProperty("AMQ_SCHEDULED_DELAY");
    // A time that is past when the message is written means that it is delivered at once.
    const past = new TestSend("past", { delayMs: 1 }, queue);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await confirmed(session, past);
    expect((await consumer.delivery(2)).message.text()).toBe("past");
  });
});
