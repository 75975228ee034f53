/** Settlements that wait for the broker: a dead letter sent in place of a message, and a confirmed acknowledgement. */
import { afterEach, describe, expect, it } from "vitest";
import { SendRejectedError } from "../../../../../src/errors/errors.ts";
import { lossOf, settled, TestConsumer } from "../messaging-steps.ts";
import { ARTEMIS, attempt, CLASSIC, frame, StompPeer } from "../stomp-peer.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const peer of open.splice(0)) await peer[Symbol.asyncDispose]();
});

const MESSAGE = {
  ...{ "message-id": "7,42", ack: "7,42", destination: "orders", "destination-type": "ANYCAST" },
  ...{ _AMQ_DUPL_ID: "id-1", "content-type": "text/plain;charset=utf-8", "content-length": "4", persistent: "false" },
  ...{ "correlation-id": "c", "reply-to": "temp-queue//abc", type: "t", priority: "7", expires: "99", timestamp: "5" },
  ...{ _AMQ_GROUP_ID: "g", colour: "red" },
};

async function delivered(server = ARTEMIS, headers: Readonly<Record<string, string>> = MESSAGE) {
  const peer = await StompPeer.greeting(server);
  open.push(peer);
  const session = await attempt(peer.endpoint);
  const consumer = new TestConsumer(session);
  const { connection } = peer;
  const subscribe = await connection.frame("SUBSCRIBE");
  connection.receipt(subscribe);
  connection.write(frame("MESSAGE", { subscription: subscribe.headers["id"] ?? "", ...headers }, "body"));
  const delivery = await consumer.delivery(0);
  const reject = (reason: string | undefined = "no good") =>
    consumer.subscription.settle(delivery, { kind: "rejected", reason });
  return { session, peer: connection, consumer, delivery, reject };
}

describe("rejecting on Artemis", () => {
  it("sends a copy with the reason to the dead letter queue, and accepts the message once that is stored for certain", async () => {
    const { peer, reject } = await delivered();
    const rejected = reject("bad: line\nline\0");
    const send = await peer.frame("SEND");
    const { receipt, ...headers } = send.headers;
    expect(headers).toEqual({
      ...{ destination: "DLQ", "destination-type": "ANYCAST", persistent: "true" },
      ...{ _AMQ_DUPL_ID: "id-1:rejected:42:orders", "content-type": "text/plain;charset=utf-8" },
      ...{ "correlation-id": "c", "reply-to": "queue://temp-queue//abc", type: "t", priority: "7", JMSXGroupID: "g" },
      ...{ colour: "red", _AMQ_ORIG_ADDRESS: "orders", _AMQ_ORIG_QUEUE: "orders" },
      dlqDeliveryFailureCause: "bad: line\nline ",
    });
    expect(send.body.toString()).toBe("body");
    await settled();
    expect(peer.all("ACK")).toEqual([]);
    peer.receipt(send);
    await settled();
    expect(peer.all("ACK")).toEqual([]);
    await peer.passBarrier();
    expect(await rejected).toBe("settled");
    expect((await peer.frame("ACK")).headers["id"]).toBe("7,42");
  });

  it("keeps bytes as bytes, and gives no reason where there is none", async () => {
    const { peer, consumer, delivery } = await delivered(ARTEMIS, {
      ...{ "message-id": "7,42", ack: "7,42", destination: "prices", "destination-type": "MULTICAST" },
      ...{ "content-length": "4", "reply-to": "odd://x" },
    });
    const rejected = consumer.subscription.settle(delivery, { kind: "rejected", reason: undefined });
    const send = await peer.frame("SEND");
    expect(send.headers).toMatchObject({ "content-length": "4", _AMQ_ORIG_ADDRESS: "prices" });
    for (const absent of ["content-type", "dlqDeliveryFailureCause", "reply-to"])
      expect(send.headers).not.toHaveProperty(absent);
    peer.receipt(send);
    await peer.passBarrier();
    expect(await rejected).toBe("settled");
  });

  it("leaves the delivery unsettled when the copy is refused", async () => {
    const { session, peer, reject } = await delivered();
    const rejected = reject();
    const { headers } = await peer.frame("SEND");
    peer.socket.end(frame("ERROR", { "receipt-id": headers["receipt"] ?? "", message: "AMQ339011 Error sending" }));
    await expect(rejected).rejects.toBeInstanceOf(SendRejectedError);
    await expect(rejected).rejects.toThrow(
      /dead letter of message id-1 to queue:\/\/DLQ, so the message is not rejected/,
    );
    await lossOf(session);
    expect(peer.all("ACK")).toEqual([]);
  });

  it("is stale when the session, or the subscription, ends before the copy is confirmed", async () => {
    const first = await delivered();
    const rejected = first.reject();
    await first.peer.frame("SEND");
    first.peer.socket.destroy();
    expect(await rejected).toBe("stale");
    const second = await delivered();
    const again = second.reject();
    const send = await second.peer.frame("SEND");
    void second.consumer.subscription.close();
    second.peer.receipt(send);
    await second.peer.passBarrier();
    expect(await again).toBe("stale");
    expect(second.peer.all("ACK")).toEqual([]);
  });

  it("is stale when the session ends after the copy is confirmed, and before it is stored for certain", async () => {
    const { peer, reject } = await delivered();
    const rejected = reject();
    peer.receipt(await peer.frame("SEND"));
    await peer.frame("BEGIN");
    peer.socket.destroy();
    expect(await rejected).toBe("stale");
    expect(peer.all("ACK")).toEqual([]);
  });
});

describe("a confirmed acceptance", () => {
  const confirmed = async (server = CLASSIC) => {
    const { session, peer, consumer, delivery } = await delivered(server, { "message-id": "m", ack: "a1" });
    const accepted = consumer.subscription.settle(delivery, { kind: "accepted" }, { confirmed: true });
    expect(consumer.subscription.settle(delivery, { kind: "accepted" })).toBe("stale");
    return { session, peer, accepted, ack: await peer.frame("ACK") };
  };

  it("is settled when its receipt comes", async () => {
    const { peer, accepted, ack } = await confirmed();
    peer.receipt(ack);
    expect(await accepted).toBe("settled");
  });

  it("is stale when the broker does not know the delivery", async () => {
    const { peer, accepted, ack } = await confirmed();
    peer.write(frame("ERROR", { "receipt-id": ack.headers["receipt"] ?? "", message: "Unexpected ACK received" }));
    expect(await accepted).toBe("stale");
  });

  it("is stale when the session ends first", async () => {
    const { peer, accepted } = await confirmed();
    peer.socket.destroy();
    expect(await accepted).toBe("stale");
  });
});
