import { describe, expect, it } from "vitest";
import type { Consumer } from "../../../../../src/messaging/receiving/consuming/consumer.ts";
import {
  failover,
  fateOf,
  forbidUnhandledRejections,
  rejectionOf,
  take,
  toyConnected,
  toyConnection,
} from "../../../../support/toy-connection.ts";
import { turns } from "../../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const ORDERS = "queue://orders";

describe("a consumer", () => {
  it("delivers in order, whether a message or its reader came first", async () => {
    const { connection, session } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    const subscription = session.to(ORDERS);
    subscription.deliver("a");
    subscription.deliver("b");
    const texts: string[] = [];
    setImmediate(() => subscription.deliver("c"));
    for await (const delivery of consumer) {
      texts.push(delivery.message.text());
      expect(await delivery.accept()).toBe("settled");
      if (texts.length === 3) break;
    }
    expect(texts).toEqual(["a", "b", "c"]);
    expect(session.log).toEqual([
      `subscribe ${ORDERS}`,
      "settle a accepted",
      "settle b accepted",
      "settle c accepted",
      `unsubscribe ${ORDERS}`,
    ]);
    expect(connection.stats()).toMatchObject({ consumers: 0, received: 3, settled: 3, unsettled: 0 });
  });

  it("passes its prefetch, 100 by default, and its selector to the session", async () => {
    const { connection, session } = await toyConnected();
    connection.consume("orders", { prefetch: 7, selector: "a = 1" });
    connection.consume("topic://prices.>");
    expect(session.subscriptions.map(({ request }) => request)).toEqual([
      { destination: { kind: "queue", name: "orders" }, prefetch: 7, selector: "a = 1" },
      { destination: { kind: "topic", name: "prices.>" }, prefetch: 100, selector: undefined },
    ]);
  });

  it("gives two waiting readers one delivery each, in the order of their calls", async () => {
    const { connection, session } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    const readers = [take(consumer), take(consumer)];
    session.to(ORDERS).deliver("a");
    session.to(ORDERS).deliver("b");
    expect((await Promise.all(readers)).map(({ message }) => message.text())).toEqual(["a", "b"]);
  });

  it("ends all its readers when it is closed", async () => {
    const { connection } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    const readers = [consumer.next(), consumer.next()];
    await consumer.close();
    expect(await Promise.all(readers)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    expect(await consumer.next()).toEqual({ done: true, value: undefined });
  });

  it("closes when its signal fires, and ends the iteration as break would", async () => {
    const { connection, session } = await toyConnected();
    const abort = new AbortController();
    const consumer = connection.consume(ORDERS, { signal: abort.signal });
    const reader = consumer.next();
    abort.abort();
    expect(await reader).toEqual({ done: true, value: undefined });
    expect(session.log).toContain(`unsubscribe ${ORDERS}`);
  });

  it("with an empty selector has none, browsing too", async () => {
    const { connection, session } = await toyConnected();
    await connection.consume(ORDERS, { selector: "" }).ready;
    expect(session.to(ORDERS).request.selector).toBeUndefined();
    const shown = connection.browse("queue://shown", { selector: "" }).next();
    await turns();
    expect(session.to("queue://shown").request.selector).toBeUndefined();
    session.to("queue://shown").showAll();
    expect(await shown).toEqual({ done: true, value: undefined });
  });

  it("is refused at once when it should remember more ids than the limit", async () => {
    const { connection } = await toyConnected();
    for (const max of [10_000_001, 2 ** 40])
      expect(() => connection.consume(ORDERS, { deduplicate: { max } })).toThrow(/up to 10000000, not/);
  });

  it("whose signal has fired before is closed at once", async () => {
    const { connection } = await toyConnected();
    const consumer = connection.consume(ORDERS, { signal: AbortSignal.abort() });
    expect(await consumer.next()).toEqual({ done: true, value: undefined });
    await expect(consumer.ready).rejects.toMatchObject({ code: "ABORTED" });
    expect(connection.stats().consumers).toBe(0);
  });

  it("is ready when the broker has the subscription, made before connect() too", async () => {
    const { connection, broker } = toyConnection({}, { grants: false });
    const consumer = connection.consume(ORDERS);
    await connection.connect();
    expect(await fateOf(consumer.ready)).toEqual({ kind: "pending" });
    broker.session.to(ORDERS).grant();
    await consumer.ready;
  });

  it.each([0, -1, 1.5, Number.NaN, 1_000_001, "10" as unknown as number])(
    "is not made with prefetch %s",
    async (prefetch) => {
      const { connection, session } = await toyConnected();
      expect(() => connection.consume(ORDERS, { prefetch })).toThrow(/prefetch is a whole number from 1 to 1000000/);
      expect(session.log).toEqual([]);
    },
  );

  it("is not made with a selector that is no text, nor for a malformed destination", async () => {
    const { connection } = await toyConnected();
    expect(() => connection.consume(ORDERS, { selector: 7 as unknown as string })).toThrow(/selector is a string/);
    expect(() => connection.consume("queue://")).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("releases itself at the end of its scope", async () => {
    const { connection, session } = await toyConnected();
    {
      await using consumer = connection.consume(ORDERS);
      await consumer.ready;
    }
    expect(session.log).toEqual([`subscribe ${ORDERS}`, `unsubscribe ${ORDERS}`]);
  });
});

describe("a refused subscription", () => {
  it("ends this consumer only, and rejects the waiting reader once", async () => {
    const { connection, session } = await toyConnected({}, { grants: false });
    const [refused, other] = [connection.consume(ORDERS), connection.consume("queue://other")];
    const [first, second] = [rejectionOf(refused.next()), refused.next()];
    const error = session.to(ORDERS).refuse();
    expect(await first).toBe(error);
    expect(await second).toEqual({ done: true, value: undefined });
    expect(await refused.next()).toEqual({ done: true, value: undefined });
    await expect(refused.ready).rejects.toBe(error);
    session.to("queue://other").grant();
    await other.ready;
    expect(connection.state.name).toBe("connected");
  });

  it("rejects the next reader when nobody waits, after which the iteration is over", async () => {
    const { connection, session } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    session.to(ORDERS).deliver("lost with the subscription");
    const error = session.to(ORDERS).refuse("the queue was deleted");
    const iterate = async () => {
      for await (const _ of consumer);
    };
    expect(await rejectionOf(iterate())).toBe(error);
    await iterate();
  });

  it("does not come back with the next session", async () => {
    const { connection, broker, session } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    session.to(ORDERS).refuse();
    await rejectionOf(consumer.next());
    expect((await failover(broker)).log).toEqual([]);
  });
});

describe("closing a consumer", () => {
  it("while no session has it: no later session is asked for it", async () => {
    const { connection, broker } = toyConnection();
    const consumer = connection.consume(ORDERS);
    const reader = consumer.next();
    await consumer.close();
    expect(await reader).toEqual({ done: true, value: undefined });
    await expect(consumer.ready).rejects.toMatchObject({ code: "CONSUMER_CLOSED" });
    await connection.connect();
    expect(broker.session.log).toEqual([]);
  });

  it("while it is being asked for: the subscription is ended", async () => {
    const { connection, session } = await toyConnected({}, { grants: false });
    const consumer = connection.consume(ORDERS);
    await consumer.close();
    session.to(ORDERS).grant();
    await expect(consumer.ready).rejects.toMatchObject({ code: "CONSUMER_CLOSED" });
    expect(session.log).toEqual([`subscribe ${ORDERS}`, `unsubscribe ${ORDERS}`]);
  });

  it("by closing the connection before the broker has answered rejects ready with CONNECTION_CLOSED", async () => {
    const { connection } = await toyConnected({}, { grants: false });
    const consumer = connection.consume(ORDERS);
    await connection.close();
    await expect(consumer.ready).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  });

  it("with deliveries in hand and in the buffer: they go back, and settling them is stale", async () => {
    const { connection, session } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    for (const body of ["a", "b"]) session.to(ORDERS).deliver(body);
    const delivery = await take(consumer);
    await consumer.close();
    expect(await consumer.next()).toEqual({ done: true, value: undefined });
    expect(await delivery.accept()).toBe("stale");
    expect(connection.stats()).toMatchObject({ stale: 1, settled: 0, unsettled: 0 });
  });

  it("twice waits for the same end", async () => {
    const { connection, session } = await toyConnected({}, { leaves: false });
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    const both = Promise.all([consumer.close(), consumer.close()]);
    expect(await fateOf(both)).toEqual({ kind: "pending" });
    session.die();
    await both;
  });

  it("after it was refused, and after the connection was closed, does nothing", async () => {
    const { connection, session } = await toyConnected();
    const [refused, closed] = [connection.consume(ORDERS), connection.consume("queue://other")];
    session.to(ORDERS).refuse();
    await refused.close();
    await connection.close();
    await closed.close();
    expect(await closed.next()).toEqual({ done: true, value: undefined });
  });
});

describe("over a failover, a consumer", () => {
  it("drops its buffer and delivers what comes again, marked as redelivered by our own record", async () => {
    const { connection, broker, session } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    for (const body of ["a", "b", "c"]) session.to(ORDERS).deliver(body);
    const inHand = await take(consumer);
    expect(inHand.redelivered).toBe(false);
    const next = await failover(broker);
    expect(connection.stats()).toMatchObject({ voided: 3, unsettled: 0 });
    // The broker crashed: it has forgotten that it delivered these.
    for (const body of ["a", "b", "c"]) next.to(ORDERS).deliver(body);
    const again = [await take(consumer), await take(consumer), await take(consumer)];
    expect(again.map(({ message, redelivered }) => [message.text(), redelivered])).toEqual([
      ["a", true],
      ["b", false],
      ["c", false],
    ]);
    expect(await inHand.accept()).toBe("stale");
    expect(await again[0]?.accept()).toBe("settled");
    expect(next.log).toEqual([`subscribe ${ORDERS}`, "settle a accepted"]);
    expect(connection.stats()).toMatchObject({ received: 4, redelivered: 1, stale: 1, settled: 1 });
  });

  it("keeps its waiting reader", async () => {
    const { connection, broker } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    const reader = take(consumer);
    const next = await failover(broker);
    next.to(ORDERS).deliver("after");
    expect((await reader).message.text()).toBe("after");
  });

  it("uses the broker's redelivered flag if the broker sets it", async () => {
    const { connection, session } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    session.to(ORDERS).deliver("a", { redelivered: true });
    expect((await take(consumer)).redelivered).toBe(true);
  });

  it("remembers across the consumers of one queue, not between two queues", async () => {
    const { connection, session } = await toyConnected();
    const [one, two, other] = [ORDERS, ORDERS, "queue://other"].map((name) => connection.consume(name));
    if (!one || !two || !other) throw new Error("unreachable");
    session.subscriptions[0]?.deliver("a", { id: "same" });
    session.subscriptions[1]?.deliver("a", { id: "same" });
    session.subscriptions[2]?.deliver("a", { id: "same" });
    expect([await take(one), await take(two), await take(other)].map(({ redelivered }) => redelivered)).toEqual([
      false,
      true,
      false,
    ]);
  });

  it("does not mark the copies of two consumers of a topic as redelivered", async () => {
    const { connection, session, broker } = await toyConnected();
    const consumers = [connection.consume("topic://prices"), connection.consume("topic://prices")];
    for (const subscription of session.subscriptions) subscription.deliver("a");
    const copies = await Promise.all(consumers.map(take));
    expect(copies.map(({ redelivered }) => redelivered)).toEqual([false, false]);
    const next = await failover(broker);
    next.subscriptions[0]?.deliver("a");
    expect((await take(consumers[0] as Consumer)).redelivered).toBe(true);
  });

  it("cannot flag a message without an id", async () => {
    const { connection, session } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    for (let i = 0; i < 2; i++) session.to(ORDERS).deliver("a", { id: null });
    expect([await take(consumer), await take(consumer)].map(({ redelivered }) => redelivered)).toEqual([false, false]);
  });
});

describe("what goes back to the broker", () => {
  it("is dropped from the buffer and stale in the user's hands, and close() does not wait for it", async () => {
    const { connection, session } = await toyConnected({ drainTimeoutMs: 20_000 });
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    for (const body of ["a", "b", "c"]) session.to(ORDERS).deliver(body);
    const [a, b] = [await take(consumer), await take(consumer)];
    const closed = connection.close();
    await turns();
    expect(session.log).not.toContain("close");
    session.to(ORDERS).giveBack();
    await closed;
    expect(await a?.accept()).toBe("stale");
    expect(await b?.accept()).toBe("stale");
  });

  it("comes again to the same consumer", async () => {
    const { connection, session } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    for (const body of ["a", "b"]) session.to(ORDERS).deliver(body);
    await (await take(consumer)).release();
    session.to(ORDERS).giveBack();
    for (const body of ["a", "b"]) session.to(ORDERS).deliver(body);
    expect([(await take(consumer)).message.text(), (await take(consumer)).message.text()]).toEqual(["a", "b"]);
  });
});

describe("what a session says after its end", () => {
  it("is ignored", async () => {
    const { connection, broker, session } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    const old = session.to(ORDERS);
    const next = await failover(broker);
    old.refuse();
    old.giveBack();
    next.to(ORDERS).deliver("still here");
    expect((await take(consumer)).message.text()).toBe("still here");
  });
});
