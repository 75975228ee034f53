import { setImmediate as nextTurn } from "node:timers/promises";
import type { EventContext, Sender } from "rhea";
import { describe, expect, it } from "vitest";
import { ConnectionClosedError, SubscriptionRefusedError } from "../../../../../src/errors/errors.ts";
import type {
  IncomingDelivery,
  Settlement,
  SubscriptionRequest,
} from "../../../../../src/messaging/port/messaging-session.ts";
import { brokerPeer, openOn, type RheaPeer, recordedSink, rheaPeer, until } from "../scripted-peer.ts";

const orders: SubscriptionRequest = { destination: { kind: "queue", name: "orders" }, prefetch: 10 };

/** A broker that hands out what it is told, and records links, credit and outcomes. */
async function dispatcher(product = "ActiveMQ") {
  const peer = await brokerPeer(product);
  const links: Sender[] = [];
  const outcomes: unknown[] = [];
  peer.container.on("sender_open", ({ sender }: EventContext) => sender && links.push(sender));
  for (const kind of ["accepted", "rejected", "released", "modified"]) {
    peer.container.on(kind, ({ delivery }: EventContext) => {
      outcomes.push([kind, JSON.parse(JSON.stringify(delivery?.remote_state ?? {}))]);
    });
  }
  peer.container.options["sender_options"] = { treat_modified_as_released: false };
  return { ...peer, links, outcomes };
}

function creditOf(link: Sender | undefined): number {
  return (link as unknown as { readonly credit: number }).credit;
}

async function subscribed(peer: RheaPeer & { readonly links: Sender[] }, request = orders) {
  const session = await openOn(peer);
  const sink = recordedSink();
  const subscription = session.subscribe(request, sink);
  await sink.ready;
  const link = peer.links.at(-1);
  if (!link) throw new Error("no link");
  await until(() => creditOf(link) > 0);
  return { session, sink, subscription, link };
}

describe("an AMQP subscription", () => {
  it("gives the broker the prefetch as credit, and hands over what comes", async () => {
    const peer = await dispatcher();
    const { session, sink, link } = await subscribed(peer);
    expect(creditOf(link)).toBe(10);
    expect(link.source.address).toBe("queue://orders");
    link.send({ body: "hello", message_id: "m-1" });
    await sink.delivered(1);
    const [delivery] = sink.deliveries as [IncomingDelivery];
    expect(delivery.message.text()).toBe("hello");
    expect(delivery).toMatchObject({ redelivered: false, deliveryCount: 0 });
    expect(session.useful).toBe(true);
  });

  it("asks by name and capability on Artemis", async () => {
    const peer = await dispatcher("apache-activemq-artemis");
    const { link } = await subscribed(peer, { destination: { kind: "topic", name: "prices" }, prefetch: 1 });
    expect(link.source).toMatchObject({ address: "prices", capabilities: ["topic"] });
  });

  it("reports that a message was delivered before", async () => {
    const peer = await dispatcher();
    const { sink, link } = await subscribed(peer);
    link.send({ body: "again", delivery_count: 2 });
    await sink.delivered(1);
    expect(sink.deliveries[0]).toMatchObject({ redelivered: true, deliveryCount: 2 });
  });

  it.each([
    [{ kind: "accepted" }, ["accepted", {}]],
    [
      { kind: "rejected", reason: "no such sku" },
      ["rejected", { error: { condition: "masterslave-transport:rejected", description: "no such sku" } }],
    ],
    [{ kind: "rejected", reason: undefined }, ["rejected", {}]],
    [{ kind: "released" }, ["released", {}]],
    [{ kind: "modified", deliveryFailed: true, undeliverableHere: false }, ["modified", { delivery_failed: true }]],
    [{ kind: "modified", deliveryFailed: false, undeliverableHere: true }, ["modified", { undeliverable_here: true }]],
  ] satisfies [Settlement, unknown][])("settles as %j", async (settlement, outcome) => {
    const peer = await dispatcher();
    const { sink, subscription, link } = await subscribed(peer);
    link.send({ body: "x" });
    await sink.delivered(1);
    const [delivery] = sink.deliveries as [IncomingDelivery];
    expect(subscription.settle(delivery, settlement)).toBe("settled");
    await until(() => peer.outcomes.length === 1);
    expect(peer.outcomes[0]).toEqual(outcome);
    expect(subscription.settle(delivery, settlement)).toBe("stale");
  });

  it("gives neighbours settled in one turn each its own outcome", async () => {
    const peer = await dispatcher();
    const { sink, subscription, link } = await subscribed(peer);
    for (let index = 0; index < 6; index++) link.send({ body: `${index}` });
    await sink.delivered(6);
    const kinds = ["accepted", "released", "accepted", "accepted", "rejected", "accepted"] as const;
    kinds.forEach((kind, index) => {
      subscription.settle(sink.deliveries[index] as IncomingDelivery, { kind, reason: undefined });
    });
    await until(() => peer.outcomes.length === 6);
    expect(peer.outcomes.map((outcome) => (outcome as [string])[0])).toEqual(kinds);
  });

  it("returns credit as deliveries are settled, once a turn", async () => {
    const peer = await dispatcher();
    const flows: number[] = [];
    const { sink, subscription, link } = await subscribed(peer);
    for (let index = 0; index < 10; index++) link.send({ body: `${index}` });
    await sink.delivered(10);
    expect(creditOf(link)).toBe(0);
    peer.container.on("sender_flow", () => flows.push(creditOf(link)));
    for (const delivery of sink.deliveries.slice(0, 4)) subscription.settle(delivery, { kind: "accepted" });
    await until(() => creditOf(link) === 4);
    expect(flows).toEqual([4]);
    for (let index = 10; index < 14; index++) link.send({ body: `${index}` });
    await sink.delivered(14);
    expect(sink.deliveries.map(({ message }) => message.text())).toEqual(
      Array.from({ length: 14 }, (_, index) => `${index}`),
    );
  });

  it("returns credit in quarters of the prefetch while the broker has more than half of it", async () => {
    const peer = await dispatcher();
    const flows: number[] = [];
    const { sink, subscription, link } = await subscribed(peer, { ...orders, prefetch: 8 });
    peer.container.on("sender_flow", () => flows.push(creditOf(link)));
    for (let index = 0; index < 5; index++) {
      link.send({ body: `${index}` });
      await sink.delivered(index + 1);
      for (const delivery of sink.deliveries.slice(index)) subscription.settle(delivery, { kind: "accepted" });
      await until(() => peer.outcomes.length > index);
    }
    expect(flows).toEqual([8, 8]);
  });

  it("returns what it owes once the broker uses up what it has, though nothing more is settled", async () => {
    const peer = await dispatcher();
    const { sink, subscription, link } = await subscribed(peer, { ...orders, prefetch: 8 });
    link.send({ body: "settled" });
    await sink.delivered(1);
    for (const delivery of sink.deliveries) subscription.settle(delivery, { kind: "accepted" });
    await until(() => peer.outcomes.length === 1);
    expect(creditOf(link)).toBe(7);
    for (let held = 1; held <= 7; held++) link.send({ body: "held" });
    await sink.delivered(8);
    await until(() => creditOf(link) === 1);
  });

  it("rejects a message that cannot be read, by itself, and goes on", async () => {
    const peer = await dispatcher();
    const { sink, link } = await subscribed(peer, { ...orders, prefetch: 2 });
    link.send(Buffer.from([0x00, 0x53, 0x75, 0x99, 1, 2, 3]), undefined, 0);
    link.send({ body: "readable" });
    await sink.delivered(1);
    expect(sink.deliveries[0]?.message.text()).toBe("readable");
    await until(() => peer.outcomes.length === 1);
    expect(JSON.stringify(peer.outcomes[0])).toMatch(/rejected.*cannot be read/);
    await until(() => creditOf(link) === 1);
  });

  it("hands over the bytes of a message in a format that is not AMQP's own", async () => {
    const peer = await dispatcher();
    const { sink, link } = await subscribed(peer);
    link.send(Buffer.from([1, 2, 3]), undefined, 7);
    await sink.delivered(1);
    expect(sink.deliveries[0]?.message.bytes()).toEqual(Buffer.from([1, 2, 3]));
  });

  it("forgets a delivery that the broker aborts half-way", async () => {
    const peer = await dispatcher();
    const { sink, link } = await subscribed(peer, { ...orders, prefetch: 2 });
    const amqpSession = link.session as unknown as { output(frame: { more?: boolean; aborted?: boolean }): void };
    const output = amqpSession.output.bind(amqpSession);
    let transfers = 0;
    amqpSession.output = (frame, ...rest: []) => {
      if (frame.constructor.toString().startsWith("transfer")) {
        transfers += 1;
        if (transfers === 2) frame.aborted = true;
      }
      output(frame, ...rest);
    };
    link.send({ body: "x".repeat(100_000) });
    link.send({ body: "whole" });
    await sink.delivered(1);
    expect(transfers).toBe(3);
    expect(sink.deliveries.map(({ message }) => message.text())).toEqual(["whole"]);
    await until(() => creditOf(link) === 1);
  });

  it("takes a message of more frames than the window of its session", async () => {
    const peer = await dispatcher();
    const { sink, link } = await subscribed(peer);
    const { remote } = peer.connections[0] as unknown as { readonly remote: { readonly open: object } };
    Object.assign(remote.open, { max_frame_size: 128 });
    const body = "x".repeat(700_000);
    link.send({ body });
    await sink.delivered(1);
    expect(sink.deliveries[0]?.message.text()).toBe(body);
  });

  it("goes on while one delivery of thousands stays unsettled", async () => {
    const peer = await dispatcher();
    const { sink, subscription, link } = await subscribed(peer, { ...orders, prefetch: 100 });
    const total = 5000;
    let sent = 0;
    const feed = () => {
      while (sent < total && link.sendable() && sent < sink.deliveries.length + 50) link.send({ body: `${sent++}` });
    };
    feed();
    let settled = 1;
    while (sink.deliveries.length < total) {
      await nextTurn();
      for (const delivery of sink.deliveries.slice(settled)) subscription.settle(delivery, { kind: "accepted" });
      settled = Math.max(settled, sink.deliveries.length);
      feed();
    }
    expect(subscription.settle(sink.deliveries[0] as IncomingDelivery, { kind: "accepted" })).toBe("settled");
  });

  it("passes a selector on, and is refused by a broker that would ignore it", async () => {
    const peer = await dispatcher();
    const { link } = await subscribed(peer, { ...orders, selector: "sku = 1" });
    expect(JSON.stringify(link.source.filter)).toContain("sku = 1");
    const deaf = await rheaPeer();
    const sink = recordedSink();
    (await openOn(deaf)).subscribe({ ...orders, selector: "sku = 1" }, sink);
    const error = await sink.refused;
    expect(error).toBeInstanceOf(SubscriptionRefusedError);
    expect((error as Error).message).toContain("ignore the selector");
  });

  it("is refused with the broker's reason, and the session goes on", async () => {
    const peer = await dispatcher();
    peer.container.on("sender_open", ({ sender }: EventContext) => {
      if (sender?.source.address !== "queue://secret") return;
      sender.set_source({ address: "" });
      sender.close({ condition: "amqp:unauthorized-access", description: "not yours" });
    });
    const session = await openOn(peer);
    const sink = recordedSink();
    const subscription = session.subscribe({ ...orders, destination: { kind: "queue", name: "secret" } }, sink);
    const error = await sink.refused;
    expect(error).toBeInstanceOf(SubscriptionRefusedError);
    expect((error as Error).message).toMatch(/queue:\/\/secret .*refused: amqp:unauthorized-access: not yours/);
    await subscription.close();
    const other = recordedSink();
    session.subscribe(orders, other);
    await other.ready;
  });

  it.each([
    ["its link", (link: Sender) => link.close({ condition: "amqp:resource-deleted" })],
    ["its AMQP session", (link: Sender) => link.session.close({ condition: "amqp:resource-deleted" })],
  ])("ends with a refusal when the broker ends %s later", async (_what, act) => {
    const peer = await dispatcher();
    const { sink, subscription, link } = await subscribed(peer);
    link.send({ body: "x" });
    await sink.delivered(1);
    act(link);
    expect(await sink.refused).toMatchObject({ code: "SUBSCRIPTION_REFUSED", retryable: true });
    const [delivery] = sink.deliveries as [IncomingDelivery];
    expect(subscription.settle(delivery, { kind: "accepted" })).toBe("stale");
    await subscription.close();
    expect(peer.outcomes).toEqual([]);
  });

  it("gives back what is unsettled when it is closed, and takes nothing more", async () => {
    const peer = await dispatcher();
    const { sink, subscription, link } = await subscribed(peer);
    link.send({ body: "a" });
    link.send({ body: "b" });
    await sink.delivered(2);
    const [first, second] = sink.deliveries as [IncomingDelivery, IncomingDelivery];
    subscription.settle(first, { kind: "accepted" });
    const closing = subscription.close();
    expect(subscription.settle(second, { kind: "accepted" })).toBe("stale");
    expect(subscription.close()).toBe(closing);
    await closing;
    expect(peer.outcomes).toEqual([
      ["accepted", {}],
      ["released", {}],
    ]);
    expect(link.is_closed()).toBe(true);
  });

  it("closes while the broker has not answered yet", async () => {
    const peer = await dispatcher();
    const session = await openOn(peer);
    const sink = recordedSink();
    const subscription = session.subscribe(orders, sink);
    await subscription.close();
    expect(sink.deliveries).toEqual([]);
    // rhea would have attached it a second time, after its detach, and the peer have closed the connection.
    const next = recordedSink();
    session.subscribe(orders, next);
    await next.ready;
    expect(peer.links.map((link) => link.is_closed())).toEqual([true, false]);
  });

  it("is over with its session: settlements are stale and nothing more is handed over", async () => {
    const peer = await dispatcher();
    const { session, sink, subscription, link } = await subscribed(peer);
    link.send({ body: "a" });
    await sink.delivered(1);
    const closing = subscription.close();
    session.destroy(new ConnectionClosedError("over"));
    await closing;
    const [delivery] = sink.deliveries as [IncomingDelivery];
    expect(subscription.settle(delivery, { kind: "accepted" })).toBe("stale");
  });

  it("settles nothing on a socket that has just died", async () => {
    const peer = await dispatcher();
    const { session, sink, subscription, link } = await subscribed(peer);
    link.send({ body: "a" });
    await sink.delivered(1);
    session.destroy(new ConnectionClosedError("over"));
    const [delivery] = sink.deliveries as [IncomingDelivery];
    expect(subscription.settle(delivery, { kind: "accepted" })).toBe("stale");
    await until(() => peer.sockets.every((socket) => socket.destroyed || socket.readableEnded));
    expect(peer.outcomes).toEqual([]);
  });
});
