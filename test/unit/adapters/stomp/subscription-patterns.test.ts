import { afterEach, describe, expect, it } from "vitest";
import type { MessagingSession } from "../../../../src/messaging/messaging-session.ts";
import { settled, TestConsumer, TestSend } from "./messaging-steps.ts";
import { attempt, CLASSIC, frame, type PeerConnection, StompPeer } from "./stomp-peer.ts";

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

describe("a message that cannot be acknowledged", () => {
  it("ends its subscription with the reason, and the session goes on", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session);
    const subscribe = await peer.frame("SUBSCRIBE");
    peer.receipt(subscribe);
    const subscription = subscribe.headers["id"] ?? "";
    const headers = { subscription, "message-id": "ID\\cmine", ack: "a1", destination: "/queue/orders" };
    peer.write(frame("MESSAGE", { ...headers, JMS_AMQP_HEADER: "true" }, "x"));
    await consumer.until(() => consumer.refusals.length === 1);
    expect(consumer.refusals[0]).toMatchObject({ code: "SUBSCRIPTION_REFUSED", cause: { code: "UNSUPPORTED" } });
    expect(consumer.refusals[0]?.message).toMatch(/ID:mine.*Consume it over AMQP/);
    expect((await peer.frame("UNSUBSCRIBE")).headers["id"]).toBe(subscription);
    expect([consumer.deliveries.length, peer.all("ACK").length]).toEqual([0, 0]);
    const send = new TestSend("x");
    session.send(send);
    peer.receipt(await peer.frame("SEND"));
    expect(await send.outcome).toEqual({ kind: "confirmed" });
  });
});
