/** What happens when our own recovery throws: one send or consumer fails, or the connection ends; nothing waits for ever. */
import { describe, expect, it } from "vitest";
import {
  failover,
  fateOf,
  forbidUnhandledRejections,
  rejectionOf,
  type ToyConnection,
  toyConnected,
  toyConnection,
} from "../../../support/toy-connection.ts";
import { type ToyHabits, turns } from "../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const MISTAKE = new TypeError("a mistake of ours");

/** Sessions that throw at one call from the given session on. */
const breaking =
  (at: string, { from = 2, ...habits }: ToyHabits & { readonly from?: number } = {}) =>
  (session: number): ToyHabits => ({
    ...habits,
    breaksAt: (what) => {
      if (what === at && session >= from) throw MISTAKE;
    },
  });

/** The connection has ended with INTERNAL, has told so once, and another one in this process works. */
async function expectInternalEnd({ connection, broker, told }: ToyConnection): Promise<void> {
  const failure = await connection.closed;
  expect(failure).toMatchObject({ code: "INTERNAL", cause: MISTAKE, endpoint: { host: "a.example" } });
  expect(failure?.message).toContain("a mistake of ours");
  expect(connection.state).toEqual({ name: "closed", lastError: failure });
  expect(told.slice(-2)).toEqual([
    { name: "failed", payload: failure },
    { name: "closed", payload: failure },
  ]);
  expect(broker.sessions.every(({ over }) => over)).toBe(true);
  expect(await rejectionOf(connection.send("q", "later"))).toMatchObject({ code: "CONNECTION_CLOSED", cause: failure });
  const { connection: fresh } = await toyConnected();
  expect(await fresh.send("q", "works")).toMatchObject({ resent: false });
}

describe("a mistake that belongs to one consumer or send", () => {
  it("ends the consumer whose subscribe throws after a failover, and the others go on", async () => {
    const { connection, broker } = await toyConnected({}, breaking("subscribe queue://bad"));
    const bad = connection.consume("queue://bad");
    const good = connection.consume("queue://good");
    await Promise.all([bad.ready, good.ready]);
    const reading = rejectionOf(bad.next());
    const session = await failover(broker);
    expect(await reading).toMatchObject({ code: "INTERNAL", cause: MISTAKE });
    session.to("queue://good").deliver("one");
    expect((await good.next()).value.message.text()).toBe("one");
    expect(await connection.send("q", "after")).toMatchObject({ resent: false });
    expect(connection.state.name).toBe("connected");
  });

  it("ends a consumer whose subscribe throws at once: ready rejects and consume() does not throw", async () => {
    const { connection } = await toyConnected({}, breaking("subscribe queue://bad", { from: 1 }));
    const bad = connection.consume("queue://bad");
    expect(await rejectionOf(bad.ready)).toMatchObject({ code: "INTERNAL", cause: MISTAKE });
    expect(connection.state.name).toBe("connected");
  });

  it("rejects the send that throws at resume, in doubt as it had been written, and resends the others", async () => {
    const { connection, broker } = await toyConnected({}, breaking("send bad", { confirms: false }));
    const before = connection.send("q", "before");
    const bad = rejectionOf(connection.send("q", "bad"));
    const after = connection.send("q", "after");
    const session = await failover(broker);
    expect(await bad).toMatchObject({ code: "SEND_IN_DOUBT", cause: { code: "INTERNAL", cause: MISTAKE } });
    session.confirmAll();
    expect(await Promise.all([before, after])).toMatchObject([{ resent: true }, { resent: true }]);
    expect(connection.stats()).toMatchObject({ pendingSends: 0, pendingBytes: 0, failed: 1, confirmed: 2 });
  });

  it("rejects a send that was never written and throws when it is given to a session", async () => {
    const { connection, broker } = toyConnection({}, breaking("send bad", { from: 1 }));
    const bad = rejectionOf(connection.send("q", "bad"));
    const good = connection.send("q", "good");
    await connection.connect();
    expect(await bad).toMatchObject({ code: "INTERNAL", cause: MISTAKE });
    expect(await good).toMatchObject({ resent: false });
    expect(await rejectionOf(connection.send("q", "bad"))).toMatchObject({ code: "INTERNAL", cause: MISTAKE });
    expect(broker.sessions).toHaveLength(1);
  });

  it("fails the suspect that throws when it is tried alone, and everything else is restored", async () => {
    const habits = breaking("send bad", { confirms: false, from: 2 });
    const { connection, broker } = await toyConnected({ poisonAfter: 1 }, habits);
    const bad = rejectionOf(connection.send("q", "bad"));
    await turns();
    const session = await failover(broker);
    expect(await bad).toMatchObject({ code: "SEND_IN_DOUBT", cause: { cause: MISTAKE } });
    const good = connection.send("q", "good");
    await turns();
    session.confirmAll();
    expect(await good).toMatchObject({ resent: false });
    expect(connection.state.name).toBe("connected");
  });

  it("rejects the transaction whose begin throws, and the connection goes on", async () => {
    const { connection } = await toyConnected({}, breaking("begin", { from: 1 }));
    expect(await rejectionOf(connection.transaction(() => 1))).toBe(MISTAKE);
    expect(await connection.send("q", "after")).toMatchObject({ resent: false });
  });
});

describe("a mistake in the recovery itself", () => {
  it("rejects connect() with INTERNAL when the first session cannot be begun, and a new connection works", async () => {
    const toy = toyConnection({}, breaking("broker", { from: 1 }));
    const held = rejectionOf(toy.connection.send("q", "held"));
    expect(await rejectionOf(toy.connection.connect())).toMatchObject({ code: "INTERNAL", cause: MISTAKE });
    expect(await held).toMatchObject({ code: "CONNECTION_CLOSED" });
    await expectInternalEnd(toy);
  });

  it("ends the connection with INTERNAL after a failover, and every promise settles", async () => {
    const toy = await toyConnected({}, breaking("broker", { confirms: false }));
    const { connection, broker } = toy;
    const written = rejectionOf(connection.send("q", "written"));
    const consumer = connection.consume("queue://orders");
    await consumer.ready;
    const reading = rejectionOf(consumer.next());
    const request = rejectionOf(connection.request("q", "ask"));
    const transaction = rejectionOf(connection.transaction(() => new Promise(() => {})));
    broker.session.die();
    const failure = await connection.closed;
    expect(await written).toMatchObject({ code: "SEND_IN_DOUBT" });
    expect(await reading).toBe(failure);
    expect(await request).toMatchObject({ code: "CONNECTION_CLOSED", cause: failure });
    expect(await transaction).toMatchObject({ code: "TRANSACTION_INTERRUPTED" });
    expect((await fateOf(connection.close())).kind).toBe("resolved");
    await expectInternalEnd(toy);
  });
});
