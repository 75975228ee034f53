/** Named subscriptions over STOMP on real brokers: durable, shared, deleted, and in use by another session. */
import { expect, it } from "vitest";
import { SubscriptionRefusedError, UnsupportedError } from "../../src/errors/errors.ts";
import type { MessagingSession, NamedSubscription } from "../../src/messaging/port/messaging-session.ts";
import { lossOf, TestConsumer, TestSend } from "../unit/adapters/stomp/messaging-steps.ts";
import { confirmed, onRealBrokers, ready, texts } from "./stomp-steps.ts";

const durable = (name: string): NamedSubscription => ({ name, durable: true, shared: false });
const sharedDurable = (name: string): NamedSubscription => ({ name, durable: true, shared: true });
const shared = (name: string): NamedSubscription => ({ name, durable: false, shared: true });

onRealBrokers("STOMP subscriptions", (bench) => {
  const { classic } = bench;
  const subscribe = (session: MessagingSession, topic: string, subscription: NamedSubscription, selector?: string) =>
    new TestConsumer(session, topic, 100, selector, { subscription });
  const accept = async (consumer: TestConsumer, nth: number) => {
    const terms = { confirmed: true };
    expect(await consumer.subscription.settle(await consumer.delivery(nth), { kind: "accepted" }, terms)).toBe(
      "settled",
    );
  };

  it("keeps for a durable one what is sent while it is closed, and while its session is gone, until it is deleted", async () => {
    const topic = bench.freshTopic();
    const name = bench.freshName();
    const sender = await bench.open();
    const first = await bench.open({ clientId: name });
    const consumer = await ready(subscribe(first, topic, durable("sub")));
    await confirmed(sender, new TestSend("1", {}, topic));
    await accept(consumer, 0);
    await consumer.subscription.close();
    await confirmed(sender, new TestSend("2", {}, topic));
    const again = await ready(subscribe(first, topic, durable("sub")));
    await accept(again, 0);
    await first.close(AbortSignal.timeout(2000));
    await confirmed(sender, new TestSend("3", {}, topic));
    const second = await bench.open({ clientId: name });
    const third = await ready(subscribe(second, topic, durable("sub")));
    await accept(third, 0);
    expect([texts(again), texts(third)]).toEqual([["2"], ["3"]]);
    await third.subscription.close();
    await second.unsubscribe(durable("sub"));
    await confirmed(sender, new TestSend("4", {}, topic));
    const fourth = await ready(subscribe(second, topic, durable("sub")));
    await confirmed(sender, new TestSend("5", {}, topic));
    await fourth.delivery(0);
    expect(texts(fourth)).toEqual(["5"]);
  });

  it("gives back what a durable one releases", async () => {
    const topic = bench.freshTopic();
    const session = await bench.open({ clientId: bench.freshName() });
    const consumer = await ready(subscribe(session, topic, durable("sub")));
    await confirmed(session, new TestSend("1", {}, topic), new TestSend("2", {}, topic));
    const second = await consumer.delivery(1);
    consumer.subscription.settle(await consumer.delivery(0), { kind: "accepted" });
    expect(consumer.subscription.settle(second, { kind: "released" })).toBe("settled");
    await consumer.delivery(2);
    expect(texts(consumer, 2)).toEqual(["2"]);
    // Classic sets the redelivered flag for messages that return to a queue, but not here.
    expect(consumer.deliveries[2]?.redelivered).toBe(false);
    const failed = { kind: "modified", deliveryFailed: true, undeliverableHere: false } as const;
    expect(() => consumer.subscription.settle(consumer.deliveries[2] ?? second, failed)).toThrow(UnsupportedError);
  });

  it("listens durably by wildcard", async () => {
    const name = bench.freshName();
    const session = await bench.open({ clientId: name });
    const consumer = await ready(subscribe(session, `topic://${name}.>`, durable("all")));
    await confirmed(session, new TestSend("1", {}, `topic://${name}.a.b`));
    expect((await consumer.delivery(0)).message.destination).toBe(`topic://${name}.a.b`);
  });

  it("refuses a second reader of a durable one on Classic, to be asked again, and lets both read on Artemis", async () => {
    const topic = bench.freshTopic();
    const session = await bench.open({ clientId: bench.freshName() });
    await ready(subscribe(session, topic, durable("sub")));
    const second = subscribe(session, topic, durable("sub"));
    if (!classic) {
      await ready(second);
      return;
    }
    await second.until(() => second.refusals.length === 1);
    expect(second.refusals[0]).toMatchObject({
      retryable: true,
      message: expect.stringMatching(/Durable consumer is in use/),
    });
    await confirmed(session, new TestSend("alive", {}, topic));
  });

  it("does not delete one that is read; Artemis closes over it", async () => {
    const session = await bench.open({ clientId: bench.freshName() });
    await ready(subscribe(session, bench.freshTopic(), durable("sub")));
    const refused = session.unsubscribe(durable("sub"));
    await expect(refused).rejects.toBeInstanceOf(SubscriptionRefusedError);
    await expect(refused).rejects.toMatchObject({ retryable: true, message: expect.stringMatching(/still reads it/) });
    if (!classic) await lossOf(session);
  });

  it("refuses to delete what does not exist on Classic; Artemis is content", async () => {
    const session = await bench.open({ clientId: bench.freshName() });
    const deleted = session.unsubscribe(durable("nothing"));
    if (classic) await expect(deleted).rejects.toMatchObject({ code: "SUBSCRIPTION_REFUSED", retryable: false });
    else await deleted;
  });

  if (classic) {
    it("refuses a shared one, and shares by a virtual topic instead", async () => {
      const session = await bench.open({ clientId: bench.freshName() });
      const refused = subscribe(session, bench.freshTopic(), shared("sub"));
      await refused.until(() => refused.refusals.length === 1);
      expect(refused.refusals[0]).toMatchObject({ cause: expect.any(UnsupportedError), retryable: false });
      await expect(session.unsubscribe(sharedDurable("sub"))).rejects.toBeInstanceOf(UnsupportedError);
      const name = bench.freshName();
      const readers = [0, 1].map(() => new TestConsumer(session, `queue://Consumer.me.VirtualTopic.${name}`, 1));
      for (const reader of readers) await ready(reader);
      await confirmed(session, ...["1", "2"].map((body) => new TestSend(body, {}, `topic://VirtualTopic.${name}`)));
      for (const reader of readers) await reader.delivery(0);
      expect(readers.flatMap((reader) => texts(reader)).sort()).toEqual(["1", "2"]);
    });
  } else {
    it.each([
      ["shared", shared, false],
      ["shared durable, by one client id,", sharedDurable, true],
    ] as const)(
      "divides the messages of a %s one among the consumers of several connections",
      async (_, kind, lasts) => {
        const topic = bench.freshTopic();
        const name = bench.freshName();
        const sessions = await Promise.all([0, 1].map(() => bench.open({ clientId: name })));
        const readers = sessions.map((session) => subscribe(session, topic, kind(`${name}.sub`)));
        for (const reader of readers) await ready(reader);
        const sender = await bench.open();
        await confirmed(sender, ...["1", "2", "3", "4"].map((body) => new TestSend(body, {}, topic)));
        for (const reader of readers) for (const nth of [0, 1]) await accept(reader, nth);
        expect(readers.flatMap((reader) => texts(reader)).sort()).toEqual(["1", "2", "3", "4"]);
        for (const reader of readers) await reader.subscription.close();
        if (!lasts) return;
        await confirmed(sender, new TestSend("5", {}, topic));
        const [session] = sessions as [MessagingSession];
        const later = await ready(subscribe(session, topic, kind(`${name}.sub`)));
        await accept(later, 0);
        await later.subscription.close();
        await session.unsubscribe(kind(`${name}.sub`));
      },
    );

    it("keeps an earlier selector of a durable one, and would leave out that of a shared one, which is refused", async () => {
      const topic = bench.freshTopic();
      const session = await bench.open({ clientId: bench.freshName() });
      const first = await ready(subscribe(session, topic, durable("sub"), "colour = 'red'"));
      await first.subscription.close();
      const second = await ready(subscribe(session, topic, durable("sub"), "colour = 'blue'"));
      const send = (colour: string) => new TestSend(colour, { properties: { colour } }, topic);
      await confirmed(session, send("blue"), send("red"));
      expect((await second.delivery(0)).message.text()).toBe("red");
      const refused = subscribe(session, topic, shared("other"), "colour = 'red'");
      await refused.until(() => refused.refusals.length === 1);
      expect(refused.refusals[0]?.message).toMatch(/selector on the shared subscription/);
    });
  }

  it("refuses a durable one without a client id", async () => {
    const session = await bench.open();
    const refused = subscribe(session, bench.freshTopic(), durable("sub"));
    await refused.until(() => refused.refusals.length === 1);
    expect(refused.refusals[0]?.message).toMatch(/give the connection a clientId/);
    await expect(session.unsubscribe(durable("sub"))).rejects.toBeInstanceOf(UnsupportedError);
  });
});
