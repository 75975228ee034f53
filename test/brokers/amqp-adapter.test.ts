/** The AMQP adapter alone, without failover, on real brokers: login, sends, settlements, topics and refusals. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openAmqpSession } from "../../src/adapters/amqp/open-session.ts";
import { ConnectionClosedError, SendRejectedError, SubscriptionRefusedError } from "../../src/errors/errors.ts";
import type { Destination } from "../../src/messaging/messages/destination.ts";
import type { IncomingDelivery, MessagingSession } from "../../src/messaging/port/messaging-session.ts";
import type { Credentials } from "../../src/uri/endpoint.ts";
import {
  contextOf,
  failureOf,
  openOn,
  recordedSend,
  recordedSink,
  SETTINGS,
  until,
} from "../unit/adapters/amqp/scripted-peer.ts";
import { type Product, RESTRICTED_CREDENTIALS, type RealGroup, startGroup } from "./real-group.ts";

const PRODUCTS: readonly Product[] = ["classic", "artemis"];
let names = 0;

describe.each(PRODUCTS)("the AMQP adapter on %s", (product) => {
  let group: RealGroup;

  beforeAll(async () => {
    group = await startGroup(product);
  }, 600_000);

  afterAll(async () => {
    await group?.close();
  });

  function active() {
    return { endpoint: { scheme: "amqp", ...group.endpoint("a", "amqp"), options: {} } as const };
  }

  function open(
    credentials: Credentials | undefined = group.credentials,
    heartbeatMs = 5000,
  ): Promise<MessagingSession> {
    return openOn(active(), { credentials: () => credentials, heartbeatMs });
  }

  function fresh(kind: Destination["kind"]): Destination {
    names += 1;
    return { kind, name: `open.amqp-${product}-${names}` };
  }

  async function subscribed(session: MessagingSession, destination: Destination, more: { selector?: string } = {}) {
    const sink = recordedSink();
    const subscription = session.subscribe({ destination, prefetch: 10, ...more }, sink);
    await Promise.race([sink.ready, sink.refused.then((error) => Promise.reject(error))]);
    return { sink, subscription };
  }

  async function sendAll(
    session: MessagingSession,
    to: Destination,
    ...bodies: readonly (string | Uint8Array | object)[]
  ) {
    const sends = bodies.map((body) => recordedSend(to, body));
    for (const send of sends) session.send(send);
    for (const send of sends) expect(await send.outcome).toEqual({ kind: "confirmed" });
    return sends;
  }

  it("opens a session and knows the broker", async () => {
    const session = await open();
    expect(session.broker.product).toBe(product === "classic" ? "activemq" : "artemis");
    expect(session.broker.version).toBe(group.version);
    await session.close(AbortSignal.timeout(5000));
    expect((await session.ended).error).toBeInstanceOf(ConnectionClosedError);
  });

  it("refuses a wrong password and a missing login", async () => {
    const wrong = { username: group.credentials.username, password: "pässwörd" };
    expect(await failureOf(active(), { credentials: () => wrong })).toMatchObject({
      code: "AUTHENTICATION_FAILED",
      verdict: "stop",
    });
    expect(await failureOf(active())).toMatchObject({ code: "AUTHENTICATION_FAILED", verdict: "stop" });
  });

  it("is refused by the standby", async () => {
    const standby = { scheme: "amqp", ...group.endpoint("b", "amqp"), options: {} } as const;
    const failure = await openAmqpSession(SETTINGS)(standby, contextOf()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ENDPOINT_REFUSED", verdict: "next" });
  });

  it("keeps an idle session alive by beats in both directions", async () => {
    const session = await open(group.credentials, 500);
    let over = false;
    void session.ended.then(() => {
      over = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect(over).toBe(false);
    await sendAll(session, fresh("queue"), "still there");
  }, 20_000);

  it("sends and receives text, bytes and JSON with what came with them", async () => {
    const session = await open();
    const queue = fresh("queue");
    const send = recordedSend(queue, "grüße", {
      properties: { sku: 7, name: "ä", ok: true, half: 0.5 },
      priority: 7,
      correlationId: "c-1",
      replyTo: "queue://answers",
      ttlMs: 60_000,
    });
    session.send(send);
    expect(await send.outcome).toEqual({ kind: "confirmed" });
    await sendAll(session, queue, Buffer.from([0, 1, 255]), { sku: 1 });
    const { sink, subscription } = await subscribed(session, queue);
    await sink.delivered(3);
    const [text, bytes, json] = sink.deliveries as [IncomingDelivery, IncomingDelivery, IncomingDelivery];
    expect(text.message.text()).toBe("grüße");
    expect(text.message).toMatchObject({
      id: send.message.id,
      kind: "text",
      properties: { sku: 7, name: "ä", ok: true, half: 0.5 },
      priority: 7,
      correlationId: "c-1",
      replyTo: "queue://answers",
      destination: `queue://${queue.name}`,
      persistent: true,
    });
    expect(Math.abs((text.message.expiresAtMs ?? 0) - (send.message.expiresAtMs ?? 0))).toBeLessThan(5000);
    expect(bytes.message.kind).toBe("bytes");
    expect(bytes.message.bytes()).toEqual(Buffer.from([0, 1, 255]));
    expect(json.message.json()).toEqual({ sku: 1 });
    expect(json.message.contentType).toBe("application/json");
    for (const delivery of sink.deliveries) expect(subscription.settle(delivery, { kind: "accepted" })).toBe("settled");
    await subscription.close();
  });

  it("settles neighbours of one turn each in its own way", async () => {
    const session = await open();
    const queue = fresh("queue");
    await sendAll(session, queue, "accepted", "released", "rejected", "modified", "held");
    const { sink, subscription } = await subscribed(session, queue);
    await sink.delivered(5);
    const [accepted, released, rejected, modified] = sink.deliveries as [
      IncomingDelivery,
      IncomingDelivery,
      IncomingDelivery,
      IncomingDelivery,
    ];
    subscription.settle(accepted, { kind: "accepted" });
    subscription.settle(released, { kind: "released" });
    subscription.settle(rejected, { kind: "rejected", reason: "no such sku" });
    subscription.settle(modified, { kind: "modified", deliveryFailed: true, undeliverableHere: false });
    await sink.delivered(7);
    const again = new Map(sink.deliveries.slice(5).map((delivery) => [delivery.message.text(), delivery]));
    expect([...again.keys()].sort()).toEqual(["modified", "released"]);
    expect(again.get("released")).toMatchObject({ deliveryCount: 0 });
    expect(again.get("modified")).toMatchObject({ redelivered: true, deliveryCount: 1 });
    for (const delivery of again.values()) subscription.settle(delivery, { kind: "accepted" });
    await subscription.close();
    const next = await subscribed(session, queue);
    await next.sink.delivered(1);
    expect(next.sink.deliveries.map(({ message }) => message.text())).toEqual(["held"]);
    next.subscription.settle(next.sink.deliveries[0] as IncomingDelivery, { kind: "accepted" });
    await next.subscription.close();
  }, 20_000);

  it("carries three thousand messages through a prefetch of ten, in order", async () => {
    const session = await open();
    const queue = fresh("queue");
    const bodies = Array.from({ length: 3000 }, (_, index) => `${index}`);
    await sendAll(session, queue, ...bodies);
    const { sink, subscription } = await subscribed(session, queue);
    let settled = 0;
    while (settled < bodies.length) {
      await sink.delivered(settled + 1);
      for (const delivery of sink.deliveries.slice(settled)) subscription.settle(delivery, { kind: "accepted" });
      settled = sink.deliveries.length;
    }
    expect(sink.deliveries.map(({ message }) => message.text())).toEqual(bodies);
    await subscription.close();
  }, 60_000);

  it("publishes to every subscription of a topic", async () => {
    const session = await open();
    const other = await open();
    const topic = fresh("topic");
    const first = await subscribed(session, topic);
    const second = await subscribed(other, topic);
    await sendAll(session, topic, "news");
    await Promise.all([first.sink.delivered(1), second.sink.delivered(1)]);
    expect(second.sink.deliveries[0]?.message).toMatchObject({ destination: `topic://${topic.name}` });
  });

  it("receives what a selector lets through", async () => {
    const session = await open();
    const queue = fresh("queue");
    const { sink } = await subscribed(session, queue, { selector: "sku = 2 AND name = 'b'" });
    for (const sku of [1, 2, 3]) {
      const send = recordedSend(queue, `${sku}`, { properties: { sku, name: "b" } });
      session.send(send);
      await send.outcome;
    }
    await sink.delivered(1);
    expect(sink.deliveries.map(({ message }) => message.text())).toEqual(["2"]);
  });

  it("refuses a selector that cannot be read, and the session goes on", async () => {
    const session = await open();
    const sink = recordedSink();
    session.subscribe({ destination: fresh("queue"), prefetch: 1, selector: "sku ===" }, sink);
    expect(await sink.refused).toBeInstanceOf(SubscriptionRefusedError);
    await sendAll(session, fresh("queue"), "x");
  });

  it("refuses sends and subscriptions of a user who may not, and the session goes on", async () => {
    const session = await open(RESTRICTED_CREDENTIALS);
    const forbidden: Destination = { kind: "queue", name: `secret-${product}` };
    const send = recordedSend(forbidden, "x");
    session.send(send);
    const outcome = await send.outcome;
    expect(outcome).toMatchObject({ kind: "failed", error: expect.any(SendRejectedError) });
    const sink = recordedSink();
    session.subscribe({ destination: forbidden, prefetch: 1 }, sink);
    expect(await sink.refused).toBeInstanceOf(SubscriptionRefusedError);
    await sendAll(session, fresh("queue"), "allowed");
  });

  it("carries a message of ten megabytes", async () => {
    const session = await open();
    const queue = fresh("queue");
    const body = Buffer.alloc(10 * 1024 * 1024, 7);
    await sendAll(session, queue, body);
    const { sink, subscription } = await subscribed(session, queue);
    await sink.delivered(1);
    expect(sink.deliveries[0]?.message.bytes().equals(body)).toBe(true);
    subscription.settle(sink.deliveries[0] as IncomingDelivery, { kind: "accepted" });
    await subscription.close();
  }, 30_000);

  it("ends as lost when the broker dies, and settles nothing after it", async () => {
    const session = await open();
    const queue = fresh("queue");
    await sendAll(session, queue, "x");
    const { sink, subscription } = await subscribed(session, queue);
    await sink.delivered(1);
    await group.kill("a");
    expect((await session.ended).error).toMatchObject({ code: "SESSION_LOST" });
    expect(subscription.settle(sink.deliveries[0] as IncomingDelivery, { kind: "accepted" })).toBe("stale");
    await until(() => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length === 0);
  }, 30_000);
});
