import { describe, expect, it } from "vitest";
import type { ConnectionWarning } from "../../../../../src/messaging/port/adapter-settings.ts";
import type { ConsumeOptions } from "../../../../../src/messaging/receiving/consuming/consume-options.ts";
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
const PRICES = "topic://prices";

const consuming = (options?: ConsumeOptions) => toyConsuming(ORDERS, options);

describe("receive()", () => {
  it("resolves with what is there, with what comes, or with undefined after timeoutMs", async () => {
    const { consumer, subscription } = await consuming();
    subscription.deliver("there");
    expect((await consumer.receive())?.message.text()).toBe("there");
    const coming = consumer.receive({ timeoutMs: 60_000 });
    subscription.deliver("comes");
    expect((await coming)?.message.text()).toBe("comes");
    expect(await consumer.receive({ timeoutMs: 5 })).toBeUndefined();
  });

  it("that gave up takes nothing from those who wait after it", async () => {
    const { consumer, subscription } = await consuming();
    const gaveUp = consumer.receive({ timeoutMs: 1 });
    const waits = consumer.receive();
    expect(await gaveUp).toBeUndefined();
    subscription.deliver("a");
    expect((await waits)?.message.text()).toBe("a");
  });

  it("goes on waiting over a failover", async () => {
    const { consumer, broker } = await consuming();
    const waits = consumer.receive({ timeoutMs: 60_000 });
    const session = await failover(broker);
    session.to(ORDERS).deliver("later");
    expect((await waits)?.message.text()).toBe("later");
  });

  it("rejects when its signal fires, is undefined when the consumer is closed, and checks its options", async () => {
    const { consumer } = await consuming();
    const abort = new AbortController();
    const aborted = rejectionOf(consumer.receive({ signal: abort.signal }));
    abort.abort("enough");
    expect(await aborted).toMatchObject({ code: "ABORTED", cause: "enough" });
    await expect(consumer.receive({ signal: abort.signal })).rejects.toMatchObject({ code: "ABORTED" });
    await expect(consumer.receive({ timeoutMs: -1 })).rejects.toThrow(/timeoutMs is a positive number/);
    const last = consumer.receive();
    await consumer.close();
    expect(await last).toBeUndefined();
    expect(await consumer.receive()).toBeUndefined();
  });
});

describe("a paused consumer", () => {
  it("hands over nothing until it is resumed, then everything in order", async () => {
    const { consumer, subscription } = await consuming();
    consumer.pause();
    const first = take(consumer);
    subscription.deliver("a");
    subscription.deliver("b");
    expect(await fateOf(first)).toEqual({ kind: "pending" });
    consumer.resume();
    expect([(await first).message.text(), (await take(consumer)).message.text()]).toEqual(["a", "b"]);
  });

  it("stays paused over a failover", async () => {
    const { consumer, broker } = await consuming();
    consumer.pause();
    const first = take(consumer);
    (await failover(broker)).to(ORDERS).deliver("a");
    expect(await fateOf(first)).toEqual({ kind: "pending" });
    consumer.resume();
    expect((await first).message.text()).toBe("a");
  });
});

describe("drain()", () => {
  it("waits for the transaction that has accepted a delivery: over AMQP the end of the link would roll it back", async () => {
    const { consumer, subscription, connection, session } = await consuming();
    subscription.deliver("a");
    const delivery = await take(consumer);
    let drained: Promise<void> | undefined;
    await connection.transaction(async (tx) => {
      await tx.accept(delivery);
      drained = consumer.drain();
      await turns();
    });
    await drained;
    expect(session.log.slice(-2)).toEqual(["commit", `unsubscribe ${ORDERS}`]);
  });

  it("ends the intake, waits for what was handed over, then closes", async () => {
    const { consumer, subscription, session } = await consuming();
    subscription.deliver("in hand");
    const inHand = await take(consumer);
    subscription.deliver("not yet");
    const drained = consumer.drain();
    expect(await consumer.next()).toEqual({ done: true, value: undefined });
    expect(await fateOf(drained)).toEqual({ kind: "pending" });
    expect(await inHand.accept()).toBe("settled");
    await drained;
    expect(session.log.slice(1)).toEqual(["settle in hand accepted", `unsubscribe ${ORDERS}`]);
  });

  it("waits no longer than timeoutMs", async () => {
    const { consumer, subscription } = await consuming();
    subscription.deliver("kept");
    const kept = await take(consumer);
    await consumer.drain({ timeoutMs: 5 });
    expect(await kept.accept()).toBe("stale");
  });
});

describe("a release over STOMP", () => {
  it("holds the intake until what was handed over is settled, and goes on afterwards", async () => {
    const { consumer, subscription } = await consuming();
    subscription.deliver("a");
    const sibling = await take(consumer);
    const idle = subscription.release();
    const next = take(consumer);
    subscription.deliver("b");
    expect(await fateOf(Promise.race([idle, next]))).toEqual({ kind: "pending" });
    await sibling.accept();
    await idle;
    subscription.giveBack();
    subscription.deliver("b again");
    expect((await next).message.text()).toBe("b again");
  });

  it("does not hold the intake of the next session", async () => {
    const { consumer, subscription, broker } = await consuming();
    subscription.deliver("a");
    await take(consumer);
    void subscription.release();
    const next = take(consumer);
    (await failover(broker)).to(ORDERS).deliver("b");
    expect((await next).message.text()).toBe("b");
  });
});

describe("accept({ confirmed })", () => {
  it("resolves when the broker has confirmed it", async () => {
    const { consumer, subscription, connection } = await consuming();
    subscription.deliver("a");
    const delivery = await take(consumer);
    const settled = delivery.accept({ confirmed: true });
    expect(await fateOf(settled)).toEqual({ kind: "pending" });
    await expect(delivery.accept()).rejects.toMatchObject({ code: "ALREADY_SETTLED" });
    expect(connection.stats().unsettled).toBe(1);
    subscription.confirmSettlement();
    expect(await settled).toBe("settled");
    expect(connection.stats()).toMatchObject({ unsettled: 0, settled: 1 });
  });

  it("is stale when the session ends before, and rejects when asked to be strict", async () => {
    const { consumer, subscription, broker } = await consuming();
    subscription.deliver("a");
    const settled = rejectionOf((await take(consumer)).accept({ confirmed: true, strict: true }));
    await failover(broker);
    expect(await settled).toMatchObject({ code: "STALE_DELIVERY" });
  });
});

describe("a named subscription", () => {
  const durable = { durable: "audit" };

  async function durablyConsuming(settings = {}) {
    const toy = await toyConnected({ clientId: "me", ...settings }, { grants: false });
    const warnings: ConnectionWarning[] = [];
    toy.connection.on("warning", (warning) => warnings.push(warning));
    return { ...toy, warnings, consumer: toy.connection.consume(PRICES, durable) };
  }

  it("is asked for by name", async () => {
    const { connection, session } = await toyConnected({ clientId: "me" });
    connection.consume(PRICES, durable);
    connection.consume(PRICES, { shared: "team" });
    connection.consume(PRICES, { sharedDurable: "team" });
    expect(session.subscriptions.map(({ request }) => request.subscription)).toEqual([
      { name: "audit", durable: true, shared: false },
      { name: "team", durable: false, shared: true },
      { name: "team", durable: true, shared: true },
    ]);
  });

  it.each([
    [ORDERS, durable, /only topics have named subscriptions/],
    [PRICES, { durable: "a", shared: "b" }, /takes one/],
    [PRICES, { durable: "" }, /The name of a subscription/],
    [PRICES, { shared: "a|b" }, /The name of a subscription/],
    [PRICES, { exclusive: 1 as unknown as boolean }, /exclusive is true or false/],
    [PRICES, { prefetchBytes: 0 }, /prefetchBytes is a whole number/],
    [PRICES, { deduplicate: { max: 0 } }, /deduplicate.max/],
    [PRICES, { deduplicate: { max: 1, ttlMs: 0.5 } }, /deduplicate.ttlMs/],
  ])("on %s with %j is none", async (destination, options, reason) => {
    const { connection } = await toyConnected({ clientId: "me" });
    expect(() => connection.consume(destination, options)).toThrow(reason);
  });

  it("that is durable needs a client id, unless it is shared", async () => {
    const { connection } = await toyConnected();
    expect(() => connection.consume(PRICES, durable)).toThrow(/give the connection the option clientId/);
    connection.consume(PRICES, { sharedDurable: "team" });
    await expect(connection.unsubscribe("audit")).rejects.toThrow(/option clientId/);
  });

  it("held by another live session is requested again, with one warning, until the broker grants it", async () => {
    const { session, consumer, warnings } = await durablyConsuming();
    session.to(PRICES).refuse("in use", true);
    session.to(PRICES).refuse("already refused", true);
    while (session.subscriptions.length < 2) await turns();
    session.to(PRICES).refuse("in use", true);
    while (session.subscriptions.length < 3) await turns();
    session.to(PRICES).grant();
    await consumer.ready;
    expect(warnings).toMatchObject([
      { code: "SUBSCRIPTION_IN_USE", message: expect.stringMatching(/two live ones use it/) },
    ]);
  });

  it("ends with the refusal after durableRetryMs, or at once when it is for good", async () => {
    const { session, consumer } = await durablyConsuming({ durableRetryMs: 0 });
    session.to(PRICES).refuse("in use", true);
    await expect(consumer.next()).rejects.toMatchObject({ code: "SUBSCRIPTION_REFUSED" });
    const other = await durablyConsuming();
    other.session.to(PRICES).refuse("not yours");
    await expect(other.consumer.next()).rejects.toThrow("not yours");
  });

  it("that is asked for again is asked for on the next session, when that comes first, and left alone when closed", async () => {
    const { session, broker, consumer } = await durablyConsuming();
    session.to(PRICES).refuse("in use", true);
    const next = await failover(broker);
    expect(next.subscriptions).toHaveLength(1);
    next.to(PRICES).refuse("in use", true);
    await consumer.close();
    expect(next.log).toEqual([`subscribe ${PRICES}`]);
  });

  it("is deleted by name, on the next session when one ends before it answers", async () => {
    const { connection, broker } = await toyConnected({ clientId: "me" }, { answersUnsubscribe: false });
    const deleted = connection.unsubscribe("audit");
    await turns();
    broker.habits = {};
    const session = await failover(broker);
    await deleted;
    expect(session.log).toEqual(["delete audit"]);
  });

  it("is not deleted while a consumer of this connection has it", async () => {
    const { connection } = await durablyConsuming();
    await expect(connection.unsubscribe("audit")).rejects.toThrow(/close the consumer first/);
  });

  it("is not waited for longer than unsubscribe() was told", async () => {
    const { connection } = await toyConnected({ clientId: "me" }, { answersUnsubscribe: false });
    await expect(connection.unsubscribe("audit", { timeoutMs: 5 })).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("is asked for durableRetryMs on each session: an outage in between does not count", async () => {
    const { connection, broker, session } = await toyConnected(
      { durableRetryMs: 40, clientId: "c" },
      { grants: false },
    );
    const consumer = connection.consume("topic://t", { durable: "d" });
    await turns();
    session.to("topic://t").refuse("in use", true);
    broker.up = false;
    session.die();
    await new Promise((r) => setTimeout(r, 80));
    broker.up = true;
    const next = await broker.opened(2);
    await turns();
    next.to("topic://t").refuse("in use", true);
    expect(await fateOf(consumer.next())).toEqual({ kind: "pending" });
  });

  it("is no suspect any more when a session has answered, even with a refusal", async () => {
    const { connection, broker } = await toyConnected({ poisonAfter: 2, clientId: "c" }, { grants: false });
    const consumer = connection.consume("topic://t", { durable: "d" });
    await turns();
    await failover(broker);
    await turns();
    expect(consumer.subscription.deaths).toBe(1);
    broker.session.to("topic://t").refuse("in use", true);
    expect(consumer.subscription.deaths).toBe(0);
  });
});

describe("browse()", () => {
  it("shows what is there and ends, taking nothing out", async () => {
    const { connection, session } = await toyConnected();
    const browsing = connection.browse(ORDERS, { selector: "a = 1" });
    const subscription = session.to(ORDERS);
    expect(subscription.request).toMatchObject({ browse: true, selector: "a = 1" });
    for (const body of ["a", "b"]) subscription.deliver(body);
    // What has arrived is shown, though the end has been told.
    subscription.showAll();
    const texts: string[] = [];
    for await (const message of browsing) texts.push(message.text());
    expect(texts).toEqual(["a", "b"]);
    expect(connection.stats().consumers).toBe(0);
  });

  it("interrupted by a failover begins again and shows only what it has not shown yet", async () => {
    const { connection, broker } = await toyConnected();
    const browsing = connection.browse(ORDERS);
    broker.session.to(ORDERS).deliver("a");
    expect((await browsing.next()).value?.text()).toBe("a");
    const rest = browsing.next();
    const session = await failover(broker);
    session.to(ORDERS).deliver("a");
    session.to(ORDERS).deliver("b");
    expect((await rest).value?.text()).toBe("b");
    session.to(ORDERS).showAll();
    expect(await browsing.next()).toEqual({ done: true, value: undefined });
  });

  it("throws what the broker refused, and leaves with break", async () => {
    const { connection, session } = await toyConnected();
    const browsing = connection.browse(ORDERS);
    session.to(ORDERS).refuse("no browsing here");
    await expect(browsing.next()).rejects.toThrow("no browsing here");
    const other = connection.browse("queue://others");
    session.to("queue://others").deliver("a");
    for await (const _message of other) break;
    expect(session.log.at(-1)).toBe("unsubscribe queue://others");
  });

  it("is of queues only", async () => {
    const { connection } = await toyConnected();
    expect(() => connection.browse(PRICES)).toThrow(/shows what is in a queue/);
  });

  it("counts nothing as delivered: what is consumed afterwards is no redelivery", async () => {
    const { connection, session } = await toyConnected();
    const shown = connection.browse(ORDERS);
    const next = shown.next();
    await turns();
    session.to(ORDERS).deliver("a");
    expect(((await next).value as { text(): string }).text()).toBe("a");
    await shown.return();
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    session.to(ORDERS).deliver("a");
    expect(((await consumer.next()).value as Delivery).redelivered).toBe(false);
  });

  it("ends when it is left while it waits for the next message", async () => {
    const { connection } = await toyConnected();
    const shown = connection.browse(ORDERS);
    const next = shown.next();
    await turns();
    expect((await fateOf(shown.return())).kind).toBe("resolved");
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it("leaves no consumer when it is left before it began", async () => {
    const { connection } = await toyConnected();
    const shown = connection.browse(ORDERS);
    await shown.return();
    expect(connection.stats().consumers).toBe(0);
  });
});
