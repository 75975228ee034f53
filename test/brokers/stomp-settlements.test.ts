/**
 * Settlements over STOMP on real brokers: dead letters and their reason, confirmed acceptance, release together with
 * siblings.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { REASON_PROPERTY } from "../../src/adapters/stomp/receiving/dead-letter.ts";
import { lossOf, TestConsumer, TestSend } from "../unit/adapters/stomp/messaging-steps.ts";
import { RESTRICTED_CREDENTIALS } from "./real-group.ts";
import { confirmed, onRealBrokers, ready, texts } from "./stomp-steps.ts";

onRealBrokers("STOMP settlements", (bench) => {
  const { classic } = bench;
  const deadLetters = classic ? "queue://ActiveMQ.DLQ" : "queue://DLQ";

  it("make a dead letter of what is rejected, with its headers and properties; the reason travels on Artemis", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    const options = { properties: { colour: "red" }, correlationId: "c", type: "t", priority: 7, id: `id-${queue}` };
    await confirmed(session, new TestSend({ a: 1 }, options, queue));
    const consumer = await ready(new TestConsumer(session, queue));
    const delivery = await consumer.delivery(0);
    expect(await consumer.subscription.settle(delivery, { kind: "rejected", reason: "no good: ü\nreally" })).toBe(
      "settled",
    );
    const letters = await ready(new TestConsumer(session, deadLetters));
    const { message } = await letters.delivery(0);
    letters.subscription.settle(await letters.delivery(0), { kind: "accepted" });
    expect(message.json()).toEqual({ a: 1 });
    expect(message).toMatchObject({ correlationId: "c", type: "t", priority: 7, persistent: true, kind: "text" });
    expect(message.properties).toMatchObject({ colour: "red" });
    if (classic)
      expect(message.properties).toMatchObject({ "original-destination": queue.replace("queue://", "/queue/") });
    else {
      const name = queue.replace("queue://", "");
      expect(message.properties).toMatchObject({ _AMQ_ORIG_ADDRESS: name, _AMQ_ORIG_QUEUE: name });
      expect(message.id).toMatch(new RegExp(`^id-${queue}:rejected:\\d+:${name}$`));
    }
    expect(message.properties[REASON_PROPERTY]).toBe(classic ? undefined : "no good: ü\nreally");
    await session.close(AbortSignal.timeout(2000));
    expect(await bench.drain(queue)).toEqual([]);
  });

  if (classic) {
    it("discard what is rejected and not persistent, as Classic does unless it is told otherwise", async () => {
      const session = await bench.open();
      const queue = bench.freshQueue();
      await confirmed(session, new TestSend("x", { persistent: false }, queue));
      const consumer = await ready(new TestConsumer(session, queue));
      consumer.subscription.settle(await consumer.delivery(0), { kind: "rejected", reason: undefined });
      await session.close(AbortSignal.timeout(2000));
      expect([await bench.drain(deadLetters), await bench.drain(queue)]).toEqual([[], []]);
    });
  } else {
    it("store one dead letter of a message that is rejected twice", async () => {
      const queue = bench.freshQueue();
      await confirmed(await bench.open(), new TestSend("x", {}, queue));
      const reject = async () => {
        const session = await bench.open();
        const consumer = await ready(new TestConsumer(session, queue));
        return { session, consumer, delivery: await consumer.delivery(0) };
      };
      const first = await reject();
      const rejected = first.consumer.subscription.settle(first.delivery, { kind: "rejected", reason: "1" });
      // The subscription is gone before the copy is confirmed, so the ACK cannot follow.
      await first.consumer.subscription.close();
      expect(await rejected).toBe("stale");
      const second = await reject();
      expect(await second.consumer.subscription.settle(second.delivery, { kind: "rejected", reason: "2" })).toBe(
        "settled",
      );
      await second.session.close(AbortSignal.timeout(2000));
      expect([await bench.drain("queue://DLQ"), await bench.drain(queue)]).toEqual([["x"], []]);
    });

    it("leave a message where it is whose dead letter is refused", async () => {
      const session = await bench.open({ credentials: () => RESTRICTED_CREDENTIALS });
      const queue = `queue://open.${bench.freshName()}`;
      await confirmed(session, new TestSend("x", {}, queue));
      const consumer = await ready(new TestConsumer(session, queue));
      const delivery = await consumer.delivery(0);
      const rejected = consumer.subscription.settle(delivery, { kind: "rejected", reason: "x" });
      await expect(rejected).rejects.toMatchObject({ code: "SEND_REJECTED" });
      await lossOf(session);
      expect(await bench.drain(queue)).toEqual(["x"]);
    });
  }

  it("say of a confirmed acceptance what the broker says", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    await confirmed(session, new TestSend("x", {}, queue));
    const consumer = await ready(new TestConsumer(session, queue));
    const terms = { confirmed: true };
    const accepted = consumer.subscription.settle(await consumer.delivery(0), { kind: "accepted" }, terms);
    expect(accepted).toBeInstanceOf(Promise);
    expect(await accepted).toBe("settled");
    expect(await bench.drain(queue)).toEqual([]);
  });

  it("let the others be settled before a release takes effect, and write no ACK of those that were not", async () => {
    const session = await bench.open({ releaseWaitMs: 300 });
    const queue = bench.freshQueue();
    await confirmed(session, ...["1", "2", "3"].map((body) => new TestSend(body, {}, queue)));
    const consumer = await ready(new TestConsumer(session, queue));
    consumer.idleAtOnce = false;
    const [first, second, third] = [await consumer.delivery(0), await consumer.delivery(1), await consumer.delivery(2)];
    expect(consumer.subscription.settle(first, { kind: "released" })).toBe("settled");
    await sleep(50);
    expect(consumer.subscription.settle(second, { kind: "accepted" })).toBe("settled");
    // `third` takes longer than releaseWaitMs.
    await consumer.until(() => consumer.givenBack.length === 1);
    expect(consumer.subscription.settle(third, { kind: "accepted" })).toBe("stale");
    await consumer.delivery(4);
    expect(texts(consumer, 3)).toEqual(["1", "3"]);
    await confirmed(session, new TestSend("alive", {}, bench.freshQueue()));
  });
});
