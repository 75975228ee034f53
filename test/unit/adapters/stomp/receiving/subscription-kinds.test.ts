/** What SUBSCRIBE asks of each broker beyond a destination, what is refused before it is written, and deletion. */
import { afterEach, describe, expect, it } from "vitest";
import { openStompSession } from "../../../../../src/adapters/stomp/open-session.ts";
import { SubscriptionRefusedError, UnsupportedError } from "../../../../../src/errors/errors.ts";
import type { ConnectionWarning } from "../../../../../src/messaging/port/adapter-settings.ts";
import type { NamedSubscription, SubscriptionRequest } from "../../../../../src/messaging/port/messaging-session.ts";
import { lossOf, settled, TestConsumer } from "../messaging-steps.ts";
import { ARTEMIS, attempt, CLASSIC, frame, OTHER, SETTINGS, StompPeer } from "../stomp-peer.ts";

const open: AsyncDisposable[] = [];
const warnings: ConnectionWarning[] = [];
async function connected(server = CLASSIC, clientId: string | undefined = "me") {
  const peer = await StompPeer.greeting(server);
  open.push(peer);
  const session = await attempt(peer.endpoint, { clientId, onWarning: (warning) => warnings.push(warning) });
  return { session, peer: peer.connection };
}
afterEach(async () => {
  warnings.length = 0;
  for (const peer of open.splice(0)) await peer[Symbol.asyncDispose]();
});

const DURABLE: NamedSubscription = { name: "sub", durable: true, shared: false };
const SHARED_DURABLE: NamedSubscription = { name: "sub", durable: true, shared: true };
const SHARED: NamedSubscription = { name: "sub", durable: false, shared: true };
type More = Partial<SubscriptionRequest>;

describe("SUBSCRIBE", () => {
  it.each<[string, string, More, Record<string, string>]>([
    [CLASSIC, "topic://t", { subscription: DURABLE }, { "activemq.subscriptionName": "sub", destination: "/topic/t" }],
    [CLASSIC, "queue://q", { exclusive: true }, { "activemq.exclusive": "true" }],
    [CLASSIC, "queue://q", { priority: -5 }, { "activemq.priority": "-5" }],
    [CLASSIC, "queue://q", { browse: true }, { browser: "true", ack: "client-individual" }],
    [CLASSIC, "queue://a,b", {}, { destination: "/queue/a,/queue/b" }],
    [ARTEMIS, "topic://t.>", { subscription: DURABLE }, { "durable-subscription-name": "sub", destination: "t.#" }],
    [ARTEMIS, "topic://t", { subscription: SHARED_DURABLE }, { "durable-subscription-name": "sub" }],
    [ARTEMIS, "topic://t.>", { subscription: SHARED }, { destination: "t.#::sub:shared-volatile:global" }],
    [ARTEMIS, "queue://q", { prefetchBytes: 5000 }, { "consumer-window-size": "5000" }],
  ])("asks %s for %s with %j", async (server, destination, more, expected) => {
    const { session, peer } = await connected(server);
    new TestConsumer(session, destination, 100, undefined, more);
    expect((await peer.frame("SUBSCRIBE")).headers).toMatchObject(expected);
  });

  it.each<[string, string, More, RegExp]>([
    [CLASSIC, "topic://t", { subscription: SHARED }, /VirtualTopic/],
    [CLASSIC, "topic://t", { subscription: SHARED_DURABLE }, /VirtualTopic/],
    [CLASSIC, "topic://t", { browse: true }, /browse one queue/],
    [CLASSIC, "queue://a,b", { browse: true }, /browse one queue/],
    [CLASSIC, "queue://a,topic://b", {}, /a consumer for each kind/],
    [CLASSIC, "temp-topic://t", {}, /use a topic/],
    [ARTEMIS, "topic://t", { subscription: SHARED, selector: "a = 1" }, /use sharedDurable, or AMQP/],
    [ARTEMIS, "queue://q", { exclusive: true }, /default-exclusive-queue/],
    [ARTEMIS, "queue://q", { priority: -5 }, /priority of a consumer is not possible.*use AMQP/],
    [ARTEMIS, "queue://q", { browse: true }, /use AMQP/],
    [ARTEMIS, "queue://q.>", {}, /wildcard/],
    [ARTEMIS, "queue://*.q", {}, /wildcard/],
    [ARTEMIS, "queue://#", {}, /wildcard/],
    [ARTEMIS, "queue://a,b", {}, /one call for each/],
    [ARTEMIS, "temp-queue://q", {}, /a queue of your own/],
    [OTHER, "topic://t", { subscription: DURABLE }, /durable subscription "sub" is not possible/],
    [OTHER, "queue://q", { exclusive: true }, /exclusive consumer is not possible/],
    [OTHER, "queue://q", { browse: true }, /Browsing/],
  ])("is not written to %s for %s with %j", async (server, destination, more, reason) => {
    const { session, peer } = await connected(server);
    const consumer = new TestConsumer(session, destination, 100, undefined, more);
    expect(consumer.refusals).toEqual([]);
    await consumer.until(() => consumer.refusals.length === 1);
    const [refusal] = consumer.refusals;
    expect(refusal).toBeInstanceOf(SubscriptionRefusedError);
    expect(refusal?.cause).toBeInstanceOf(UnsupportedError);
    expect(refusal?.message).toMatch(reason);
    await consumer.subscription.close();
    await settled();
    expect(peer.all("SUBSCRIBE")).toEqual([]);
  });

  it.each([CLASSIC, ARTEMIS])("is not written to %s for a durable one without a client id", async (server) => {
    const peer = await StompPeer.greeting(server);
    open.push(peer);
    const session = await attempt(peer.endpoint);
    const consumer = new TestConsumer(session, "topic://t", 100, undefined, { subscription: DURABLE });
    await consumer.until(() => consumer.refusals.length === 1);
    expect(consumer.refusals[0]?.message).toMatch(/give the connection a clientId/);
    await expect(session.unsubscribe(DURABLE)).rejects.toBeInstanceOf(UnsupportedError);
  });

  it("is refused as worth asking again when another session has it", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session, "topic://t", 100, undefined, { subscription: DURABLE });
    const { headers } = await peer.frame("SUBSCRIBE");
    const message = "Durable consumer is in use for client: me and subscriptionName: sub";
    peer.write(frame("ERROR", { "receipt-id": headers["receipt"] ?? "", message }));
    await consumer.until(() => consumer.refusals.length === 1);
    expect(consumer.refusals[0]).toMatchObject({ retryable: true });
  });

  it("makes a temporary queue of a name of its own, and tells it", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session, "temp-queue://any");
    const subscribe = await peer.frame("SUBSCRIBE");
    peer.receipt(subscribe);
    await consumer.until(() => consumer.ready === 1);
    expect(consumer.address?.kind).toBe("temp-queue");
    expect(subscribe.headers["destination"]).toBe(`/temp-queue/${consumer.address?.name}`);
    expect(consumer.address?.name).not.toBe("any");
  });
});

describe("a browser", () => {
  it("is shown messages that nothing settles, and told the end", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session, "queue://q", 1, undefined, { browse: true });
    const { headers } = await peer.frame("SUBSCRIBE");
    const subscription = headers["id"] ?? "";
    for (const n of ["1", "2"]) peer.write(frame("MESSAGE", { subscription, "message-id": n, browser: "shown" }, n));
    peer.write(frame("MESSAGE", { subscription, "message-id": "0", browser: "end" }));
    await consumer.until(() => consumer.browsed === 1);
    expect(consumer.deliveries.map(({ message }) => message.text())).toEqual(["1", "2"]);
    expect(consumer.subscription.settle(await consumer.delivery(0), { kind: "accepted" })).toBe("stale");
    await settled();
    expect(peer.all("ACK")).toEqual([]);
  });
});

describe("deleting a subscription", () => {
  it.each([
    [CLASSIC, DURABLE, { id: "0", "activemq.subscriptionName": "sub" }],
    [ARTEMIS, DURABLE, { "durable-subscription-name": "sub" }],
    [ARTEMIS, SHARED_DURABLE, { "durable-subscription-name": "sub" }],
  ])("asks %s for %j", async (server, subscription, expected) => {
    const { session, peer } = await connected(server);
    const deleted = session.unsubscribe(subscription);
    const unsubscribe = await peer.frame("UNSUBSCRIBE");
    const { receipt: _receipt, ...headers } = unsubscribe.headers;
    expect(headers).toEqual(expected);
    peer.receipt(unsubscribe);
    await deleted;
  });

  it.each([
    [CLASSIC, SHARED_DURABLE],
    [ARTEMIS, SHARED],
    [OTHER, DURABLE],
  ])("is not possible on %s for %j", async (server, subscription) => {
    const { session, peer } = await connected(server);
    await expect(session.unsubscribe(subscription)).rejects.toBeInstanceOf(UnsupportedError);
    expect(peer.all("UNSUBSCRIBE")).toEqual([]);
  });

  it.each([
    [CLASSIC, "Durable consumer is in use", true],
    [CLASSIC, "No durable subscription exists for clientID: me and subscriptionName: sub", false],
    [ARTEMIS, "AMQ339017 Error unsubscribing null", true],
  ])("is refused by %s with %s", async (server, message, retryable) => {
    const { session, peer } = await connected(server);
    const refused = session.unsubscribe(DURABLE);
    const { headers } = await peer.frame("UNSUBSCRIBE");
    peer.write(frame("ERROR", { "receipt-id": headers["receipt"] ?? "", message }));
    await expect(refused).rejects.toMatchObject({ code: "SUBSCRIPTION_REFUSED", retryable });
  });

  it("ends with why the session ended, also when that is over already", async () => {
    const { session, peer } = await connected();
    const deleted = session.unsubscribe(DURABLE);
    const rejected = expect(deleted).rejects.toMatchObject({ code: "SESSION_LOST" });
    await peer.frame("UNSUBSCRIBE");
    peer.socket.destroy();
    await lossOf(session);
    await rejected;
    await expect(session.unsubscribe(DURABLE)).rejects.toMatchObject({ code: "SESSION_LOST" });
  });
});

describe("a prefetch", () => {
  const deliverTo = async (server: string, prefetch: number) => {
    const { session, peer } = await connected(server);
    const consumer = new TestConsumer(session, "queue://q", prefetch);
    const { headers } = await peer.frame("SUBSCRIBE");
    for (const n of ["1", "2"]) {
      peer.write(frame("MESSAGE", { subscription: headers["id"] ?? "", "message-id": n, ack: "x".repeat(50) }, n));
    }
    await consumer.delivery(1);
  };

  it("whose acknowledgements pass 64 KiB is warned of once on Classic, with the largest that does not", async () => {
    await deliverTo(CLASSIC, 2000);
    expect(warnings).toMatchObject([{ code: "PREFETCH_TOO_LARGE", endpoint: { host: "127.0.0.1" } }]);
    const most = Number(/at or below (\d+)$/.exec(warnings[0]?.message ?? "")?.[1]);
    warnings.length = 0;
    await deliverTo(CLASSIC, most);
    expect(warnings).toEqual([]);
    await deliverTo(CLASSIC, most + 1);
    expect(warnings).toHaveLength(1);
  });

  it("is nothing to warn of on Artemis", async () => {
    await deliverTo(ARTEMIS, 100_000);
    expect(warnings).toEqual([]);
  });
});

describe("a client id in use", () => {
  it("is warned of once until a session is open", async () => {
    let inUse = true;
    const peer = await StompPeer.listen(async (connection) => {
      await connection.frame("CONNECT");
      if (inUse) connection.socket.end(frame("ERROR", { message: "Broker: a - Client: me already connected from x" }));
      else connection.connected();
    });
    open.push(peer);
    const openOne = openStompSession({ ...SETTINGS, clientId: "me", onWarning: (warning) => warnings.push(warning) });
    const once = () => openOne(peer.endpoint, { signal: AbortSignal.timeout(5000), turn: async () => {} });
    await expect(once()).rejects.toMatchObject({ code: "ENDPOINT_REJECTED" });
    await expect(once()).rejects.toMatchObject({ code: "ENDPOINT_REJECTED" });
    expect(warnings).toMatchObject([{ code: "SUBSCRIPTION_IN_USE", message: expect.stringMatching(/clientId/) }]);
    inUse = false;
    await once();
    inUse = true;
    await expect(once()).rejects.toMatchObject({ code: "ENDPOINT_REJECTED" });
    expect(warnings).toHaveLength(2);
  });
});
