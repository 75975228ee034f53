/** What the STOMP adapter relies on in the transactions of real brokers. */
import { expect, it } from "vitest";
import { dialectOf } from "../../src/adapters/stomp/opening/broker.ts";
import { UnsupportedError } from "../../src/errors/errors.ts";
import { lossOf, TestConsumer, TestSend } from "../unit/adapters/stomp/messaging-steps.ts";
import { RESTRICTED_CREDENTIALS } from "./real-group.ts";
import { confirmed, onRealBrokers, ready, texts } from "./stomp-steps.ts";

onRealBrokers("STOMP transactions", (bench) => {
  const { classic } = bench;

  it("shows nothing before the commit, and all of it after", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    const consumer = await ready(new TestConsumer(await bench.open(), queue));
    const transaction = session.begin();
    await confirmed(transaction, new TestSend("1", {}, queue), new TestSend("2", {}, queue));
    await confirmed(session, new TestSend("outside", {}, queue));
    expect((await consumer.delivery(0)).message.text()).toBe("outside");
    expect(await transaction.commit()).toEqual({ kind: "committed" });
    await consumer.delivery(2);
    expect(texts(consumer)).toEqual(["outside", "1", "2"]);
  });

  it("undoes a rollback, of one of two at once", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    const [kept, undone] = [session.begin(), session.begin()];
    await confirmed(kept, new TestSend("kept", {}, queue));
    await confirmed(undone, new TestSend("undone", { id: `undone-${queue}` }, queue));
    await undone.rollback();
    expect(await kept.commit()).toEqual({ kind: "committed" });
    // The broker treats the id as new.
    await confirmed(session, new TestSend("again", { id: `undone-${queue}` }, queue));
    expect(await bench.drain(queue)).toEqual(["kept", "again"]);
  });

  it("undoes what was open when the session ended", async () => {
    const queue = bench.freshQueue();
    const session = await bench.open();
    const transaction = session.begin();
    await confirmed(transaction, new TestSend("x", {}, queue));
    await session.close(AbortSignal.timeout(2000));
    expect(await transaction.commit()).toMatchObject({
      kind: "rolled-back",
      error: { code: "TRANSACTION_INTERRUPTED" },
    });
    expect(await bench.drain(queue)).toEqual([]);
  });

  it("commits nothing when one member is refused, though Classic would", async () => {
    const queue = `queue://open.${bench.freshName()}`;
    const session = await bench.open({ credentials: () => RESTRICTED_CREDENTIALS });
    const transaction = session.begin();
    await confirmed(transaction, new TestSend("good", {}, queue));
    const bad = new TestSend("bad", {}, "queue://closed.adapter");
    transaction.send(bad);
    expect(await bad.outcome).toMatchObject({ kind: "failed", error: { code: "SEND_REJECTED" } });
    expect(await transaction.commit()).toMatchObject({
      kind: "rolled-back",
      error: { code: classic ? "TRANSACTION_ROLLED_BACK" : expect.stringMatching(/^TRANSACTION_/) },
    });
    expect(await bench.drain(queue)).toEqual([]);
    if (classic) await confirmed(session, new TestSend("alive", {}, queue));
  });

  if (!classic) {
    it("is rolled back whole for one repeated id on Artemis, which may mean that it was committed before", async () => {
      const session = await bench.open();
      const queue = bench.freshQueue();
      await confirmed(session, new TestSend("first", { id: `twice-${queue}` }, queue));
      const transaction = session.begin();
      await confirmed(
        transaction,
        new TestSend("second", { id: `twice-${queue}` }, queue),
        new TestSend("third", {}, queue),
      );
      const outcome = await transaction.commit();
      expect(outcome).toMatchObject({ kind: "rolled-back", error: { code: "TRANSACTION_ROLLED_BACK" } });
      expect(outcome.kind === "rolled-back" && outcome.error.message).toMatch(
        /AMQ339013.*perhaps been committed already/,
      );
      await lossOf(session);
      expect(await bench.drain(queue)).toEqual(["first"]);
    });
  }

  if (classic) {
    it("takes acknowledgements in on Classic: gone with the commit, back after a rollback", async () => {
      const session = await bench.open();
      const queue = bench.freshQueue();
      await confirmed(session, ...["1", "2", "3"].map((body) => new TestSend(body, {}, queue)));
      const consumer = await ready(new TestConsumer(session, queue));
      await consumer.delivery(2);
      const accept = (nth: number, transaction: ReturnType<typeof session.begin>) => {
        const delivery = consumer.deliveries[nth];
        if (!delivery) throw new Error("missing");
        return consumer.subscription.settle(delivery, { kind: "accepted" }, { transaction });
      };
      const first = session.begin();
      expect(await accept(0, first)).toBe("settled");
      expect(await first.commit()).toEqual({ kind: "committed" });
      const second = session.begin();
      expect(await accept(1, second)).toBe("settled");
      await second.rollback();
      await consumer.delivery(4);
      expect(texts(consumer, 3)).toEqual(["2", "3"]);
      expect(consumer.givenBack).toEqual([3]);
      // A subscription that is opened anew during the transaction does not get messages that were accepted in it.
      const third = session.begin();
      expect(await accept(3, third)).toBe("settled");
      consumer.subscription.settle(await consumer.delivery(4), { kind: "released" });
      await consumer.delivery(5);
      expect(await third.commit()).toEqual({ kind: "committed" });
      expect(texts(consumer, 5)).toEqual(["3"]);
      await session.close(AbortSignal.timeout(2000));
      expect(await bench.drain(queue)).toEqual(["3"]);
    });
  }

  if (classic) {
    it("hands over again what was accepted from a topic, which keeps nothing, and takes its acceptance then", async () => {
      const session = await bench.open();
      const topic = bench.freshTopic();
      const consumer = await ready(new TestConsumer(session, topic, 1));
      await confirmed(session, new TestSend("1", {}, topic), new TestSend("2", {}, topic));
      const transaction = session.begin();
      await consumer.subscription.settle(await consumer.delivery(0), { kind: "accepted" }, { transaction });
      await transaction.rollback();
      await consumer.until(() => texts(consumer).filter((text) => text === "1").length === 2);
      for (let n = 1; n < 3; n++) {
        const accepted = consumer.subscription.settle(
          await consumer.delivery(n),
          { kind: "accepted" },
          { confirmed: true },
        );
        expect(await accepted).toBe("settled");
      }
      expect(texts(consumer).sort()).toEqual(["1", "1", "2"]);
      expect([consumer.givenBack, session.useful]).toEqual([[], true]);
    });
  }

  if (classic) {
    it("brings back by itself, on Classic, what was accepted before the subscription was made anew", async () => {
      const session = await bench.open();
      const queue = bench.freshQueue();
      await confirmed(session, new TestSend("1", {}, queue), new TestSend("2", {}, queue));
      const consumer = await ready(new TestConsumer(session, queue));
      const [first, second] = [await consumer.delivery(0), await consumer.delivery(1)];
      const transaction = session.begin();
      await consumer.subscription.settle(first, { kind: "accepted" }, { transaction });
      consumer.subscription.settle(second, { kind: "released" });
      await consumer.delivery(2);
      await transaction.rollback();
      await consumer.delivery(3);
      expect(texts(consumer, 2)).toEqual(["2", "1"]);
    });
  }

  if (!classic) {
    it("cannot take acknowledgements in on Artemis, and says so", async () => {
      const session = await bench.open();
      const queue = bench.freshQueue();
      await confirmed(session, new TestSend("1", {}, queue));
      const consumer = await ready(new TestConsumer(session, queue));
      const delivery = await consumer.delivery(0);
      const transaction = session.begin();
      const accept = () => consumer.subscription.settle(delivery, { kind: "accepted" }, { transaction });
      expect(accept).toThrow(UnsupportedError);
      await transaction.rollback();
      expect(dialectOf(session.broker).transactionalAcks).toBe(false);
      expect(consumer.subscription.settle(delivery, { kind: "accepted" })).toBe("settled");
    });
  }
});
