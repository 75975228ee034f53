import { afterEach, describe, expect, it } from "vitest";
import { UnsupportedError } from "../../../../../src/errors/errors.ts";
import type { MessagingSession } from "../../../../../src/messaging/port/messaging-session.ts";
import { settled, TestConsumer, TestSend } from "../messaging-steps.ts";
import { attempt, CLASSIC, frame, type PeerConnection, StompPeer } from "../stomp-peer.ts";

const open: AsyncDisposable[] = [];
async function connected(): Promise<{ session: MessagingSession; peer: PeerConnection }> {
  const peer = await StompPeer.greeting(CLASSIC, "1.2");
  open.push(peer);
  return { session: await attempt(peer.endpoint), peer: peer.connection };
}
afterEach(async () => {
  for (const peer of open.splice(0)) await peer[Symbol.asyncDispose]();
});

describe("SUBSCRIBE to a wildcard or a list on Classic", () => {
  it.each(["queue://orders.>", "queue://orders.*.eu", "queue://orders,queue://returns", "topic://prices.>"])(
    "asks for no receipt itself, but by an empty transaction behind it: %s",
    async (destination) => {
      const { session, peer } = await connected();
      const consumer = new TestConsumer(session, destination);
      const abort = await peer.frame("ABORT");
      const { headers } = await peer.frame("SUBSCRIBE");
      expect(headers["receipt"]).toBeUndefined();
      expect(peer.frames.map(({ command }) => command).slice(-3)).toEqual(["SUBSCRIBE", "BEGIN", "ABORT"]);
      expect((await peer.frame("BEGIN")).headers["transaction"]).toBe(abort.headers["transaction"]);
      expect(consumer.ready).toBe(0);
      peer.receipt(abort);
      await consumer.until(() => consumer.ready === 1);
    },
  );

  it("is refused by an ERROR that names nobody, and the session goes on", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session, "queue://orders.>");
    const abort = await peer.frame("ABORT");
    peer.write(frame("ERROR", { message: "User app is not authorized to read from: queue://orders.>" }));
    await consumer.until(() => consumer.refusals.length === 1);
    expect(consumer.refusals[0]?.message).toMatch(/not authorized to read/);
    peer.receipt(abort);
    const send = new TestSend("x");
    session.send(send);
    peer.receipt(await peer.frame("SEND"));
    expect(await send.outcome).toEqual({ kind: "confirmed" });
    expect(consumer.ready).toBe(0);
  });

  it("is not blamed for an acknowledgement that came too late", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session, "queue://orders.>");
    await peer.frame("ABORT");
    peer.write(frame("ERROR", { message: "Unexpected ACK received for message-id [a1]" }));
    expect((await session.ended).error).toMatchObject({ code: "SESSION_LOST" });
    await settled();
    expect(consumer.refusals).toEqual([]);
  });

  it("blames nobody when two were asked for and one is refused", async () => {
    const { session, peer } = await connected();
    const consumers = ["queue://a.>", "queue://b.>"].map((destination) => new TestConsumer(session, destination));
    await peer.frame("ABORT", 1);
    peer.write(frame("ERROR", { message: "not authorized" }));
    expect((await session.ended).error).toMatchObject({ code: "SESSION_LOST" });
    expect(consumers.flatMap(({ refusals }) => refusals)).toEqual([]);
  });
});

describe("a message of which Classic takes no acknowledgement", () => {
  const unsettleable = { "message-id": "ID\\cmine", ack: "a1", destination: "/queue/orders", JMS_AMQP_HEADER: "true" };

  async function delivered(more = {}) {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session, "queue://orders", 100, undefined, more);
    const subscribe = await peer.frame("SUBSCRIBE");
    peer.receipt(subscribe);
    peer.write(frame("MESSAGE", { ...unsettleable, subscription: subscribe.headers["id"] ?? "" }, "x"));
    return { session, peer, consumer, subscribe, delivery: await consumer.delivery(0) };
  }

  it("can be read and released; to accept or reject it throws, and nothing is written", async () => {
    const { peer, consumer, delivery } = await delivered();
    expect(delivery.message.text()).toBe("x");
    expect(delivery.unsettleable).toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringMatching(/ID:mine.*over AMQP/),
    });
    const rejected = { kind: "rejected", reason: "no" } as const;
    for (const settlement of [{ kind: "accepted" }, rejected] as const)
      expect(() => consumer.subscription.settle(delivery, settlement)).toThrow(UnsupportedError);
    expect(consumer.subscription.settle(delivery, { kind: "released" })).toBe("settled");
    await peer.frame("UNSUBSCRIBE");
    expect([...peer.all("ACK"), ...peer.all("NACK")]).toEqual([]);
  });

  it("is settled by itself where the broker may forget what it has sent", async () => {
    const { peer, consumer, delivery, subscribe } = await delivered({ autoSettled: true });
    expect(subscribe.headers["ack"]).toBe("auto");
    expect(consumer.subscription.settle(delivery, { kind: "accepted" })).toBe("settled");
    const closed = consumer.subscription.close();
    peer.receipt(await peer.frame("UNSUBSCRIBE"));
    await closed;
    expect(consumer.subscription.settle(delivery, { kind: "accepted" })).toBe("stale");
    expect(peer.all("ACK")).toEqual([]);
  });
});
