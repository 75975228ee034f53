/**
 * Properties that other senders name like STOMP headers, JMS selectors, and queues named by their addresses, on real
 * brokers.
 */
import { once } from "node:events";
import rhea, { type Connection, type Message } from "rhea";
import { expect, it } from "vitest";
import { openStompSession } from "../../src/adapters/stomp/open-session.ts";
import { lossOf, TestConsumer, TestSend } from "../unit/adapters/stomp/messaging-steps.ts";
import { SETTINGS } from "../unit/adapters/stomp/stomp-peer.ts";
import { confirmed, onRealBrokers, ready, type StompBench } from "./stomp-steps.ts";

const TIMEOUT = { timeout: 120_000 };
const NAMES = ["ack", "subscription", "message-id", "redelivered", "destination-type", "id", "message", "receipt-id"];
const MORE = ["selector", "browser", "subscription-type", "NATIVE_MESSAGE_ID"];
/** Properties that a broker hides, or that replace its own header: docs/messages.md. */
const LOST = {
  classic: ["ack", "subscription", "message-id", "redelivered"],
  artemis: ["destination-type", "NATIVE_MESSAGE_ID"],
};

/** Sends one message over AMQP with another library. */
async function sendByAmqp({ group, classic }: StompBench, name: string, message: Message): Promise<Connection> {
  const { username, password } = group.credentials;
  const { host, port } = group.endpoint("a", "amqp");
  const connection = rhea.create_container().connect({ host, port, username, password, reconnect: false });
  await once(connection, "connection_open");
  const address = classic ? `queue://${name}` : name;
  const sender = connection.open_sender({ target: { address, capabilities: ["queue"] } });
  await once(sender, "sendable");
  sender.send(message);
  await once(sender, "accepted");
  return connection;
}

async function leave(connection: Connection): Promise<void> {
  connection.close();
  await once(connection, "connection_close");
}

onRealBrokers("properties named like headers", (bench) => {
  const { classic, product } = bench;

  it.each([...NAMES, ...MORE])(
    "of another sender's message are shown or known not to be, and it is settled: %s",
    async (name) => {
      const queue = bench.freshName();
      await leave(await sendByAmqp(bench, queue, { body: "hi", application_properties: { [name]: "nope" } }));
      const session = await bench.open();
      const consumer = await ready(new TestConsumer(session, `queue://${queue}`));
      const delivery = await consumer.delivery(0);
      const shown = !LOST[product].includes(name);
      expect(delivery.message.properties).toEqual(shown ? { [name]: "nope" } : {});
      expect(delivery.message.destination).toBe(`queue://${queue}`);
      // Classic shows no id that an AMQP sender gave, and none of its own instead.
      if (!delivery.unsettleable) {
        const settled = consumer.subscription.settle(delivery, { kind: "accepted" }, { confirmed: true });
        expect(await settled).toBe("settled");
        await session.close(AbortSignal.timeout(2000));
        expect(await bench.drain(`queue://${queue}`)).toEqual([]);
      }
    },
  );

  if (classic) {
    it.each(["2", "99999"])(
      "a content-length of %s ends a session by name, and then its consumer alone",
      TIMEOUT,
      async (length) => {
        const queue = bench.freshName();
        await leave(
          await sendByAmqp(bench, queue, { body: "a text", application_properties: { "content-length": length } }),
        );
        const open = openStompSession({ ...SETTINGS, credentials: () => bench.group.credentials, heartbeatMs: 2000 });
        const endpoint = { scheme: "stomp", ...bench.group.endpoint("a", "stomp"), options: {} } as const;
        const next = async () => {
          const session = await open(endpoint, { signal: AbortSignal.timeout(10_000), turn: async () => {} });
          bench.sessions.push(session);
          return session;
        };
        for (const refusals of [0, 1]) {
          const session = await next();
          const consumer = new TestConsumer(session, `queue://${queue}`);
          expect((await lossOf(session)).message).toMatch(new RegExp(`in message ID:.* from queue://${queue}`));
          expect(consumer.refusals).toHaveLength(refusals);
        }
        await confirmed(await next(), new TestSend("x", {}, bench.freshQueue()));
      },
    );
  }

  it.each([
    ["JMSPriority > 6", { priority: 8 }, { priority: 2 }],
    ["JMSDeliveryMode = 'PERSISTENT'", { persistent: true }, { persistent: false }],
    ["JMSTimestamp > 0 AND JMSType = 't'", { type: "t" }, { type: "u" }],
    ["JMSXGroupID = 'g'", { groupId: "g" }, { groupId: "h" }],
  ])("the selector %s selects", async (selector, right, wrong) => {
    const queue = bench.freshQueue();
    const session = await bench.open();
    await confirmed(session, new TestSend("wrong", wrong, queue), new TestSend("right", right, queue));
    const consumer = await ready(new TestConsumer(session, queue, 100, selector));
    expect((await consumer.delivery(0)).message.text()).toBe("right");
    expect(consumer.deliveries).toHaveLength(1);
  });

  if (!classic) {
    it("a request that has only a message id is answered with it", async () => {
      const queue = bench.freshName();
      const connection = await sendByAmqp(bench, queue, { body: "ask", message_id: "m-1" });
      try {
        const consumer = await ready(new TestConsumer(await bench.open(), `queue://${queue}`));
        const { message } = await consumer.delivery(0);
        const correlationId = message.senderMessageId ?? "";
        const replies = bench.freshName();
        const receiver = connection.open_receiver({
          source: { address: replies, capabilities: ["queue"] },
        });
        const answered = once(receiver, "message") as Promise<[{ message: Message }]>;
        await once(receiver, "receiver_open");
        await confirmed(await bench.open(), new TestSend("answer", { correlationId }, `queue://${replies}`));
        const [{ message: reply }] = await answered;
        expect(reply.correlation_id).toBe("m-1");
      } finally {
        await leave(connection);
      }
    });

    it("a queue of a topic, named by its address, takes what is sent to it", async () => {
      const name = bench.freshName();
      const clientId = `client-${name}`;
      const durable = { name: "audit", durable: true, shared: false };
      const session = await bench.open({ clientId });
      await (
        await ready(new TestConsumer(session, `topic://${name}`, 100, undefined, { subscription: durable }))
      ).subscription.close();
      const queue = `queue://${name}::${clientId}.audit`;
      await confirmed(session, new TestSend("stored", {}, queue));
      const consumer = await ready(new TestConsumer(session, queue));
      const { message } = await consumer.delivery(0);
      expect(message.text()).toBe("stored");
      expect(message.destination).toBeUndefined();
    });

    it("a queue that is named by its address and does not exist takes what is sent to it", async () => {
      const name = bench.freshName();
      const session = await bench.open();
      await confirmed(session, new TestSend("stored", {}, `queue://${name}::${name}`));
      expect(await bench.drain(`queue://${name}::${name}`)).toEqual(["stored"]);
    });
  }
});
