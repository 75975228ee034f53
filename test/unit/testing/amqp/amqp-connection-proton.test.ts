/** What Proton's clients do and rhea's do not: links of one name in both directions, and symbolic descriptors. */
import type { Receiver, Sender } from "rhea";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedGroup, embeddedGroup } from "../../../../src/testing/index.ts";
import { nextEvent, outcomeOf, RawAmqp } from "../raw-amqp.ts";
import { RawCoordinator } from "../raw-coordinator.ts";

let group: EmbeddedGroup;
let counter = 0;
let queue: string;
const clients: RawAmqp[] = [];

beforeAll(async () => {
  group = await embeddedGroup({ inProcess: true, protocols: ["amqp"] });
});
afterAll(() => group.close());
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

async function open(): Promise<RawAmqp> {
  queue = `p${++counter}`;
  const client = await RawAmqp.open(group.endpoints("amqp")[group.active ?? 0]?.port ?? 0);
  clients.push(client);
  return client;
}

const bodies = async () => (await group.messages(queue)).map(({ text }) => text);
const durable = (body: string) => ({ durable: true, body });

interface Attach {
  name: string;
  readonly role: boolean;
}

/** A sender and a receiver that are both called "one" on the wire; rhea itself can have but one link of a name in a session. */
function openNamesakes(client: RawAmqp): { readonly sender: Sender; readonly receiver: Receiver } {
  const session = client.connection.create_session();
  session.begin();
  const internals = client.connection as unknown as { on_attach(frame: { readonly performative: Attach }): void };
  const onAttach = internals.on_attach.bind(client.connection);
  internals.on_attach = (frame) => {
    expect(frame.performative.name).toBe("one");
    if (!frame.performative.role) frame.performative.name = "of the receiver";
    onAttach(frame);
  };
  const address = `queue://${queue}`;
  const sender = session.open_sender({ name: "one", target: { address } });
  const receiver = session.open_receiver({ name: "of the receiver", source: { address }, credit_window: 10 });
  (receiver as unknown as { readonly local: { readonly attach: Attach } }).local.attach.name = "one";
  return { sender, receiver };
}

describe("two links of opposite direction with one name", () => {
  it("are both served, and one goes on when the other is closed", async () => {
    const client = await open();
    const { sender, receiver } = openNamesakes(client);
    await nextEvent(sender, "sendable");
    expect(await outcomeOf(sender, durable("first"))).toBe("accepted");
    expect((await client.next()).body).toBe("first");
    receiver.close();
    await nextEvent(receiver, "receiver_close");
    expect(await outcomeOf(sender, durable("second"))).toBe("accepted");
    expect(await bodies()).toEqual(["second"]);
    sender.close();
    await nextEvent(sender, "sender_close");
    expect(client.connection.is_open()).toBe(true);
  });
});

describe("a second link of the same direction and name", () => {
  it("closes the connection with an error that names the link", async () => {
    const client = await open();
    const session = client.connection.create_session();
    session.begin();
    const first = session.open_sender({ name: "twice", target: { address: `queue://${queue}` } });
    await nextEvent(first, "sendable");
    const closed = nextEvent(client.connection, "connection_close");
    const second = session.open_sender({ name: "other", target: { address: `queue://${queue}` } });
    (second as unknown as { readonly local: { readonly attach: Attach } }).local.attach.name = "twice";
    await closed;
    expect(client.connection.error).toMatchObject({
      condition: "amqp:not-allowed",
      description: expect.stringContaining('"twice"'),
    });
  });
});

describe("symbolic descriptors", () => {
  it("are read in coordinators, declares, discharges and transactional states", async () => {
    const client = await open();
    const coordinator = await RawCoordinator.attach(client, { symbolic: true });
    const sender = await client.sender(`queue://${queue}`);
    const id = await coordinator.declare();
    expect(await coordinator.send(sender, id, durable("in a transaction"))).toBe("accepted");
    expect(await bodies()).toEqual([]);
    expect(await coordinator.discharge(id)).toBe("accepted");
    expect(await bodies()).toEqual(["in a transaction"]);
    const rolledBack = await coordinator.declare();
    client.receiver(`queue://${queue}`, 1);
    await coordinator.accept((await client.next()).delivery, rolledBack);
    expect(await coordinator.discharge(rolledBack, { fail: true })).toBe("accepted");
    expect(await bodies()).toEqual(["in a transaction"]);
  });

  it("are read in the sections of a message", async () => {
    const client = await open();
    const sender = await client.sender(`queue://${queue}`);
    const symbol = (name: string) => Buffer.concat([Buffer.of(0x00, 0xa3, name.length), Buffer.from(name)]);
    const header = Buffer.concat([symbol("amqp:header:list"), Buffer.of(0xc0, 2, 1, 0x41)]);
    const long = Buffer.from("amqp:amqp-value:*");
    const body = Buffer.concat([
      Buffer.of(0x00, 0xb3, 0, 0, 0, long.length),
      long,
      Buffer.of(0xa1, 2),
      Buffer.from("ok"),
    ]);
    expect(await outcomeOf(sender, Buffer.concat([header, body]), 0)).toBe("accepted");
    expect(await bodies()).toEqual(["ok"]);
  });

  it("of no section are refused as an unreadable message", async () => {
    const client = await open();
    const sender = await client.sender(`queue://${queue}`);
    const encoded = Buffer.concat([Buffer.of(0x00, 0xa3, 4), Buffer.from("what"), Buffer.of(0x40)]);
    expect(await outcomeOf(sender, encoded, 0)).toMatch(/^rejected: amqp:decode-error/);
  });
});
