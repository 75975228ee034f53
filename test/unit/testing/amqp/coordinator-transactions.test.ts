import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type EmbeddedGroup, embeddedGroup } from "../../../../src/testing/index.ts";
import { nextEvent, outcomeOf, RawAmqp } from "../raw-amqp.ts";
import { RawCoordinator } from "../raw-coordinator.ts";

let group: EmbeddedGroup;
let counter = 0;
let queue: string;
let client: RawAmqp;
let coordinator: RawCoordinator;
const clients: RawAmqp[] = [];

beforeAll(async () => {
  group = await embeddedGroup({ inProcess: true, protocols: ["amqp"] });
});
afterAll(() => group.close());
afterEach(async () => {
  await Promise.all(clients.splice(0).map((one) => one.close()));
});

async function open(): Promise<RawAmqp> {
  const opened = await RawAmqp.open(group.endpoints("amqp")[group.active ?? 0]?.port ?? 0);
  clients.push(opened);
  return opened;
}

async function start(...texts: string[]): Promise<void> {
  queue = `t${++counter}`;
  client = await open();
  coordinator = await RawCoordinator.attach(client);
  const sender = await client.sender(`queue://${queue}`);
  for (const text of texts) await outcomeOf(sender, { durable: true, body: text });
}

const bodies = async (name = queue) => (await group.messages(name)).map(({ text }) => text);
const durable = (body: string) => ({ durable: true, body });

describe("an AMQP transaction", () => {
  it("shows its sends when it is discharged, in their order, and not before", async () => {
    await start();
    const id = await coordinator.declare();
    const sender = await client.sender(`queue://${queue}`);
    expect(await coordinator.send(sender, id, durable("a"))).toBe("accepted");
    expect(await coordinator.send(sender, id, durable("b"))).toBe("accepted");
    // Both with a state that names the transaction.
    expect(
      coordinator.states.slice(1).map(({ state }) => [Number(state.descriptor?.value), state.value[0]?.value]),
    ).toEqual([
      [0x34, id],
      [0x34, id],
    ]);
    await outcomeOf(sender, durable("outside"));
    expect(await bodies()).toEqual(["outside"]);
    expect(await coordinator.discharge(id)).toBe("accepted");
    expect(await bodies()).toEqual(["outside", "a", "b"]);
  });

  it("forgets its sends when it is discharged as failed", async () => {
    await start();
    const id = await coordinator.declare();
    await coordinator.send(await client.sender(`queue://${queue}`), id, durable("a"));
    expect(await coordinator.discharge(id, { fail: true })).toBe("accepted");
    expect(await bodies()).toEqual([]);
  });

  it.each([true, false])(
    "takes what it accepted out of the queue at its commit (settled by the client: %s)",
    async (settled) => {
      await start("a");
      client.receiver(`queue://${queue}`, 5);
      const { delivery } = await client.next();
      const id = await coordinator.declare();
      await coordinator.accept(delivery, id, { settled });
      await outcomeOf(await client.sender(`queue://${queue}`), durable("b"));
      expect(await bodies()).toEqual(["a", "b"]);
      expect(await coordinator.discharge(id)).toBe("accepted");
      expect(await bodies()).toEqual(["b"]);
    },
  );

  it("gives again what it accepted on the live link when it is rolled back, with a delivery-count", async () => {
    await start("a", "b");
    client.receiver(`queue://${queue}`, 5);
    const [first, second] = [await client.next(), await client.next()];
    const id = await coordinator.declare();
    await coordinator.accept(first.delivery, id);
    await coordinator.accept(second.delivery, id);
    expect(await coordinator.discharge(id, { fail: true })).toBe("accepted");
    const again = [await client.next(), await client.next()];
    expect(again.map(({ body, message }) => [body, message["delivery_count"]])).toEqual([
      ["a", 1],
      ["b", 1],
    ]);
  });

  it("of an unknown id is rejected for a discharge and a send, and a delivery accepted in it comes again", async () => {
    await start("a");
    const unknown = Buffer.from("unknown");
    expect(await coordinator.discharge(unknown)).toMatch(/^rejected: amqp:transaction:unknown-id: /);
    const sender = await client.sender(`queue://${queue}`);
    expect(await coordinator.send(sender, unknown, durable("x"))).toMatch(/^rejected: amqp:transaction:unknown-id: /);
    client.receiver(`queue://${queue}`, 5);
    await coordinator.accept((await client.next()).delivery, unknown);
    expect((await client.next()).body).toBe("a");
    const id = await coordinator.declare();
    expect(await coordinator.discharge(id)).toBe("accepted");
    expect(await coordinator.discharge(id)).toMatch(/^rejected: amqp:transaction:unknown-id: /);
  });

  it.each([
    ["its coordinator closes", () => coordinator.sender.close()],
    ["its coordinator's session ends", () => coordinator.sender.session.close()],
  ])("is rolled back when %s", async (_, end) => {
    await start("a");
    client.receiver(`queue://${queue}`, 5);
    const id = await coordinator.declare();
    await coordinator.accept((await client.next()).delivery, id);
    await coordinator.send(await client.sender(`queue://${queue}`), id, durable("x"));
    end();
    expect((await client.next()).body).toBe("a");
    expect(await bodies()).toEqual(["a"]);
  });

  it("is rolled back when its connection drops", async () => {
    await start("a", "b");
    client.receiver(`queue://${queue}`, 5);
    const [, second] = [await client.next(), await client.next()];
    const id = await coordinator.declare();
    await coordinator.accept(second.delivery, id);
    await coordinator.send(await client.sender(`queue://${queue}`), id, durable("x"));
    clients.splice(clients.indexOf(client), 1);
    (client.connection as unknown as { socket: { destroy(): void } }).socket.destroy();
    await vi.waitFor(async () => expect((await group.stats()).connections).toBe(0));
    const other = await open();
    other.receiver(`queue://${queue}`, 5);
    expect([(await other.next()).body, (await other.next()).body]).toEqual(["a", "b"]);
    expect(await bodies()).toEqual(["a", "b"]);
  });

  it("is one of several open at once", async () => {
    await start();
    const [one, other] = [await coordinator.declare(), await coordinator.declare()];
    const sender = await client.sender(`queue://${queue}`);
    await coordinator.send(sender, one, durable("one"));
    await coordinator.send(sender, other, durable("other"));
    await coordinator.discharge(other);
    await coordinator.discharge(one, { fail: true });
    expect(await bodies()).toEqual(["other"]);
  });

  it("is all there or not at all after a crash in the middle of its discharge", async () => {
    await start("round -1");
    let commits = 0;
    for (let round = 0; round < 12; round++) {
      if (round > 0) {
        client = await open();
        coordinator = await RawCoordinator.attach(client);
      }
      client.receiver(`queue://${queue}`, 1);
      const { delivery, body } = await client.next();
      const id = await coordinator.declare();
      const sender = await client.sender(`queue://parts${counter}`);
      for (const part of ["1", "2", "3"]) await coordinator.send(sender, id, durable(part));
      await coordinator.send(await client.sender(`queue://${queue}`), id, durable(`round ${round}`));
      await coordinator.accept(delivery, id);
      const gone = nextEvent(client.connection, "disconnected");
      let confirmed = false;
      const outcome = coordinator.discharge(id).then(() => {
        confirmed = true;
      });
      if (round % 4 === 0) await outcome;
      else await new Promise((resolve) => setTimeout(resolve, round % 4));
      await group.failover();
      await gone;
      const left = await bodies();
      if (confirmed) expect(left).toEqual([`round ${round}`]);
      expect([[body], [`round ${round}`]]).toContainEqual(left);
      if (left[0] === `round ${round}`) commits++;
      expect((await bodies(`parts${counter}`)).join("")).toBe("123".repeat(commits));
    }
  });
});
