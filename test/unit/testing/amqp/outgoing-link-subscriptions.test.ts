import rhea, { type Receiver } from "rhea";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedGroup, embeddedGroup } from "../../../../src/testing/index.ts";
import { nextEvent, outcomeOf, RawAmqp } from "../raw-amqp.ts";

let group: EmbeddedGroup;
let counter = 0;
let name: string;
let client: RawAmqp;
const clients: RawAmqp[] = [];

beforeAll(async () => {
  group = await embeddedGroup({ inProcess: true, protocols: ["amqp"] });
});
afterAll(() => group.close());
afterEach(async () => {
  await Promise.all(clients.splice(0).map((one) => one.close()));
});

/** With a container-id of its own. */
async function open(options: Record<string, unknown> = {}): Promise<RawAmqp> {
  const opened = await RawAmqp.open(group.endpoints("amqp")[group.active ?? 0]?.port ?? 0, options);
  clients.push(opened);
  return opened;
}

async function start(): Promise<void> {
  name = `s${++counter}`;
  client = await open();
}

async function send(address: string, ...messages: (string | Record<string, unknown>)[]): Promise<void> {
  const sender = await client.sender(address);
  for (const message of messages) {
    const fields = typeof message === "string" ? { body: message } : message;
    expect(await outcomeOf(sender, { durable: true, ...fields })).toBe("accepted");
  }
}

const bodies = async (queue = name) => (await group.messages(queue)).map(({ text }) => text);

async function texts(one: RawAmqp, count: number): Promise<unknown[]> {
  const received: unknown[] = [];
  while (received.length < count) received.push((await one.next()).body);
  return received;
}

describe("a durable AMQP subscription", () => {
  const source = () => ({ address: `topic://${name}`, durable: 2, expiry_policy: "never" });

  async function subscribe(one: RawAmqp, from: unknown = source()): Promise<Receiver> {
    const session = one.connection.create_session();
    session.begin();
    const options = { name: "news", source: from, credit_window: 0, autoaccept: false };
    const receiver = session.open_receiver(options as Parameters<typeof session.open_receiver>[0]);
    receiver.add_credit(10);
    await nextEvent(receiver, "receiver_open");
    // A refusal comes with the attach, in one read.
    await new Promise((resolve) => setImmediate(resolve));
    return receiver;
  }

  it("is kept by a detach, by a drop and over a crash, and collects meanwhile", async () => {
    await start();
    const container = { container_id: `c${counter}` };
    const subscriber = await open(container);
    const receiver = await subscribe(subscriber);
    receiver.detach();
    await nextEvent(receiver, "receiver_close");
    await send(`topic://${name}`, "a");
    await subscribe(subscriber);
    expect(await texts(subscriber, 1)).toEqual(["a"]);
    await subscriber.close();
    clients.splice(clients.indexOf(subscriber), 1);
    await send(`topic://${name}`, "b");
    const gone = clients.splice(0).map(({ connection }) => nextEvent(connection, "disconnected"));
    await group.failover();
    await Promise.all(gone);
    const next = await open(container);
    await subscribe(next);
    expect(await texts(next, 2)).toEqual(["a", "b"]);
    expect((await group.stats()).subscriptions[`c${counter}.news`]).toMatchObject({ unsettled: 2, consumers: 1 });
  });

  it("is deleted by a closing detach, answered once that is stored", async () => {
    await start();
    const container = { container_id: `c${counter}` };
    const subscriber = await open(container);
    const receiver = await subscribe(subscriber);
    await send(`topic://${name}`, "lost");
    receiver.close();
    await nextEvent(receiver, "receiver_close");
    const gone = clients.splice(0).map(({ connection }) => nextEvent(connection, "disconnected"));
    await group.failover();
    await Promise.all(gone);
    client = await open();
    const next = await open(container);
    await subscribe(next);
    await send(`topic://${name}`, "new");
    expect(await texts(next, 1)).toEqual(["new"]);
  });

  it("is found by its name alone, to be deleted; and not found when there is none", async () => {
    await start();
    const subscriber = await open({ container_id: `c${counter}` });
    const receiver = await subscribe(subscriber);
    receiver.detach();
    await nextEvent(receiver, "receiver_close");
    await send(`topic://${name}`, "a");
    const found = await subscribe(subscriber, null);
    expect(found.source).toMatchObject({ address: `topic://${name}`, durable: 2 });
    found.close();
    await nextEvent(found, "receiver_close");
    const again = await subscribe(subscriber, null);
    expect(again.error).toMatchObject({ condition: "amqp:not-found" });
    expect((await group.stats()).subscriptions).toEqual(
      expect.not.objectContaining({ [`c${counter}.news`]: expect.anything() }),
    );
  });

  it("is refused to a second link of the same container and name", async () => {
    await start();
    const container = { container_id: `c${counter}` };
    await subscribe(await open(container));
    const second = await subscribe(await open(container));
    expect(second.error).toMatchObject({ condition: "amqp:resource-locked" });
  });
});

describe("an AMQP browser", () => {
  it("is shown all there is and drains, and takes nothing", async () => {
    await start();
    await send(`queue://${name}`, "a", "b", "c");
    const receiver = client.receiver({ address: `queue://${name}`, distribution_mode: "copy" }, 2);
    expect(await texts(client, 2)).toEqual(["a", "b"]);
    receiver.add_credit(10);
    expect(await texts(client, 1)).toEqual(["c"]);
    receiver.drain_credit();
    await nextEvent(receiver, "receiver_drained");
    receiver.close();
    await nextEvent(receiver, "receiver_close");
    expect(await bodies()).toEqual(["a", "b", "c"]);
  });
});

describe("an AMQP temporary queue", () => {
  it("is made for a dynamic source, answered to by its address, and gone with its link", async () => {
    await start();
    const receiver = client.receiver({ dynamic: true }, 5);
    await nextEvent(receiver, "receiver_open");
    const address = receiver.source.address;
    expect(address).toMatch(/^temp-queue:\/\/ID:/);
    const responder = await open();
    expect(await outcomeOf(await responder.sender(address), { body: "answer" })).toBe("accepted");
    expect(await texts(client, 1)).toEqual(["answer"]);
    const thief = responder.receiver(address, 1);
    await nextEvent(thief, "receiver_close");
    expect(thief.error).toMatchObject({ condition: "amqp:not-allowed" });
    receiver.close();
    await nextEvent(receiver, "receiver_close");
    expect(await outcomeOf(await responder.sender(address), { body: "late" })).toMatch(
      /^rejected: amqp:not-found: .*gone/,
    );
  });

  it("is made for a dynamic target too, for its connection to consume from", async () => {
    await start();
    const sender = await client.sender({ dynamic: true });
    expect(await outcomeOf(sender, { body: "a" })).toBe("accepted");
    client.receiver(sender.target.address, 1);
    expect(await texts(client, 1)).toEqual(["a"]);
  });
});

describe("what else an AMQP client may ask for", () => {
  it("is scheduled delivery, which the member offers", async () => {
    await start();
    const { offered_capabilities } = client.connection as unknown as { offered_capabilities: unknown };
    expect([offered_capabilities].flat().map(String)).toContain("DELAYED_DELIVERY");
    const dueAt = Date.now() + 1_000;
    await send(
      `queue://${name}`,
      { body: "late", message_annotations: { "x-opt-delivery-time": rhea.types.wrap_timestamp(dueAt) } },
      { body: "later", message_annotations: { "x-opt-delivery-delay": 1_500 } },
      "at once",
    );
    client.receiver(`queue://${name}`, 5);
    expect(await texts(client, 3)).toEqual(["at once", "late", "later"]);
    expect(Date.now()).toBeGreaterThanOrEqual(dueAt);
  });

  it("is message groups and the order of priorities", async () => {
    await start();
    const [one, other] = [await open(), await open()];
    one.receiver(`queue://${name}`, 2);
    await send(`queue://${name}`, { body: "g1", group_id: "g" });
    await one.next();
    other.receiver(`queue://${name}`, 10);
    await send(`queue://${name}`, { body: "g2", group_id: "g" }, { body: "g3", group_id: "g" }, "free");
    expect([await texts(one, 1), await texts(other, 1)]).toEqual([["g2"], ["free"]]);
    await send(`queue://${name}.p`, { body: "low", priority: 1 }, { body: "high", priority: 8 });
    client.receiver(`queue://${name}.p`, 2);
    expect(await texts(client, 2)).toEqual(["high", "low"]);
  });

  it("is wildcards and comma lists", async () => {
    await start();
    const wild = client.receiver(`topic://${name}.>`, 5);
    await nextEvent(wild, "receiver_open");
    await send(`topic://${name}.a.b`, "deep");
    expect(await texts(client, 1)).toEqual(["deep"]);
    await send(`queue://${name}.x,queue://${name}.y`, "both");
    expect([await bodies(`${name}.x`), await bodies(`${name}.y`)]).toEqual([["both"], ["both"]]);
    client.receiver(`queue://${name}.x,${name}.y`, 5);
    expect(await texts(client, 2)).toEqual(["both", "both"]);
  });
});
