/** A STOMP session together with a foreign AMQP client, on real brokers: temporary reply queues, subjects, groups. */
import { once } from "node:events";
import rhea, { type Connection, type Message, types } from "rhea";
import { expect, it } from "vitest";
import { TestConsumer, TestSend } from "../unit/adapters/stomp/messaging-steps.ts";
import { confirmed, onRealBrokers, ready, type StompBench } from "./stomp-steps.ts";

async function connectAmqp({ group }: StompBench): Promise<Connection> {
  const { username, password } = group.credentials;
  const { host, port } = group.endpoint("a", "amqp");
  const connection = rhea.create_container().connect({ host, port, username, password, reconnect: false });
  await once(connection, "connection_open");
  return connection;
}

onRealBrokers("STOMP beside AMQP", (bench) => {
  const { classic } = bench;
  const address = (name: string) => ({ address: classic ? `queue://${name}` : name, capabilities: ["queue"] });

  it("answers to the temporary queue of an AMQP client, and reads what it said", async () => {
    const name = bench.freshName();
    const session = await bench.open();
    const consumer = await ready(new TestConsumer(session, `queue://${name}`));
    const connection = await connectAmqp(bench);
    try {
      const receiver = connection.open_receiver({
        source: { address: "", dynamic: true, capabilities: ["temporary-queue"] },
      });
      await once(receiver, "receiver_open");
      const answered = once(receiver, "message") as Promise<[{ message: Message }]>;
      const sender = connection.open_sender({ target: address(name) });
      await once(sender, "sendable");
      sender.send({
        ...{ body: "ask", reply_to: receiver.source.address, subject: "a subject", group_id: "G", group_sequence: 7 },
        ...{ creation_time: new Date(1_700_000_000_000), message_id: "m1" },
        message_annotations: { "x-opt-jms-reply-to": types.wrap_byte(2) },
      });
      const { message } = await consumer.delivery(0);
      expect(message).toMatchObject({ type: "a subject", sentAtMs: 1_700_000_000_000, kind: "text" });
      expect(message).toMatchObject(classic ? { groupId: undefined } : { groupId: "G", groupSequence: 7 });
      expect(message.replyTo).toMatch(/^temp-queue:\/\/./);
      await confirmed(session, new TestSend("answer", {}, message.replyTo));
      const [context] = await answered;
      expect(context.message.body).toBe("answer");
    } finally {
      connection.close();
      await once(connection, "connection_close");
    }
  });

  it("is understood by an AMQP client: type, group and its place", async () => {
    const name = bench.freshName();
    const connection = await connectAmqp(bench);
    try {
      const receiver = connection.open_receiver({ source: address(name) });
      const came = once(receiver, "message") as Promise<[{ message: Message }]>;
      await once(receiver, "receiver_open");
      const options = { type: "a type", groupId: "G", groupSequence: 3, replyTo: "queue://replies" };
      await confirmed(await bench.open(), new TestSend("x", options, `queue://${name}`));
      const [{ message }] = await came;
      expect(message).toMatchObject({ body: "x", subject: "a type", group_id: "G", group_sequence: 3 });
      expect(message.reply_to).toBe(classic ? "queue://replies" : "replies");
    } finally {
      connection.close();
      await once(connection, "connection_close");
    }
  });
});
