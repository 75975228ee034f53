import { once } from "node:events";
import { connect } from "node:net";
import rhea, { type Delivery } from "rhea";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type EmbeddedGroup, embeddedGroup } from "../../../../src/testing/index.ts";
import { nextEvent, outcomeOf, RawAmqp } from "../raw-amqp.ts";

let group: EmbeddedGroup;
let counter = 0;
let queue = "";
const clients: RawAmqp[] = [];

beforeAll(async () => {
  group = await embeddedGroup({ inProcess: true, protocols: ["amqp"], maxMessageBytes: 4 * 1024 * 1024 });
});
afterAll(() => group.close());
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

const port = () => group.endpoints("amqp")[group.active ?? 0]?.port ?? 0;

async function open(options: Record<string, unknown> = {}): Promise<RawAmqp> {
  queue = `q${++counter}`;
  const client = await RawAmqp.open(port(), options);
  clients.push(client);
  return client;
}

const bodies = async () => (await group.messages(queue)).map(({ text }) => text);

async function sendTexts(client: RawAmqp, ...texts: string[]): Promise<void> {
  const sender = await client.sender(`queue://${queue}`);
  await Promise.all(texts.map((text) => outcomeOf(sender, { durable: true, body: text })));
}

describe("the AMQP handshake", () => {
  it("names itself, and takes ANONYMOUS, PLAIN and no SASL at all", async () => {
    for (const login of [{ username: "any" }, { username: "any", password: "any" }, { username: undefined }]) {
      const { connection } = await open(login);
      const { properties } = connection as unknown as { properties: Record<string, string> };
      expect(properties).toMatchObject({ product: "masterslave-embedded", version: expect.stringMatching(/^\d+\./) });
    }
  });

  it("takes only the credentials it was started with", async () => {
    const credentials = { username: "mé", password: "pässword€" };
    const guarded = await embeddedGroup({ inProcess: true, protocols: ["amqp"], members: 1, credentials });
    try {
      const guardedPort = guarded.endpoints("amqp")[0]?.port ?? 0;
      // rhea's own PLAIN cuts characters beyond ASCII short.
      const plain = (password: string) => ({
        sasl_mechanisms: {
          PLAIN: () => ({
            start: (done: (error: undefined, response: Buffer) => void) =>
              done(undefined, Buffer.from(`\0${credentials.username}\0${password}`)),
          }),
        },
      });
      const known = await RawAmqp.open(guardedPort, plain(credentials.password));
      await known.close();
      for (const wrong of [plain("wrong"), { username: "anonymous" }]) {
        const unknown = RawAmqp.start(guardedPort, wrong);
        const { error } = await nextEvent(unknown.connection, "connection_error");
        expect(error).toMatchObject({ condition: "amqp:unauthorized-access" });
      }
    } finally {
      await guarded.close();
    }
  });

  it("closes on what is no AMQP", async () => {
    const socket = connect(port(), "127.0.0.1");
    socket.resume();
    socket.write("CONNECT\naccept-version:1.2\n\n\0");
    await once(socket, "close");
  });
});

describe("an AMQP sender", () => {
  it("is granted 1000, gets accepted once the message is stored, and more credit as it goes on", async () => {
    const client = await open();
    const sender = await client.sender(`queue://${queue}`);
    expect((sender as unknown as { credit: number }).credit).toBe(1000);
    const outcomes: string[] = [];
    for (let sent = 0; sent < 3000; sent += 100) {
      const batch = Array.from({ length: 100 }, (_, index) =>
        outcomeOf(sender, { durable: true, body: `${sent + index}` }),
      );
      outcomes.push(...(await Promise.all(batch)));
    }
    expect(new Set(outcomes)).toEqual(new Set(["accepted"]));
    expect(await bodies()).toEqual(Array.from({ length: 3000 }, (_, index) => `${index}`));
  });

  it("has its bytes kept as they were sent, whatever their types", async () => {
    const client = await open();
    const sender = await client.sender(`queue://${queue}`);
    const encoded = rhea.message.encode({
      durable: true,
      message_id: 42,
      correlation_id: Buffer.from("ff", "hex"),
      message_annotations: { "x-opt-some": rhea.types.wrap_symbol("symbol") },
      application_properties: { long: rhea.types.wrap_long(5), short: rhea.types.wrap_short(3), list: "x" },
      body: { map: [1, "two", true] },
    });
    expect(await outcomeOf(sender, encoded, 0)).toBe("accepted");
    const receiver = client.connection.open_receiver({ source: `queue://${queue}`, autoaccept: false });
    const session = receiver.session as unknown as { on_transfer(frame: { payload: Buffer }): void };
    const payload = new Promise<Buffer>((resolve) => {
      const onTransfer = session.on_transfer.bind(session);
      session.on_transfer = (frame) => {
        resolve(frame.payload);
        onTransfer(frame);
      };
    });
    expect((await payload).equals(encoded)).toBe(true);
  });

  it("carries a message of many frames whole", async () => {
    const client = await open({ max_frame_size: 4096 });
    const body = Buffer.alloc(2 * 1024 * 1024).map((_, index) => index % 251);
    const sender = await client.sender(`queue://${queue}`);
    expect(await outcomeOf(sender, { durable: true, body: rhea.message.data_section(body) })).toBe("accepted");
    client.receiver(`queue://${queue}`, 1);
    const { message } = await client.next();
    expect(Buffer.from((message["body"] as { content: Buffer }).content).equals(body)).toBe(true);
  });

  it("gets rejected, with the reason, what is too large or no message", async () => {
    const client = await open();
    const sender = await client.sender(`queue://${queue}`);
    const large = { body: rhea.message.data_section(Buffer.alloc(5 * 1024 * 1024)) };
    expect(await outcomeOf(sender, large)).toMatch(/^rejected: amqp:link:message-size-exceeded: .*4194304/);
    expect(await outcomeOf(sender, Buffer.from("nonsense"), 0)).toMatch(/^rejected: amqp:decode-error/);
    expect(await outcomeOf(sender, { durable: true, body: "still here" })).toBe("accepted");
    expect(await bodies()).toEqual(["still here"]);
  });

  it("finds the queue or topic by prefix or capability", async () => {
    const client = await open();
    const name = queue;
    for (const target of [`queue://${name}`, name, { address: name, capabilities: ["queue"] }]) {
      expect(await outcomeOf(await client.sender(target), { durable: true, body: "a" })).toBe("accepted");
    }
    for (const target of [`topic://${name}`, { address: name, capabilities: ["topic"] }]) {
      expect(await outcomeOf(await client.sender(target), { body: "a" })).toBe("accepted");
    }
    expect(await bodies()).toEqual(["a", "a", "a"]);
    expect((await group.stats()).topics[name]?.published).toBe(2);
  });

  it("sends to where each message says on a link without address, and refuses one that does not say", async () => {
    const client = await open();
    const name = queue;
    const sender = await client.sender({});
    const { offered_capabilities } = client.connection as unknown as {
      readonly offered_capabilities: readonly string[];
    };
    expect(offered_capabilities).toContain("ANONYMOUS-RELAY");
    expect(await outcomeOf(sender, { durable: true, to: `queue://${name}`, body: "a" })).toBe("accepted");
    expect(await outcomeOf(sender, { durable: true, to: name, body: "b" })).toBe("accepted");
    const topic = { to: name, message_annotations: { "x-opt-jms-dest": 1 }, body: "c" };
    expect(await outcomeOf(sender, topic)).toBe("accepted");
    expect(await outcomeOf(sender, { body: "d" })).toMatch(/^rejected: .*Missing to field/);
    expect(await bodies()).toEqual(["a", "b"]);
    expect((await group.stats()).topics[name]?.published).toBe(1);
  });

  it.each([
    ["a temporary topic", { dynamic: true, capabilities: ["temporary-topic"] }, "temporary topics"],
    ["a temporary topic by its address", { address: "temp-topic://x" }, "temporary topics"],
  ])("is refused %s by name, and the connection goes on", async (_, target, text) => {
    const client = await open();
    const sender = client.connection.open_sender({ target } as Parameters<typeof client.connection.open_sender>[0]);
    await nextEvent(sender, "sender_close");
    expect(sender.error).toMatchObject({
      condition: "amqp:not-implemented",
      description: expect.stringContaining(text),
    });
    await sendTexts(client, "a");
    expect(await bodies()).toEqual(["a"]);
  });
});

describe("an AMQP receiver", () => {
  it("gets as much as its credit, in order", async () => {
    const client = await open();
    await sendTexts(client, "a", "b", "c");
    const receiver = client.receiver(`queue://${queue}`, 2);
    expect([(await client.next()).body, (await client.next()).body]).toEqual(["a", "b"]);
    expect((await group.stats()).queues[queue]).toMatchObject({ ready: 1, unsettled: 2 });
    receiver.add_credit(1);
    expect((await client.next()).body).toBe("c");
  });

  it("drains", async () => {
    const client = await open();
    await sendTexts(client, "a");
    const receiver = client.receiver(`queue://${queue}`, 10);
    await client.next();
    receiver.drain_credit();
    await nextEvent(receiver, "receiver_drained");
    (receiver as unknown as { drain: boolean }).drain = false;
    await sendTexts(client, "b");
    expect(client.received).toEqual([]);
    receiver.add_credit(1);
    expect((await client.next()).body).toBe("b");
  });

  it.each([
    ["accepted", (delivery: Delivery) => delivery.accept(), undefined],
    ["released", (delivery: Delivery) => delivery.release(), 0],
    ["modified as failed", (delivery: Delivery) => delivery.modified({ delivery_failed: true }), 1],
  ])("settles %s", async (_, settle, deliveryCount) => {
    const client = await open();
    await sendTexts(client, "a");
    const receiver = client.receiver(`queue://${queue}`, 1);
    const first = await client.next();
    settle(first.delivery);
    receiver.add_credit(1);
    if (deliveryCount === undefined) {
      await vi.waitFor(async () => expect(await bodies()).toEqual([]));
      return;
    }
    const again = await client.next();
    expect([again.body, again.message["delivery_count"] ?? 0]).toEqual(["a", deliveryCount]);
    again.delivery.accept();
    await vi.waitFor(async () => expect(await bodies()).toEqual([]));
  });

  it.each([
    ["rejected", (delivery: Delivery) => delivery.reject()],
    ["undeliverable here", (delivery: Delivery) => delivery.modified({ undeliverable_here: true })],
  ])("sends what is %s to the dead letter queue", async (what, settle) => {
    const client = await open();
    await sendTexts(client, what);
    client.receiver(`queue://${queue}`, 1);
    settle((await client.next()).delivery);
    await vi.waitFor(async () => {
      expect((await group.messages("ActiveMQ.DLQ")).map(({ text }) => text)).toContain(what);
      expect(await bodies()).toEqual([]);
    });
  });

  it("gives back when its link or its connection goes, with a delivery-count", async () => {
    const client = await open();
    await sendTexts(client, "a", "b");
    const receiver = client.receiver(`queue://${queue}`, 2);
    await client.next();
    await client.next();
    receiver.close();
    await nextEvent(receiver, "receiver_close");
    const other = await RawAmqp.open(port());
    other.receiver(`queue://${queue}`, 2);
    const again = [await other.next(), await other.next()];
    expect(again.map(({ body, message }) => [body, message["delivery_count"]])).toEqual([
      ["a", 1],
      ["b", 1],
    ]);
    (other.connection as unknown as { socket: { destroy(): void } }).socket.destroy();
    client.receiver(`queue://${queue}`, 1);
    expect((await client.next()).message["delivery_count"]).toBe(2);
  });

  it.each([
    [
      "other filters than selectors",
      { address: "queue://a", filter: { local: rhea.types.wrap_described([], 0x468c00000003) } },
      "filters other than selectors (local)",
    ],
    ["shared subscriptions", { address: "topic://a", capabilities: ["shared"] }, "shared subscriptions"],
    ["browsing a topic", { address: "topic://a", distribution_mode: "copy" }, "browsing"],
    ["Artemis's wildcard", { address: "topic://a.#" }, "the wildcard #"],
    ["temporary topics", { dynamic: true, capabilities: ["temporary-topic"] }, "temporary topics"],
  ])("is refused %s by name", async (_, source, text) => {
    const client = await open();
    const receiver = client.receiver(source, 1);
    await nextEvent(receiver, "receiver_close");
    expect(receiver.error).toMatchObject({
      condition: "amqp:not-implemented",
      description: expect.stringContaining(text),
    });
  });
});

describe("an AMQP connection", () => {
  it("gets amqp:connection:forced from a member that stops", async () => {
    const client = await open();
    const active = group.active ?? 0;
    const closed = nextEvent(client.connection, "connection_error");
    await group.stop(active);
    expect((await closed).error).toMatchObject({ condition: "amqp:connection:forced" });
    await group.takeover();
    await group.restart(active);
  });

  it("is dropped when it says nothing for longer than the member's idle-time-out allows, and hears beats meanwhile", async () => {
    const impatient = await embeddedGroup({ inProcess: true, protocols: ["amqp"], members: 1, idleTimeoutMs: 100 });
    try {
      const client = await RawAmqp.open(impatient.endpoints("amqp")[0]?.port ?? 0, { idle_time_out: 400 });
      expect((client.connection as unknown as { idle_time_out: number }).idle_time_out).toBe(100);
      // rhea beats by itself: it lives on, in both directions, for several time-outs.
      await new Promise((resolve) => setTimeout(resolve, 1200));
      expect(client.connection.is_open()).toBe(true);
      const { socket } = client.connection as unknown as { socket: { write: unknown } };
      socket.write = () => true;
      const { error } = await nextEvent(client.connection, "connection_error");
      expect(error).toMatchObject({ description: "max idle time exceeded" });
    } finally {
      await impatient.close();
    }
  });
});
