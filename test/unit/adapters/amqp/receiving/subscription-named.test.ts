import type { EventContext, Sender } from "rhea";
import { describe, expect, it } from "vitest";
import { ConnectionClosedError, SubscriptionRefusedError, UnsupportedError } from "../../../../../src/errors/errors.ts";
import type { AdapterSettings } from "../../../../../src/messaging/port/adapter-settings.ts";
import type { NamedSubscription, SubscriptionRequest } from "../../../../../src/messaging/port/messaging-session.ts";
import { brokerPeer, openOn, type RheaPeer, recordedSink, rheaPeer, until } from "../scripted-peer.ts";

const prices: SubscriptionRequest = { destination: { kind: "topic", name: "prices" }, prefetch: 10 };
const durable: NamedSubscription = { name: "audit", durable: true, shared: false };
const SHARED_SUBS = { offered_capabilities: ["SHARED-SUBS"] };

interface Subscribing extends RheaPeer {
  readonly links: Sender[];
  /** Whether each detach closed its link. */
  readonly detaches: boolean[];
}

async function subscribingPeer(product: string, options: object = {}): Promise<Subscribing> {
  const peer = await brokerPeer(product, 1000, options);
  const links: Sender[] = [];
  const detaches: boolean[] = [];
  peer.container.on("sender_open", ({ sender }: EventContext) => sender && links.push(sender));
  peer.container.on("sender_close", ({ sender }: EventContext) => {
    const { remote } = sender as unknown as { readonly remote: { readonly detach: { readonly closed?: boolean } } };
    detaches.push(remote.detach.closed === true);
  });
  return Object.assign(peer, { links, detaches });
}

async function outcomeOf(peer: RheaPeer, request: SubscriptionRequest, settings: Partial<AdapterSettings> = {}) {
  const session = await openOn(peer, settings);
  const sink = recordedSink();
  const subscription = session.subscribe(request, sink);
  const refusal = await Promise.race([sink.ready.then(() => undefined), sink.refused]);
  return { session, sink, subscription, refusal };
}

function capabilitiesOf(link: Sender | undefined): unknown {
  return (link?.source as { readonly capabilities?: unknown } | undefined)?.capabilities;
}

describe("a durable AMQP subscription", () => {
  it("is a link of its name with a source that never expires, detached and not closed at the end", async () => {
    const peer = await subscribingPeer("ActiveMQ");
    const request = { ...prices, subscription: durable };
    const { subscription } = await outcomeOf(peer, request, { clientId: "billing" });
    const [link] = peer.links;
    expect(link?.name).toBe("audit");
    expect(link?.source).toMatchObject({ address: "topic://prices", durable: 2, expiry_policy: "never" });
    await subscription.close();
    expect(peer.detaches).toEqual([false]);
    expect((peer.connections[0] as unknown as { container_id: string }).container_id).toBe("billing");
  });

  it("closes its link for any other, as nothing outlives it", async () => {
    const peer = await subscribingPeer("ActiveMQ");
    const { subscription } = await outcomeOf(peer, prices);
    await subscription.close();
    expect(peer.detaches).toEqual([true]);
  });

  it("may be asked for again when another link has it", async () => {
    const peer = await rheaPeer();
    peer.container.on("sender_open", ({ sender }: EventContext) => {
      sender?.close({ condition: "amqp:internal-error", description: "Durable consumer is in use" });
    });
    const { refusal } = await outcomeOf(peer, { ...prices, subscription: durable }, { clientId: "billing" });
    expect(refusal).toBeInstanceOf(SubscriptionRefusedError);
    expect(refusal).toMatchObject({ retryable: true, message: expect.stringContaining("is in use") });
  });
});

describe("a shared AMQP subscription", () => {
  it.each([true, false])("asks for it by capabilities, under a link name of its own (durable: %s)", async (keeps) => {
    const peer = await subscribingPeer("apache-activemq-artemis", SHARED_SUBS);
    const request = { ...prices, subscription: { name: "pool", durable: keeps, shared: true } };
    const one = await outcomeOf(peer, request);
    const sink = recordedSink();
    one.session.subscribe(request, sink);
    await sink.ready;
    const names = peer.links.map(({ name }) => name.split("|"));
    expect(names.map(([name]) => name)).toEqual(["pool", "pool"]);
    expect(names[0]?.[1]).not.toBe(names[1]?.[1]);
    expect(capabilitiesOf(peer.links[0])).toEqual(["topic", "shared", "global"]);
    await one.subscription.close();
    expect(peer.detaches).toEqual([!keeps]);
  });
});

const classic = () => subscribingPeer("ActiveMQ");
const artemis = () => subscribingPeer("apache-activemq-artemis", SHARED_SUBS);
const queue = { kind: "queue", name: "orders" } as const;

it.each<[string, () => Promise<Subscribing>, Partial<SubscriptionRequest>, RegExp]>([
  ["a shared subscription on Classic", classic, { subscription: { ...durable, shared: true } }, /VirtualTopic/],
  ["a durable one without a client id", classic, { subscription: durable }, /clientId/],
  ["a subscription by name to a queue", classic, { destination: queue, subscription: durable }, /Only a topic/],
  ["a bar in the name on Artemis", artemis, { subscription: { ...durable, name: "a|b", shared: true } }, /"\|"/],
  ["an exclusive consumer on Artemis", artemis, { destination: queue, exclusive: true }, /default-exclusive-queue/],
  ["an exclusive consumer of a topic", classic, { exclusive: true }, /Only a queue/],
  ["a consumer of a topic with a priority", classic, { priority: -5 }, /Only a consumer of a queue/],
  ["a browser of a topic", classic, { browse: true }, /Only a queue/],
  ["a wildcard queue on Artemis", artemis, { destination: { kind: "queue", name: "orders.>" } }, /wildcards/],
  ["several destinations on Artemis", artemis, { destination: { kind: "queue", name: "a,b" } }, /by itself/],
])("refuses %s, with the reason as its cause, and attaches nothing", async (_what, make, request, reason) => {
  const peer = await make();
  const { refusal, subscription, session } = await outcomeOf(peer, { ...prices, ...request });
  expect(refusal).toMatchObject({
    code: "SUBSCRIPTION_REFUSED",
    retryable: false,
    cause: expect.any(UnsupportedError),
  });
  expect((refusal as Error).message).toMatch(reason);
  await subscription.close();
  expect(peer.links).toEqual([]);
  const next = recordedSink();
  session.subscribe(prices, next);
  await next.ready;
});

it("silently closes a subscription that is about to be refused", async () => {
  const session = await openOn(await classic());
  const sink = recordedSink();
  let told = false;
  void sink.refused.then(() => {
    told = true;
  });
  await session.subscribe({ ...prices, browse: true }, sink).close();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(told).toBe(false);
});

it.each([
  ["ActiveMQ", "queue", "orders.>", "queue://orders.>"],
  ["ActiveMQ", "queue", "a,topic://b", "queue://a,topic://b"],
  ["apache-activemq-artemis", "topic", "prices.*.eu.>", "prices.*.eu.#"],
  ["apache-activemq-artemis", "topic", ">", "#"],
  ["apache-activemq-artemis", "topic", "prices.>.eu", "prices.>.eu"],
] as const)("asks %s for %s %s as %s", async (product, kind, name, address) => {
  const peer = await subscribingPeer(product);
  await outcomeOf(peer, { destination: { kind, name }, prefetch: 1 });
  expect(peer.links[0]?.source.address).toBe(address);
});

it("asks Classic for a consumer's priority by an option of the address, beside the other one", async () => {
  const peer = await classic();
  await outcomeOf(peer, { destination: queue, prefetch: 1, exclusive: true, priority: -5 });
  expect(peer.links[0]?.source.address).toBe("queue://orders?consumer.exclusive=true&consumer.priority=-5");
});

it("asks Classic for an exclusive consumer by an option of the address", async () => {
  const peer = await classic();
  await outcomeOf(peer, { destination: queue, prefetch: 1, exclusive: true });
  expect(peer.links[0]?.source.address).toBe("queue://orders?consumer.exclusive=true");
});

it.each([
  ["ActiveMQ", "temp-queue://ID:vm-1"],
  ["apache-activemq-artemis", "ID:vm-1"],
])("tells the address of the temporary queue that %s made", async (product, address) => {
  const peer = await rheaPeer({ properties: { product } });
  const asked: unknown[] = [];
  peer.container.on("sender_open", ({ sender }: EventContext) => {
    asked.push(sender?.source.dynamic);
    sender?.set_source({ address, dynamic: true });
    sender?.send({ body: "reply" });
  });
  const session = await openOn(peer);
  const sink = recordedSink();
  session.subscribe({ destination: { kind: "temp-queue", name: "" }, prefetch: 1 }, sink);
  expect(await sink.ready).toEqual({ kind: "temp-queue", name: "ID:vm-1" });
  expect(asked).toEqual([true]);
  await sink.delivered(1);
  expect(sink.deliveries[0]?.message.destination).toBe("temp-queue://ID:vm-1");
});

describe("unsubscribe over AMQP", () => {
  it("attaches without a source, and closes", async () => {
    const peer = await rheaPeer();
    const asked: unknown[] = [];
    const detaches: unknown[] = [];
    peer.container.on("sender_open", ({ sender }: EventContext) => {
      asked.push([sender?.name, sender?.source?.address]);
      sender?.set_source({ address: "topic://prices" });
    });
    peer.container.on("sender_close", ({ sender }: EventContext) => {
      detaches.push((sender as unknown as { remote: { detach: { closed: boolean } } }).remote.detach.closed);
    });
    const session = await openOn(peer, { clientId: "billing" });
    await session.unsubscribe(durable);
    expect(asked).toEqual([["audit", undefined]]);
    expect(detaches).toEqual([true]);
  });

  it("asks for a shared one by its capabilities", async () => {
    const peer = await rheaPeer(SHARED_SUBS);
    const desired: unknown[] = [];
    peer.container.on("sender_open", ({ sender }: EventContext) => {
      desired.push((sender as unknown as { desired_capabilities: unknown }).desired_capabilities);
      sender?.set_source({ address: "pool:global" });
    });
    await (await openOn(peer)).unsubscribe({ name: "pool", durable: true, shared: true });
    expect(desired).toEqual([["shared", "global"]]);
  });

  it.each([
    ["amqp:not-found", false],
    ["amqp:internal-error", true],
  ])("says why it was refused: %s, worth another try: %s", async (condition, retryable) => {
    const peer = await rheaPeer();
    peer.container.on("sender_open", ({ sender }: EventContext) => {
      sender?.close({ condition, description: "audit" });
    });
    const session = await openOn(peer, { clientId: "billing" });
    const error = await session.unsubscribe(durable).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SubscriptionRefusedError);
    expect(error).toMatchObject({ retryable, message: expect.stringContaining(`${condition}: audit`) });
  });

  it("is refused where there is no such subscription to have", async () => {
    const session = await openOn(await classic());
    await expect(session.unsubscribe({ ...durable, shared: true })).rejects.toBeInstanceOf(UnsupportedError);
    await expect(session.unsubscribe(durable)).rejects.toBeInstanceOf(UnsupportedError);
  });

  it("rejects with what ended the session, before and after", async () => {
    const peer = await rheaPeer();
    let asked = false;
    peer.container.on("sender_open", () => {
      asked = true;
    });
    const session = await openOn(peer, { clientId: "billing" });
    const pending = session.unsubscribe(durable).catch((reason: unknown) => reason);
    await until(() => asked);
    session.destroy(new ConnectionClosedError("over"));
    expect(await pending).toBeInstanceOf(ConnectionClosedError);
    await expect(session.unsubscribe(durable)).rejects.toBeInstanceOf(ConnectionClosedError);
  });
});
