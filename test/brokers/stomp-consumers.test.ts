/** Ways of reading over STOMP on real brokers: exclusive, browsing, several destinations, temporary queues, windows. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { UnsupportedError } from "../../src/errors/errors.ts";
import { formatDestination } from "../../src/messaging/messages/destination.ts";
import type { MessagingSession, SubscriptionRequest } from "../../src/messaging/port/messaging-session.ts";
import { TestConsumer, TestSend } from "../unit/adapters/stomp/messaging-steps.ts";
import { confirmed, onRealBrokers, ready, texts } from "./stomp-steps.ts";

onRealBrokers("STOMP consumers", (bench) => {
  const { classic } = bench;

  async function refusalOf(session: MessagingSession, destination: string, more: Partial<SubscriptionRequest> = {}) {
    const consumer = new TestConsumer(session, destination, 100, undefined, more);
    await consumer.until(() => consumer.refusals.length === 1);
    const [refusal] = consumer.refusals;
    expect(refusal?.cause).toBeInstanceOf(UnsupportedError);
    await confirmed(session, new TestSend("alive", {}, bench.freshQueue()));
    return refusal?.message;
  }

  if (classic) {
    it("gives an exclusive consumer everything, and the next one what it leaves", async () => {
      const queue = bench.freshQueue();
      const [first, second] = [await bench.open(), await bench.open()];
      const exclusive = await ready(new TestConsumer(first, queue, 100, undefined, { exclusive: true }));
      const waiting = await ready(new TestConsumer(second, queue, 100, undefined, { exclusive: true }));
      await confirmed(second, ...["1", "2", "3"].map((body) => new TestSend(body, {}, queue)));
      await exclusive.delivery(2);
      expect(waiting.deliveries).toEqual([]);
      await first.close(AbortSignal.timeout(2000));
      await waiting.delivery(2);
      expect(texts(waiting)).toEqual(["1", "2", "3"]);
    });

    it("browses what is in a queue, past the prefetch, and takes nothing out", async () => {
      const session = await bench.open();
      const queue = bench.freshQueue();
      const bodies = Array.from({ length: 20 }, (_, n) => `${n}`);
      await confirmed(session, ...bodies.map((body) => new TestSend(body, { properties: { n: body } }, queue)));
      const browser = new TestConsumer(session, queue, 5, undefined, { browse: true });
      // To accept one lets the next come, and takes nothing out.
      for (const index of bodies.keys())
        browser.subscription.settle(await browser.delivery(index), { kind: "accepted" });
      await browser.until(() => browser.browsed === 1);
      expect(texts(browser)).toEqual(bodies);
      await browser.subscription.close();
      const one = new TestConsumer(session, queue, 5, "n = '7'", { browse: true });
      await one.until(() => one.browsed === 1);
      expect(texts(one)).toEqual(["7"]);
      const empty = new TestConsumer(session, bench.freshQueue(), 5, undefined, { browse: true });
      await empty.until(() => empty.browsed === 1);
      expect(await bench.drain(queue)).toEqual(bodies);
    });

    it("reads from several queues, and sends to several destinations of either kind", async () => {
      const session = await bench.open();
      const [a, b, c] = [bench.freshName(), bench.freshName(), bench.freshName()];
      const queues = await ready(new TestConsumer(session, `queue://${a}, ${b}`));
      const topic = await ready(new TestConsumer(session, `topic://${c}`));
      await confirmed(
        session,
        new TestSend("1", {}, `queue://${a},topic://${c}`),
        new TestSend("2", {}, `queue://${b}`),
      );
      await Promise.all([queues.delivery(1), topic.delivery(0)]);
      const came = [...queues.deliveries, ...topic.deliveries].map(
        ({ message }) => `${message.text()} ${message.destination}`,
      );
      expect(came.sort()).toEqual([`1 queue://${a}`, `1 topic://${c}`, `2 queue://${b}`]);
      expect(await refusalOf(session, `queue://${a},topic://${c}`)).toMatch(/a consumer for each kind/);
    });

    it("makes a temporary queue, to which others reply, and which is gone with the session", async () => {
      const [asker, answerer] = [await bench.open(), await bench.open()];
      const queue = bench.freshQueue();
      const replies = await ready(new TestConsumer(asker, "temp-queue://any"));
      const address = replies.address;
      if (!address) throw new Error("no address");
      await confirmed(asker, new TestSend("ask", { replyTo: formatDestination(address) }, queue));
      const requests = await ready(new TestConsumer(answerer, queue));
      const { replyTo = "" } = (await requests.delivery(0)).message;
      expect(replyTo).toMatch(/^temp-queue:\/\/ID:/);
      await confirmed(answerer, new TestSend("answer", {}, replyTo), new TestSend("more", {}, replyTo));
      await replies.delivery(1);
      // It outlasts a release.
      replies.subscription.settle(await replies.delivery(0), { kind: "released" });
      await replies.delivery(3);
      expect(texts(replies)).toEqual(["answer", "more", "answer", "more"]);
      expect(replies.deliveries[0]?.message.destination).toBe(formatDestination(address));
      await confirmed(asker, new TestSend("to itself", {}, formatDestination(address)));
      await replies.delivery(4);
      await asker.close(AbortSignal.timeout(2000));
      const late = new TestSend("late", {}, replyTo);
      answerer.send(late);
      expect(await late.outcome).toMatchObject({ kind: "failed", error: { code: "SEND_REJECTED", retryable: false } });
    });

    it("warns of a prefetch whose acknowledgements Classic could choke on, once a subscription", async () => {
      const session = await bench.open();
      const queue = bench.freshQueue();
      await confirmed(session, new TestSend("1", {}, queue), new TestSend("2", {}, queue));
      const modest = await ready(new TestConsumer(session, queue, 100));
      await modest.delivery(1);
      await modest.subscription.close();
      expect(bench.warnings).toEqual([]);
      const greedy = await ready(new TestConsumer(session, queue, 5000));
      await greedy.delivery(1);
      expect(bench.warnings).toMatchObject([
        { code: "PREFETCH_TOO_LARGE", message: expect.stringMatching(/5000.*at or below \d+/) },
      ]);
    });
  } else {
    it("refuses what Artemis cannot do over STOMP, and the session goes on", async () => {
      const session = await bench.open();
      const queue = bench.freshQueue();
      expect(await refusalOf(session, queue, { exclusive: true })).toMatch(/exclusive consumer is not possible/);
      expect(await refusalOf(session, queue, { browse: true })).toMatch(/Browsing .* use AMQP/);
      expect(await refusalOf(session, "temp-queue://any")).toMatch(/temporary queue is not possible/);
      expect(await refusalOf(session, `${queue}.>`)).toMatch(/wildcard/);
      expect(await refusalOf(session, `${queue},b`)).toMatch(/one call for each/);
      const send = new TestSend("x", {}, `${queue},b`);
      session.send(send);
      expect(await send.outcome).toMatchObject({ kind: "failed", error: { code: "UNSUPPORTED" } });
    });

    it("keeps to a window in bytes", async () => {
      const session = await bench.open();
      const queue = bench.freshQueue();
      const body = "x".repeat(5000);
      await confirmed(session, ...Array.from({ length: 10 }, () => new TestSend(body, {}, queue)));
      const consumer = await ready(new TestConsumer(session, queue, 100, undefined, { prefetchBytes: 20_000 }));
      await consumer.delivery(2);
      await sleep(300);
      expect(consumer.deliveries.length).toBeLessThan(6);
      consumer.subscription.settle(await consumer.delivery(0), { kind: "accepted" });
      await consumer.delivery(4);
    });
  }
});
