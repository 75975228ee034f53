/** How respond() answers requesters of another library, bare rhea, with every form of reply-to and of id. */
import { once } from "node:events";
import rhea, { type Message, type Connection as RheaConnection, type Source, type Typed } from "rhea";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/connect/connect.ts";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import { keepReceivedBytes, receivedBytesOf } from "../../src/messaging/messages/encoded-sections.ts";
import { type Product, type Protocol, type RealGroup, startGroup } from "./real-group.ts";

const PRODUCTS: readonly Product[] = ["classic", "artemis"];
const PROTOCOLS: readonly Protocol[] = ["amqp", "stomp"];
const PATIENCE = { timeoutMs: 20_000 };
const { types } = rhea;
const UUID = Buffer.from("00112233445566778899aabbccddeeff", "hex");
const EIGHT = Buffer.from("0000000000000007", "hex");
/** Each id as rhea sends it, and as it is encoded (AMQP 1.0, 1.6): its type code is a part of it. */
const IDS: readonly (readonly [what: string, id: Typed, encoded: readonly Buffer[]])[] = [
  ["a small ulong", types.wrap_ulong(7), [Buffer.from([0x53, 7]), Buffer.concat([Buffer.from([0x80]), EIGHT])]],
  ["a ulong of 64 bits", types.wrap_ulong(Buffer.alloc(8, 0xfe) as never), [Buffer.from(`80${"fe".repeat(8)}`, "hex")]],
  ["a uuid", types.wrap_uuid(UUID), [Buffer.concat([Buffer.from([0x98]), UUID])]],
  ["binary as long as a uuid", types.wrap_binary(UUID), [Buffer.concat([Buffer.from([0xa0, 16]), UUID])]],
  ["binary as long as a ulong", types.wrap_binary(EIGHT), [Buffer.concat([Buffer.from([0xa0, 8]), EIGHT])]],
  ["a string of digits", types.wrap_string("7"), [Buffer.from([0xa1, 1, 0x37])]],
];

describe.each(PRODUCTS)("a responder on %s answers bare rhea", (product) => {
  let group: RealGroup;
  let asking: RheaConnection;
  const connections: Connection[] = [];
  let names = 0;
  const fresh = () => `open.replies.${++names}`;
  /** The address by which rhea names a queue or a topic. */
  const spelled = (kind: "queue" | "topic", name: string) =>
    product === "classic" ? { address: `${kind}://${name}` } : { address: name, capabilities: [kind] };

  const open = async (protocol: Protocol) => {
    const connection = await connect(group.uri(protocol), { credentials: group.credentials });
    connections.push(connection);
    return connection;
  };
  const respond = async (protocol: Protocol) => {
    const name = fresh();
    const responder = (await open(protocol)).respond(`queue://${name}`, (message) => `re: ${message.text()}`);
    await responder.ready;
    return name;
  };
  const ask = async (name: string, message: Message) => {
    const sender = asking.open_sender({ target: spelled("queue", name) });
    await once(sender, "sendable");
    sender.send(message);
    await once(sender, "accepted");
    sender.close();
  };

  beforeAll(async () => {
    group = await startGroup(product);
    const { host, port } = group.endpoint("a", "amqp");
    asking = rhea.create_container().connect({ host, port, ...group.credentials, reconnect: false });
    await once(asking, "connection_open");
  }, 600_000);
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close({ drainTimeoutMs: 200 })));
  });
  afterAll(async () => {
    const closed = asking && once(asking, "connection_close");
    asking?.close();
    await closed;
    await group?.close();
  });

  describe.each(PROTOCOLS)("over %s", (protocol) => {
    // On Classic no STOMP consumer can settle a message to which an AMQP sender gave an id (docs/interop.md).
    const id = product === "classic" && protocol === "stomp" ? {} : { message_id: "m-1" };

    const forms: [string, (name: string) => Partial<Source>][] = [
      ["a dynamic node", () => ({ dynamic: true }) as never],
      ["a dynamic node for a queue", () => ({ dynamic: true, capabilities: ["temporary-queue"] }) as never],
      ["a name without a kind", (name) => ({ address: name })],
      ["the name of a topic", (name) => spelled("topic", name) as never],
      ["the name of a queue", (name) => spelled("queue", name) as never],
    ];
    it.each(forms)("that reads its replies from %s and says nothing of its kind", async (_, sourceOf) => {
      const queue = await respond(protocol);
      const receiver = asking.open_receiver({ source: sourceOf(fresh()) as Source });
      await once(receiver, "receiver_open");
      const answered = once(receiver, "message") as Promise<[{ message: Message }]>;
      await ask(queue, { body: "who?", reply_to: receiver.source.address, ...id });
      const [{ message }] = await answered;
      expect(message.body).toBe("re: who?");
      receiver.close();
    });
  });

  it.each(["correlation_id", "message_id"] as const)("with its %s, whatever the type of that", async (field) => {
    const forget = keepReceivedBytes();
    try {
      const queue = await respond("amqp");
      const replies = fresh();
      const consumer = (await open("amqp")).consume(`queue://${replies}`);
      await consumer.ready;
      const seen: string[] = [];
      for (const [what, value, encoded] of IDS) {
        await ask(queue, { body: what, reply_to: spelled("queue", replies).address, [field]: value as never });
        const reply = await consumer.receive(PATIENCE);
        const bytes = receivedBytesOf(reply?.message ?? {}) ?? Buffer.alloc(0);
        if (encoded.some((one) => bytes.includes(one))) seen.push(what);
        await reply?.accept();
      }
      expect(seen).toEqual(IDS.map(([what]) => what));
    } finally {
      forget();
    }
  });
});
