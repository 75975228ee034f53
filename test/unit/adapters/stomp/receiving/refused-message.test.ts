import { afterEach, describe, expect, it } from "vitest";
import { openStompSession } from "../../../../../src/adapters/stomp/open-session.ts";
import type { ConnectionWarning } from "../../../../../src/messaging/port/adapter-settings.ts";
import { lossOf, settled, TestConsumer, TestSend } from "../messaging-steps.ts";
import { ARTEMIS, CLASSIC, frame, SETTINGS, StompPeer } from "../stomp-peer.ts";

const peers: StompPeer[] = [];
afterEach(async () => {
  for (const peer of peers.splice(0)) await peer[Symbol.asyncDispose]();
});

/** Sessions of one connection with a peer of this product, and a consumer on each. */
async function connected(server = CLASSIC, maxMessageBytes = 100) {
  const peer = await StompPeer.greeting(server);
  peers.push(peer);
  const warnings: ConnectionWarning[] = [];
  const open = openStompSession({ ...SETTINGS, maxMessageBytes, onWarning: (warning) => warnings.push(warning) });
  return {
    warnings,
    async next() {
      const session = await open(peer.endpoint, { signal: AbortSignal.timeout(10_000), turn: async () => {} });
      const connection = peer.connections.at(-1);
      if (!connection) throw new Error("nobody has connected");
      const consumer = new TestConsumer(session);
      const subscribe = await connection.frame("SUBSCRIBE");
      connection.receipt(subscribe);
      const message = (headers: Record<string, string>, body: string) =>
        connection.write(
          frame(
            "MESSAGE",
            { subscription: "1", "message-id": "ID-7", ack: "a7", destination: "/queue/orders", ...headers },
            body,
          ),
        );
      return { session, connection, consumer, message };
    },
  };
}

describe("a message whose content-length is a property of its sender", () => {
  it.each(["2", "0", "abc"])("ends the session by name, and the second time its consumer alone: %s", async (length) => {
    const { next } = await connected();
    const first = await next();
    first.message({ "content-length": length }, "a text");
    const loss = await lossOf(first.session);
    expect(loss).toMatchObject({ code: "PROTOCOL_ERROR" });
    expect(loss.message).toMatch(/in message ID-7 from queue:\/\/orders/);
    expect(first.consumer.refusals).toEqual([]);
    const second = await next();
    second.message({ "content-length": length }, "a text");
    await lossOf(second.session);
    expect(second.consumer.refusals).toHaveLength(1);
    expect(second.consumer.refusals[0]?.message).toMatch(
      /2 sessions .* ended over one frame .*ID-7 from queue:\/\/orders/,
    );
    // The connection goes on.
    const third = await next();
    const send = new TestSend("x");
    third.session.send(send);
    third.connection.receipt(await third.connection.frame("SEND"));
    expect(await send.outcome).toEqual({ kind: "confirmed" });
  });

  it("that promises more than there is ends the session when nothing but heart-beats comes", {
    timeout: 30_000,
  }, async () => {
    const { session, connection, message } = await (await connected(CLASSIC, 1e6)).next();
    message({ "content-length": "99999" }, "a text");
    const beats = setInterval(() => connection.write("\n"), 500);
    try {
      const loss = await lossOf(session);
      expect(loss).toMatchObject({ code: "PROTOCOL_ERROR" });
      expect(loss.message).toMatch(/promises more than the body has, in message ID-7 from queue:\/\/orders/);
    } finally {
      clearInterval(beats);
    }
  });
});

describe("a message that is larger than maxMessageBytes", () => {
  it.each([
    ["of a known length", { "content-length": "300" }],
    ["of an unknown length", {}],
  ])("is rejected to the dead letters on Classic, %s, and the consumer goes on", async (_what, length) => {
    const { next, warnings } = await connected();
    const { connection, consumer, message } = await next();
    message(length as Record<string, string>, "x".repeat(300));
    message({ "message-id": "ID-8", ack: "a8" }, "small");
    const delivery = await consumer.delivery(0);
    expect(delivery.message.text()).toBe("small");
    expect((await connection.frame("NACK")).headers).toEqual({ id: "a7" });
    expect(warnings).toMatchObject([{ code: "MESSAGE_TOO_LARGE" }]);
    expect(warnings[0]?.message).toMatch(
      /ID-7 from queue:\/\/orders .* has 300 bytes, and maxMessageBytes is 100: it was rejected/,
    );
    expect(consumer.refusals).toEqual([]);
  });

  it("ends its consumer alone on Artemis, which would lose what is rejected", async () => {
    const { next, warnings } = await connected(ARTEMIS);
    const { session, connection, consumer, message } = await next();
    message({ "content-length": "300" }, "x".repeat(300));
    await consumer.until(() => consumer.refusals.length > 0);
    expect(consumer.refusals[0]?.message).toMatch(/Raise maxMessageBytes, or consume its queue over AMQP/);
    expect(warnings).toMatchObject([{ code: "MESSAGE_TOO_LARGE" }]);
    await connection.frame("UNSUBSCRIBE");
    expect([...connection.all("NACK"), ...connection.all("ACK")]).toEqual([]);
    await settled();
    session.destroy(new Error("over") as never);
  });
});
