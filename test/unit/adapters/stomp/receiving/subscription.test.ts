import { afterEach, describe, expect, it } from "vitest";
import { InvalidArgumentError, SubscriptionRefusedError, UnsupportedError } from "../../../../../src/errors/errors.ts";
import type { AdapterSettings } from "../../../../../src/messaging/port/adapter-settings.ts";
import type { IncomingDelivery, Settlement } from "../../../../../src/messaging/port/messaging-session.ts";
import { lossOf, settled, TestConsumer, TestSend } from "../messaging-steps.ts";
import { ARTEMIS, attempt, CLASSIC, frame, OTHER, type PeerConnection, StompPeer } from "../stomp-peer.ts";

const open: AsyncDisposable[] = [];
async function connected(server = CLASSIC, version = "1.2", settings: Partial<AdapterSettings> = {}) {
  const peer = await StompPeer.greeting(server, version);
  open.push(peer);
  const session = await attempt(peer.endpoint, settings);
  return { session, peer: peer.connection };
}
afterEach(async () => {
  for (const peer of open.splice(0)) await peer[Symbol.asyncDispose]();
});

const ACCEPTED: Settlement = { kind: "accepted" };
const REJECTED: Settlement = { kind: "rejected", reason: "no good" };
const RELEASED: Settlement = { kind: "released" };
const modified = (deliveryFailed: boolean, undeliverableHere = false): Settlement => ({
  kind: "modified",
  deliveryFailed,
  undeliverableHere,
});

/** Has the peer deliver messages `from` to `to` by the subscription with this wire id. */
function deliver(peer: PeerConnection, subscription: string, from: number, to: number, extra = {}): void {
  for (let n = from; n <= to; n++) {
    const headers = { subscription, "message-id": `m${n}`, ack: `a${n}`, destination: "/queue/orders", ...extra };
    peer.write(frame("MESSAGE", headers, `body ${n}`));
  }
}

const idOf = ({ headers }: { readonly headers: Readonly<Record<string, string>> }) => headers["id"] ?? "";

async function consuming(server = CLASSIC, count = 3, destination = "queue://orders") {
  const { session, peer } = await connected(server);
  const consumer = new TestConsumer(session, destination);
  const subscribe = await peer.frame("SUBSCRIBE");
  peer.receipt(subscribe);
  deliver(peer, idOf(subscribe), 1, count);
  if (count > 0) await consumer.delivery(count - 1);
  return { session, peer, consumer, id: idOf(subscribe) };
}

describe("SUBSCRIBE", () => {
  it.each([
    [CLASSIC, "queue://orders", 100, { destination: "/queue/orders", "activemq.prefetchSize": "100" }],
    [CLASSIC, "topic://prices", 1, { destination: "/topic/prices", "activemq.prefetchSize": "1" }],
    [OTHER, "queue://orders", 5, { destination: "/queue/orders", "activemq.prefetchSize": "5" }],
    [
      ARTEMIS,
      "queue://orders",
      100,
      { destination: "orders", "subscription-type": "ANYCAST", "consumer-window-size": "102400" },
    ],
    [
      ARTEMIS,
      "topic://prices.>",
      1,
      { destination: "prices.#", "subscription-type": "MULTICAST", "consumer-window-size": "0" },
    ],
  ])("asks %s for %s with prefetch %i", async (server, destination, prefetch, expected) => {
    const { session, peer } = await connected(server);
    new TestConsumer(session, destination, prefetch, "colour = 'red'");
    const { headers } = await peer.frame("SUBSCRIBE");
    const { id, receipt, ack, selector, ...rest } = headers;
    expect(rest).toEqual(expected);
    expect([id, ack, selector]).toEqual(["1", "client-individual", "colour = 'red'"]);
    expect(receipt).toBeDefined();
  });

  it("is ready when its receipt has come", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session);
    const subscribe = await peer.frame("SUBSCRIBE");
    expect(consumer.ready).toBe(0);
    peer.receipt(subscribe);
    await consumer.until(() => consumer.ready === 1);
  });

  it("is refused by an ERROR that names its receipt, and the session goes on", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session, "queue://orders", 10, "((");
    const { headers } = await peer.frame("SUBSCRIBE");
    const trace = "jakarta.jms.InvalidSelectorException: ((\n\tat org.apache.activemq.selector.SelectorParser";
    peer.write(frame("ERROR", { "receipt-id": headers["receipt"] ?? "", message: "((" }, trace));
    await consumer.until(() => consumer.refusals.length === 1);
    expect(consumer.refusals[0]).toBeInstanceOf(SubscriptionRefusedError);
    expect(consumer.refusals[0]?.message).toMatch(/refused the subscription to queue:\/\/orders: .*InvalidSelector/);
    await consumer.subscription.close();
    const send = new TestSend("x");
    session.send(send);
    peer.receipt(await peer.frame("SEND"));
    expect(await send.outcome).toEqual({ kind: "confirmed" });
    expect([consumer.ready, peer.all("UNSUBSCRIBE").length]).toEqual([0, 0]);
  });

  it.each([
    ["a NUL", "a = '\0'"],
    ["more than Classic takes in a line", `a = '${"x".repeat(11_000)}'`],
  ])("is refused before it is written for %s in the selector", async (_, selector) => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session, "queue://orders", 10, selector);
    await consumer.until(() => consumer.refusals.length === 1);
    await consumer.subscription.close();
    await settled();
    expect(peer.all("SUBSCRIBE")).toEqual([]);
  });

  const unnamed = frame("ERROR", { message: 'Invalid selector "(("' }, "((");

  it("refused without a receipt, as by Artemis, is refused when it is the only one, and ends the session", async () => {
    const { session, peer } = await connected(ARTEMIS);
    const consumer = new TestConsumer(session);
    await peer.frame("SUBSCRIBE");
    session.send(new TestSend("x"));
    peer.socket.end(unnamed);
    await consumer.until(() => consumer.refusals.length === 1);
    expect(consumer.refusals[0]?.message).toMatch(/refused the subscription .*Invalid selector/);
    expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST", retryable: true });
  });

  it.each([
    ["one of several", ARTEMIS, 2, unnamed],
    ["the session as a whole", ARTEMIS, 1, frame("ERROR", { message: "AMQ229014 Did not receive data from x" })],
    ["anybody, on Classic", CLASSIC, 1, unnamed],
  ])("is not blamed for an ERROR that may mean %s", async (_, server, count, error) => {
    const { session, peer } = await connected(server);
    const consumers = Array.from({ length: count }, () => new TestConsumer(session));
    await peer.frame("SUBSCRIBE", count - 1);
    peer.socket.end(error);
    expect((await lossOf(session)).message).toMatch(/without saying of what/);
    expect(consumers.flatMap(({ refusals }) => refusals)).toEqual([]);
  });
});

describe("deliveries", () => {
  it("come in order, with their message and the broker's flag, and make the session useful", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session);
    const id = idOf(await peer.frame("SUBSCRIBE"));
    deliver(peer, id, 1, 1);
    deliver(peer, id, 2, 2, { redelivered: "true", colour: "red" });
    const second = await consumer.delivery(1);
    expect(session.useful).toBe(true);
    expect(consumer.deliveries.map(({ message }) => message.text())).toEqual(["body 1", "body 2"]);
    expect(consumer.deliveries.map(({ redelivered }) => redelivered)).toEqual([false, true]);
    expect(second.message).toMatchObject({ id: "m2", properties: { colour: "red" }, destination: "queue://orders" });
  });

  it("keep bodies whole: empty, with NULs, and larger than a read", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session);
    const id = idOf(await peer.frame("SUBSCRIBE"));
    const bodies = [Buffer.alloc(0), Buffer.from([0, 1, 0, 255]), Buffer.alloc(500_000, 7)];
    for (const [n, body] of bodies.entries()) {
      const headers = { subscription: id, "message-id": `${n}`, ack: `${n}`, "content-length": String(body.length) };
      const [head] = frame("MESSAGE", headers).split("\0");
      peer.write(Buffer.concat([Buffer.from(head ?? ""), body, Buffer.from("\0\n")]));
    }
    await consumer.delivery(2);
    expect(
      consumer.deliveries.map(({ message }) => message.bytes().equals(bodies[Number(message.id)] ?? Buffer.from("?"))),
    ).toEqual([true, true, true]);
  });

  it("bear header lines and header counts far above stompit's own limits", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session);
    const id = idOf(await peer.frame("SUBSCRIBE"));
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`p${n}`, "v"]));
    deliver(peer, id, 1, 1, { long: "x".repeat(100_000), ...many });
    const { message } = await consumer.delivery(0);
    expect(message.properties["long"]).toHaveLength(100_000);
    expect(Object.keys(message.properties)).toHaveLength(501);
  });

  it("keep UTF-8 and line ends that are split anywhere", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session);
    const id = idOf(await peer.frame("SUBSCRIBE"));
    const text = `MESSAGE\r\nsubscription:${id}\r\nmessage-id:1\r\nack:1\r\nname:é€😀\r\n\r\nbödy😀\0`;
    for (const byte of Buffer.from(text)) {
      peer.write(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const { message } = await consumer.delivery(0);
    expect([message.properties["name"], message.text()]).toEqual(["é€😀", "bödy😀"]);
  });

  it("survive a header that stompit's parser would die of", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session);
    const id = idOf(await peer.frame("SUBSCRIBE"));
    deliver(peer, id, 1, 1, { hasOwnProperty: "x", after: "y" });
    deliver(peer, id, 2, 2, { __proto__: "x", after: "y" });
    const { message } = await consumer.delivery(1);
    expect(message.properties).toEqual({ after: "y" });
    expect(consumer.deliveries[0]?.message.properties).toEqual({ after: "y" });
  });

  it.each([
    ["a subscription nobody made", frame("MESSAGE", { subscription: "9", "message-id": "1", ack: "1" })],
    ["no subscription", frame("MESSAGE", { "message-id": "1", ack: "1" })],
    ["a receipt nobody asked for", frame("RECEIPT", { "receipt-id": "99" })],
    ["no receipt id", frame("RECEIPT")],
    ["an unknown frame", frame("GREETING")],
    ["a header without a colon", "MESSAGE\nsubscription\n\n\0"],
  ])("end the session when the peer names %s", async (_, bytes) => {
    const { session, peer } = await connected();
    new TestConsumer(session);
    await peer.frame("SUBSCRIBE");
    peer.write(bytes);
    expect(await lossOf(session)).toMatchObject({ code: "PROTOCOL_ERROR", retryable: true });
  });
});

describe("settling", () => {
  it("accepts with the ack id alone, those of one turn in one piece", async () => {
    const { peer, consumer } = await consuming(CLASSIC, 50);
    await settled();
    const before = peer.chunks;
    for (const delivery of consumer.deliveries)
      expect(consumer.subscription.settle(delivery, ACCEPTED)).toBe("settled");
    await peer.frame("ACK", 49);
    expect(peer.all("ACK").map(({ headers }) => headers)).toEqual(peer.all("ACK").map((_, n) => ({ id: `a${n + 1}` })));
    expect(peer.chunks - before).toBe(1);
  });

  it("names subscription and message over STOMP 1.1", async () => {
    const { session, peer } = await connected(CLASSIC, "1.1");
    const consumer = new TestConsumer(session);
    deliver(peer, idOf(await peer.frame("SUBSCRIBE")), 1, 1);
    consumer.subscription.settle(await consumer.delivery(0), ACCEPTED);
    expect((await peer.frame("ACK")).headers).toEqual({ subscription: "1", "message-id": "m1" });
  });

  it.each([CLASSIC, OTHER])("rejects with NACK on %s", async (server) => {
    const { peer, consumer } = await consuming(server, 1);
    expect(consumer.subscription.settle(await consumer.delivery(0), REJECTED)).toBe("settled");
    expect((await peer.frame("NACK")).headers).toEqual({ id: "a1" });
  });

  it.each<[string, Settlement, string, string]>([
    ["release on a topic", RELEASED, CLASSIC, "topic://prices"],
    ["modify with undeliverableHere", modified(false, true), CLASSIC, "queue://orders"],
    ["modify with deliveryFailed where giving back does not count", modified(true), ARTEMIS, "queue://orders"],
  ])("refuses to %s", async (_, settlement, server, destination) => {
    const { peer, consumer } = await consuming(server, 1, destination);
    const delivery = await consumer.delivery(0);
    expect(() => consumer.subscription.settle(delivery, settlement)).toThrow(UnsupportedError);
    expect(consumer.subscription.settle(delivery, ACCEPTED)).toBe("settled");
    await peer.frame("ACK");
    expect(peer.all("UNSUBSCRIBE")).toEqual([]);
  });

  it("settles nothing twice", async () => {
    const { peer, consumer } = await consuming(CLASSIC, 1);
    const delivery = await consumer.delivery(0);
    expect(consumer.subscription.settle(delivery, ACCEPTED)).toBe("settled");
    expect(consumer.subscription.settle(delivery, ACCEPTED)).toBe("stale");
    await settled();
    expect(peer.all("ACK")).toHaveLength(1);
  });
});

describe("releasing", () => {
  it.each([
    ["released", RELEASED, CLASSIC],
    ["released", RELEASED, ARTEMIS],
    ["modified where giving back counts", modified(true), CLASSIC],
    ["modified without a failure", modified(false), ARTEMIS],
  ])("subscribes anew for what is %s", async (_, settlement, server) => {
    const { peer, consumer, id } = await consuming(server, 1);
    expect(consumer.subscription.settle(await consumer.delivery(0), settlement)).toBe("settled");
    const again = await peer.frame("SUBSCRIBE", 1);
    expect((await peer.frame("UNSUBSCRIBE")).headers["id"]).toBe(id);
    expect(idOf(again)).not.toBe(id);
    const { id: _id, receipt: _receipt, ...first } = peer.all("SUBSCRIBE")[0]?.headers ?? {};
    expect(again.headers).toMatchObject(first);
  });

  it("subscribes once for all that is released in a turn, and writes what was accepted in it before", async () => {
    const { peer, consumer } = await consuming(CLASSIC, 4);
    const [first, second, third, fourth] = consumer.deliveries as [
      IncomingDelivery,
      IncomingDelivery,
      IncomingDelivery,
      IncomingDelivery,
    ];
    const settle = consumer.subscription.settle.bind(consumer.subscription);
    expect(settle(first, RELEASED)).toBe("settled");
    await Promise.resolve();
    expect(settle(second, ACCEPTED)).toBe("settled");
    expect(settle(third, RELEASED)).toBe("settled");
    await peer.frame("SUBSCRIBE", 1);
    await settled();
    expect(settle(fourth, ACCEPTED)).toBe("stale");
    await settled();
    const commands = peer.frames.map(({ command }) => command);
    expect(commands).toEqual(["CONNECT", "SUBSCRIBE", "ACK", "UNSUBSCRIBE", "SUBSCRIBE"]);
    expect(peer.all("ACK")[0]?.headers).toEqual({ id: "a2" });
  });

  it("makes the other deliveries stale, drops what was on its way, and goes on with the new", async () => {
    const { peer, consumer, id } = await consuming(CLASSIC, 2);
    const [first, second] = consumer.deliveries as [IncomingDelivery, IncomingDelivery];
    consumer.subscription.settle(first, RELEASED);
    const again = await peer.frame("SUBSCRIBE", 1);
    // Was written by the broker before it read UNSUBSCRIBE.
    deliver(peer, id, 3, 3);
    peer.receipt(await peer.frame("UNSUBSCRIBE"));
    peer.receipt(again);
    deliver(peer, idOf(again), 1, 3, { redelivered: "true" });
    await consumer.delivery(4);
    expect(consumer.deliveries.map(({ message }) => message.id)).toEqual(["m1", "m2", "m1", "m2", "m3"]);
    expect(consumer.subscription.settle(second, ACCEPTED)).toBe("stale");
    expect(consumer.subscription.settle(await consumer.delivery(3), ACCEPTED)).toBe("settled");
    await peer.frame("ACK");
    await settled();
    expect(peer.all("ACK").map(({ headers }) => headers)).toEqual([{ id: "a2" }]);
    expect(consumer.ready).toBe(1);
    expect(consumer.givenBack).toEqual([2]);
  });

  it("waits until nothing is unsettled, and writes what is settled meanwhile before it subscribes anew", async () => {
    const { peer, consumer } = await consuming(CLASSIC, 2);
    consumer.idleAtOnce = false;
    const [first, second] = consumer.deliveries as [IncomingDelivery, IncomingDelivery];
    expect(consumer.subscription.settle(first, RELEASED)).toBe("settled");
    // Not within settle(): the caller would count the delivery as unsettled still.
    expect(consumer.releasing).toEqual([]);
    await consumer.until(() => consumer.releasing.length === 1);
    await settled();
    expect([peer.all("UNSUBSCRIBE").length, consumer.givenBack]).toEqual([0, []]);
    expect(consumer.subscription.settle(second, ACCEPTED)).toBe("settled");
    consumer.releasing[0]?.();
    consumer.releasing[0]?.();
    await peer.frame("SUBSCRIBE", 1);
    const commands = peer.frames.map(({ command }) => command);
    expect(commands.slice(2)).toEqual(["ACK", "UNSUBSCRIBE", "SUBSCRIBE"]);
    await settled();
    expect([peer.all("SUBSCRIBE").length, consumer.givenBack]).toEqual([2, [2]]);
  });

  it("waits no longer than it may, and writes nothing for what is settled too late", async () => {
    const { session, peer } = await connected(CLASSIC, "1.2", { releaseWaitMs: 50 });
    const consumer = new TestConsumer(session);
    consumer.idleAtOnce = false;
    deliver(peer, idOf(await peer.frame("SUBSCRIBE")), 1, 2);
    const [first, second] = [await consumer.delivery(0), await consumer.delivery(1)];
    consumer.subscription.settle(first, RELEASED);
    await peer.frame("SUBSCRIBE", 1);
    expect(consumer.subscription.settle(second, ACCEPTED)).toBe("stale");
    consumer.releasing[0]?.();
    await settled();
    expect([peer.all("ACK").length, peer.all("SUBSCRIBE").length, consumer.givenBack]).toEqual([0, 2, [2]]);
  });

  it.each(["closed", "lost"])("leaves nothing behind when it is %s while it waits", async (how) => {
    const { session, peer, consumer } = await consuming(CLASSIC, 2);
    consumer.idleAtOnce = false;
    consumer.subscription.settle(await consumer.delivery(0), RELEASED);
    await consumer.until(() => consumer.releasing.length === 1);
    const closed = how === "closed" ? consumer.subscription.close() : undefined;
    if (closed) peer.receipt(await peer.frame("UNSUBSCRIBE"));
    else peer.socket.destroy();
    await (closed ?? lossOf(session));
    consumer.releasing[0]?.();
    await settled();
    expect([peer.all("SUBSCRIBE").length, consumer.givenBack]).toEqual([1, []]);
  });

  it("is possible on a topic that keeps for a durable subscription", async () => {
    const { session, peer } = await connected(CLASSIC, "1.2", { clientId: "me" });
    const subscription = { name: "sub", durable: true, shared: false };
    const consumer = new TestConsumer(session, "topic://prices", 100, undefined, { subscription });
    deliver(peer, idOf(await peer.frame("SUBSCRIBE")), 1, 1);
    const delivery = await consumer.delivery(0);
    expect(() => consumer.subscription.settle(delivery, modified(true))).toThrow(UnsupportedError);
    expect(consumer.subscription.settle(delivery, RELEASED)).toBe("settled");
    const again = await peer.frame("SUBSCRIBE", 1);
    expect(again.headers).toMatchObject({ "activemq.subscriptionName": "sub" });
    expect((await peer.frame("UNSUBSCRIBE")).headers).not.toHaveProperty("activemq.subscriptionName");
  });

  it("does not subscribe anew when the subscription is closed in the same turn", async () => {
    const { peer, consumer } = await consuming(CLASSIC, 1);
    consumer.subscription.settle(await consumer.delivery(0), RELEASED);
    const closed = consumer.subscription.close();
    peer.receipt(await peer.frame("UNSUBSCRIBE"));
    await closed;
    await settled();
    expect([peer.all("SUBSCRIBE").length, peer.all("UNSUBSCRIBE").length]).toEqual([1, 1]);
  });

  it("tells when the broker refuses to take the subscription again", async () => {
    const { peer, consumer } = await consuming(CLASSIC, 1);
    consumer.subscription.settle(await consumer.delivery(0), RELEASED);
    const { headers } = await peer.frame("SUBSCRIBE", 1);
    peer.write(frame("ERROR", { "receipt-id": headers["receipt"] ?? "", message: "not any more" }));
    await consumer.until(() => consumer.refusals.length === 1);
  });
});

describe("closing a subscription", () => {
  it("unsubscribes once and resolves with the broker's answer", async () => {
    const { peer, consumer, id } = await consuming(CLASSIC, 1);
    const closed = consumer.subscription.close();
    expect(consumer.subscription.close()).toBe(closed);
    const unsubscribe = await peer.frame("UNSUBSCRIBE");
    expect(unsubscribe.headers["id"]).toBe(id);
    deliver(peer, id, 2, 2);
    peer.receipt(unsubscribe);
    await closed;
    expect(consumer.deliveries).toHaveLength(1);
    expect(consumer.subscription.settle(await consumer.delivery(0), ACCEPTED)).toBe("stale");
  });

  it("resolves when the broker refuses, and when the session ends first", async () => {
    const { session, peer, consumer } = await consuming(CLASSIC, 0);
    const other = new TestConsumer(session);
    const closed = consumer.subscription.close();
    const { headers } = await peer.frame("UNSUBSCRIBE");
    peer.write(frame("ERROR", { "receipt-id": headers["receipt"] ?? "", message: "no such subscription" }));
    await closed;
    const closing = other.subscription.close();
    await peer.frame("UNSUBSCRIBE", 1);
    session.destroy(new InvalidArgumentError("enough"));
    await closing;
    await new TestConsumer(session).subscription.close();
  });

  it("makes every delivery stale when the session ends", async () => {
    const { session, peer, consumer } = await consuming(CLASSIC, 1);
    peer.socket.destroy();
    await lossOf(session);
    expect(consumer.subscription.settle(await consumer.delivery(0), ACCEPTED)).toBe("stale");
    expect(consumer.subscription.settle(await consumer.delivery(0), RELEASED)).toBe("stale");
  });
});
