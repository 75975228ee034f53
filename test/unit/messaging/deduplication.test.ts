import { describe, expect, it } from "vitest";
import type { Consumer } from "../../../src/messaging/consumer.ts";
import type { Delivery } from "../../../src/messaging/delivery.ts";
import { failover, fateOf, forbidUnhandledRejections, toyConnected } from "../../support/toy-connection.ts";
import { turns } from "../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const ORDERS = "queue://orders";
const id = "same";

async function take(consumer: Consumer): Promise<Delivery> {
  const { value } = await consumer.next();
  return value as Delivery;
}

async function deduplicating(deduplicate = { max: 10 } as { max: number; ttlMs?: number }) {
  const toy = await toyConnected();
  const consumer = toy.connection.consume(ORDERS, { deduplicate });
  await consumer.ready;
  return { ...toy, consumer, subscription: toy.session.to(ORDERS) };
}

describe("a consumer that deduplicates", () => {
  it("settles the twin of an accepted message without handing it over, and counts it", async () => {
    const { consumer, subscription, connection, session } = await deduplicating();
    subscription.deliver("first", { id });
    await (await take(consumer)).accept();
    subscription.deliver("twin", { id });
    subscription.deliver("other");
    expect((await take(consumer)).message.text()).toBe("other");
    expect(session.log.slice(1)).toEqual(["settle first accepted", "settle twin accepted"]);
    expect(connection.stats()).toMatchObject({ deduplicated: 1, received: 2 });
  });

  it("keeps a twin aside while the first is in hand: settles it when that is accepted, hands it over when it is not", async () => {
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

  it("counts a message as accepted that was accepted too late: it comes again and is not handed over", async () => {
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

  it("hands over again what a transaction was to accept too late", async () => {
    const { consumer, subscription, broker, connection } = await deduplicating();
    subscription.deliver("first", { id });
    const first = await take(consumer);
    const session = await failover(broker);
    await expect(connection.transaction((tx) => tx.accept(first))).rejects.toMatchObject({ code: "STALE_DELIVERY" });
    session.to(ORDERS).deliver("first", { id });
    expect((await take(consumer)).message.text()).toBe("first");
  });

  it("hands over again what a transaction accepted and rolled back", async () => {
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

  it("hands over every message that has no id", async () => {
    const { consumer, subscription } = await deduplicating();
    for (const body of ["a", "b"]) {
      subscription.deliver(body, { id: null });
      await (await take(consumer)).accept();
    }
  });

  it("that is closed while its cache loads is never asked for", async () => {
    const { connection, session } = await toyConnected();
    const consumer = connection.consume(ORDERS, { deduplicate: { max: 1 } });
    await consumer.close();
    await turns(5);
    expect(session.log).toEqual([]);
    expect(connection.stats().consumers).toBe(0);
  });
});
