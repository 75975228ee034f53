import { describe, expect, it } from "vitest";
import { UnsupportedError } from "../../../../../src/errors/errors.ts";
import type { Delivery } from "../../../../../src/messaging/receiving/deliveries/delivery.ts";
import {
  failover,
  fateOf,
  forbidUnhandledRejections,
  rejectionOf,
  take,
  toyConnected,
  toyConsuming,
} from "../../../../support/toy-connection.ts";
import { turns } from "../../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const ORDERS = "queue://orders";
const id = "same";

const deduplicating = (deduplicate: { max: number; ttlMs?: number } = { max: 10 }) =>
  toyConsuming(ORDERS, { deduplicate });

describe("a consumer that deduplicates", () => {
  it("settles a duplicate of an accepted message without delivering it, and counts it", async () => {
    const { consumer, subscription, connection, session } = await deduplicating();
    subscription.deliver("first", { id });
    await (await take(consumer)).accept();
    subscription.deliver("twin", { id });
    subscription.deliver("other");
    expect((await take(consumer)).message.text()).toBe("other");
    expect(session.log.slice(1)).toEqual(["settle first accepted", "settle twin accepted"]);
    expect(connection.stats()).toMatchObject({ deduplicated: 1, received: 2 });
  });

  it("keeps a duplicate aside while the first is unsettled: settles it when that is accepted, delivers it when it is not", async () => {
    for (const [settle, expected] of [
      ["accept", { kind: "pending" }],
      ["reject", { kind: "resolved" }],
    ] as const) {
      const { consumer, subscription } = await deduplicating();
      subscription.deliver("first", { id });
      const first = await take(consumer);
      const next = consumer.next();
      subscription.deliver("twin", { id });
      expect(await fateOf(next)).toEqual({ kind: "pending" });
      await first[settle]();
      expect(await fateOf(next)).toMatchObject(expected);
    }
  });

  it("counts a message as accepted that was accepted too late: it comes again and is not delivered", async () => {
    const { consumer, subscription, broker, connection } = await deduplicating();
    subscription.deliver("first", { id });
    const first = await take(consumer);
    const session = await failover(broker);
    session.to(ORDERS).deliver("first", { id });
    const next = consumer.next();
    expect(await fateOf(next)).toEqual({ kind: "pending" });
    expect(await first.accept()).toBe("stale");
    await turns();
    expect(session.log.slice(1)).toEqual(["settle first accepted"]);
    expect(connection.stats().deduplicated).toBe(1);
    session.to(ORDERS).deliver("another");
    expect((await next).value.message.text()).toBe("another");
  });

  it("counts what a transaction accepted from its commit on", async () => {
    const { consumer, subscription, connection, session } = await deduplicating();
    subscription.deliver("first", { id });
    const first = await take(consumer);
    await connection.transaction((tx) => tx.accept(first));
    subscription.deliver("twin", { id });
    expect(await fateOf(consumer.next())).toEqual({ kind: "pending" });
    expect(session.log.at(-1)).toBe("settle twin accepted");
  });

  it("delivers again what a transaction accepted too late", async () => {
    const { consumer, subscription, broker, connection } = await deduplicating();
    subscription.deliver("first", { id });
    const first = await take(consumer);
    const session = await failover(broker);
    await expect(connection.transaction((tx) => tx.accept(first))).rejects.toMatchObject({ code: "STALE_DELIVERY" });
    session.to(ORDERS).deliver("first", { id });
    expect((await take(consumer)).message.text()).toBe("first");
  });

  it("delivers again what a transaction accepted and rolled back", async () => {
    const { consumer, subscription, connection } = await deduplicating();
    subscription.deliver("first", { id });
    const first = await take(consumer);
    const work = connection.transaction(async (tx) => {
      await tx.accept(first);
      throw new Error("no");
    });
    await expect(work).rejects.toThrow("no");
    subscription.deliver("first again", { id });
    expect((await take(consumer)).message.text()).toBe("first again");
  });

  it("forgets the oldest ids past max, and each after ttlMs", async () => {
    const { consumer, subscription } = await deduplicating({ max: 1 });
    for (const each of ["a", "b", "a"]) {
      subscription.deliver(each);
      await (await take(consumer)).accept();
    }
    const brief = await deduplicating({ max: 10, ttlMs: 1 });
    brief.subscription.deliver("a");
    await (await take(brief.consumer)).accept();
    await new Promise((resolve) => setTimeout(resolve, 20));
    brief.subscription.deliver("a");
    expect((await take(brief.consumer)).message.text()).toBe("a");
  });

  it("delivers every message that has no id", async () => {
    const { consumer, subscription } = await deduplicating();
    for (const body of ["a", "b"]) {
      subscription.deliver(body, { id: null });
      await (await take(consumer)).accept();
    }
  });

  it("that is closed while its cache loads makes no subscription", async () => {
    const { connection, session } = await toyConnected();
    const consumer = connection.consume(ORDERS, { deduplicate: { max: 1 } });
    await consumer.close();
    await turns(5);
    expect(session.log).toEqual([]);
    expect(connection.stats().consumers).toBe(0);
  });

  it("with run(): delivers what came again while the failed handler waited for its next attempt", async () => {
    const { connection, broker } = await toyConnected();
    const consumer = connection.consume(ORDERS, { deduplicate: { max: 10 } });
    let calls = 0;
    void consumer.run(
      () => {
        calls += 1;
        if (calls === 1) throw new Error("once");
      },
      { redelivery: { max: 3, initialDelayMs: 20 } },
    );
    await consumer.ready;
    broker.session.to(ORDERS).deliver("a");
    await turns();
    const session = await failover(broker);
    session.to(ORDERS).deliver("a", { redelivered: true });
    await new Promise((r) => setTimeout(r, 100));
    expect(calls).toBe(2);
    expect(session.log).toContain("settle a accepted");
  });

  it("with run(): delivers what came again before the interrupted transaction's handler had finished", async () => {
    const { connection, broker } = await toyConnected();
    const consumer = connection.consume(ORDERS, { deduplicate: { max: 10 } });
    let calls = 0;
    let go = () => {};
    void consumer.run(
      async (_, { transaction }) => {
        calls += 1;
        if (calls === 1) await new Promise<void>((r) => (go = r));
        await transaction?.send("q", "x");
      },
      { transacted: true },
    );
    await consumer.ready;
    broker.session.to(ORDERS).deliver("a");
    await turns();
    const session = await failover(broker);
    session.to(ORDERS).deliver("a", { redelivered: true });
    go();
    await turns(5);
    expect(calls).toBe(2);
    expect(session.log).toContain("tx settle a accepted");
  });

  it("delivers no duplicate that was kept aside when it drains", async () => {
    const { connection, session } = await toyConnected();
    const consumer = connection.consume(ORDERS, { deduplicate: { max: 10 } });
    await consumer.ready;
    session.to(ORDERS).deliver("a", { id: "same" });
    const first = (await consumer.next()).value as Delivery;
    session.to(ORDERS).deliver("b", { id: "same" });
    session.to(ORDERS).deliver("c", { id: "other" });
    (await consumer.next()).value;
    void consumer.drain({ timeoutMs: 50 });
    await first.reject();
    expect(await consumer.next()).toMatchObject({ done: true });
  });

  it("delivers a duplicate that cannot be settled", async () => {
    const { connection, session } = await toyConnected();
    const consumer = connection.consume(ORDERS, { deduplicate: { max: 10 } });
    await consumer.ready;
    const sub = session.to(ORDERS);
    sub.deliver("a", { id: "same" });
    await ((await consumer.next()).value as Delivery).accept();
    const next = consumer.next();
    sub.unsupported = ["accepted"];
    sub.deliver("b", { id: "same", unsettleable: new UnsupportedError("no") });
    expect((await fateOf(next)).kind).toBe("resolved");
  });

  it("delivers what came again when the transaction that accepted it ends later", async () => {
    const { connection, broker } = await toyConnected();
    const consumer = connection.consume(ORDERS, { deduplicate: { max: 10 } });
    await consumer.ready;
    broker.session.to(ORDERS).deliver("a", { id: "same" });
    const first = (await consumer.next()).value as Delivery;
    let commit = () => {};
    const work = connection.transaction(async (tx) => {
      await tx.accept(first);
      await new Promise<void>((r) => (commit = r));
      throw new Error("no");
    });
    work.catch(() => {});
    await turns();
    broker.session.to(ORDERS).giveBack();
    broker.session.to(ORDERS).deliver("a", { id: "same" });
    const second = consumer.next();
    await turns();
    commit();
    await rejectionOf(work);
    expect(await fateOf(second)).toMatchObject({ kind: "resolved" });
  });
});
