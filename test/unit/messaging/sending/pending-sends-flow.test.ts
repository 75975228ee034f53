import { describe, expect, it } from "vitest";
import { SendRejectedError } from "../../../../src/errors/errors.ts";
import {
  failover,
  fateOf,
  forbidUnhandledRejections,
  rejectionOf,
  toyConnected,
  toyConnection,
} from "../../../support/toy-connection.ts";
import { turns } from "../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const MANUAL = { confirms: false };
const full = (id: string) => new SendRejectedError("resource-limit-exceeded", { id, retryable: true });

describe("overflow=reject", () => {
  it("rejects a send past the bounds at once, and takes the next when there is room", async () => {
    const { connection, session } = await toyConnected({ maxPendingSends: 1, overflow: "reject" }, MANUAL);
    const first = connection.send("q", "a");
    const error = await rejectionOf(connection.send("q", "b", { id: "b" }));
    expect(error).toMatchObject({ code: "SEND_OVERFLOW", retryable: true, id: "b", inDoubt: false });
    expect(error.message).toMatch(/maxPendingSends=1/);
    session.confirmAll();
    await first;
    const next = connection.send("q", "c");
    session.confirmAll();
    await next;
    expect(session.sent).toEqual(["a", "c"]);
    expect(connection.stats()).toMatchObject({ failed: 1, confirmed: 2, waitingSends: 0 });
  });
});

describe("whenInterrupted=reject", () => {
  const settings = { whenInterrupted: "reject" } as const;

  it("rejects a send while there is no session, before the first and in an outage", async () => {
    const { connection, broker } = toyConnection(settings);
    expect(await rejectionOf(connection.send("q", "early"))).toMatchObject({ code: "NOT_CONNECTED", retryable: true });
    await connection.connect();
    broker.up = false;
    broker.session.die();
    await turns();
    expect(await rejectionOf(connection.send("q", "offline"))).toMatchObject({ code: "NOT_CONNECTED" });
    broker.up = true;
    await broker.opened(2);
    await connection.send("q", "online");
    expect(broker.session.sent).toEqual(["online"]);
  });

  it("rejects what waited for room or credit when the session ends, and leaves what was written to inDoubt", async () => {
    const { connection, broker } = await toyConnected({ ...settings, maxPendingSends: 2 }, { ...MANUAL, credit: 1 });
    const written = connection.send("q", "written");
    const held = rejectionOf(connection.send("q", "without credit"));
    const waiting = rejectionOf(connection.send("q", "without room"));
    broker.habits = {};
    const session = await failover(broker);
    expect(await held).toMatchObject({ code: "NOT_CONNECTED", inDoubt: false });
    expect(await waiting).toMatchObject({ code: "NOT_CONNECTED", inDoubt: false });
    await written;
    expect(session.sent).toEqual(["written"]);
  });
});

describe("a send the broker has no room for", () => {
  it("rejects unless whenFull=hold", async () => {
    const { connection, session } = await toyConnected({}, MANUAL);
    const sent = rejectionOf(connection.send("q", "a"));
    session.refuse("a", full("a"));
    expect(await sent).toMatchObject({ code: "SEND_REJECTED", retryable: true });
  });

  it("is sent again with whenFull=hold until it is taken, and shown as deferred", async () => {
    const { connection, session } = await toyConnected({ whenFull: "hold" }, MANUAL);
    const sent = connection.send("q", "a");
    const other = connection.send("q", "b");
    session.refuse("a", full("a"));
    session.refuse("b", full("b"));
    expect(connection.stats()).toMatchObject({ pendingSends: 2, deferredSends: 2, failed: 0 });
    // One of them tries whether there is room.
    while (session.sent.length < 3) await turns();
    session.refuse("a", full("a"));
    expect(connection.stats()).toMatchObject({ pendingSends: 2, deferredSends: 2 });
    while (session.sent.length < 4) await turns();
    session.confirm("a");
    expect(await sent).toMatchObject({ resent: false });
    await turns();
    session.confirm("b");
    await other;
    // The oldest tries until there is room, and the others follow it in order.
    expect(session.sent).toEqual(["a", "b", "a", "a", "b"]);
    expect(connection.stats()).toMatchObject({ pendingSends: 0, deferredSends: 0, confirmed: 2, resent: 0 });
  });

  it("goes to the next session with whenFull=hold, and still obeys its time limit", async () => {
    const { connection, broker, session } = await toyConnected({ whenFull: "hold" }, MANUAL);
    const sent = connection.send("q", "a");
    const limited = rejectionOf(connection.send("q", "b", { timeoutMs: 20 }));
    session.refuse("a", full("a"));
    session.refuse("b", full("b"));
    expect(await limited).toMatchObject({ code: "SEND_TIMEOUT", inDoubt: false });
    broker.habits = {};
    await failover(broker);
    expect(await sent).toMatchObject({ resent: false });
  });

  it("that tries for others and runs out of time leaves that to the next", async () => {
    const { connection, session } = await toyConnected({ whenFull: "hold" }, MANUAL);
    const tries = rejectionOf(connection.send("q", "a", { timeoutMs: 200 }));
    const other = connection.send("q", "b");
    session.refuse("a", full("a"));
    session.refuse("b", full("b"));
    while (session.sent.length < 3) await turns();
    expect(await tries).toMatchObject({ code: "SEND_TIMEOUT" });
    while (session.sent.length < 4) await turns();
    session.confirm("b");
    await other;
    expect(session.sent).toEqual(["a", "b", "a", "b"]);
  });

  it("that is refused for good rejects all the same", async () => {
    const { connection, session } = await toyConnected({ whenFull: "hold" }, MANUAL);
    const sent = rejectionOf(connection.send("q", "a"));
    session.refuse("a");
    expect(await sent).toMatchObject({ code: "SEND_REJECTED" });
  });

  it("is sent again with whenFull=hold after it was refused alone, and so is what is refused after it", async () => {
    const { connection, broker } = await toyConnected({ poisonAfter: 1, whenFull: "hold" }, MANUAL);
    const a = connection.send("q", "a");
    await turns();
    const session = await failover(broker);
    await turns();
    expect(session.sent).toEqual(["a"]);
    const b = connection.send("other", "b");
    session.refuse("a", full("a"));
    await turns(4);
    expect(session.sent).toEqual(["a", "b"]);
    session.refuse("b", full("b"));
    while (session.sent.length < 3) await turns();
    session.confirm("a");
    await a;
    while (session.sent.length < 4) await turns();
    expect(session.sent).toEqual(["a", "b", "a", "b"]);
    session.confirm("b");
    await b;
  });
});

describe("sends to a destination that has no room, with whenFull=hold,", () => {
  it("are kept back while one of them tries, and follow it in order; those to other destinations go on", async () => {
    const { connection, session } = await toyConnected({ whenFull: "hold" }, MANUAL);
    const first = connection.send("full", "a");
    session.refuse("a", full("a"));
    const later = ["b", "c"].map((body) => connection.send("full", body));
    const elsewhere = connection.send("empty", "d");
    await turns();
    expect(session.sent).toEqual(["a", "d"]);
    expect(connection.stats()).toMatchObject({ deferredSends: 3 });
    while (session.sent.length < 3) await turns();
    session.confirm("a");
    await first;
    await turns();
    expect(session.sent).toEqual(["a", "d", "a", "b", "c"]);
    session.confirmAll();
    await Promise.all([...later, elsewhere]);
  });

  it("are kept back on the next session too, and refused sends do not count as what sessions die of", async () => {
    const { connection, broker, session } = await toyConnected({ whenFull: "hold", poisonAfter: 1 }, MANUAL);
    const sends = ["a", "b", "c"].map((body) => connection.send("full", body));
    session.refuse("a", full("a"));
    const second = await failover(broker);
    await turns();
    // b and c were in flight when the session ended: each is tried alone first, and then is known to be refused.
    expect(second.sent).toEqual(["b"]);
    second.refuse("b", full("b"));
    await turns(4);
    expect(second.sent).toEqual(["b", "c"]);
    second.refuse("c", full("c"));
    const third = await failover(broker);
    await turns();
    expect(third.sent).toEqual([]);
    while (third.sent.length < 1) await turns();
    third.confirmAll();
    while (third.sent.length < 3) await turns();
    third.confirmAll();
    await Promise.all(sends);
  });

  it("reject at once where they are not to be held", async () => {
    const { connection, session } = await toyConnected({}, MANUAL);
    const first = rejectionOf(connection.send("full", "a"));
    session.refuse("a", full("a"));
    expect(await first).toMatchObject({ retryable: true });
    connection.send("full", "b").catch(() => {});
    await turns();
    expect(session.sent).toEqual(["a", "b"]);
  });
});

describe("blockedMs", () => {
  it("is for how long the broker has answered no send it was given", async () => {
    const { connection, session } = await toyConnected({}, MANUAL);
    expect(connection.stats().blockedMs).toBe(0);
    const sent = connection.send("q", "a");
    expect(connection.stats().blockedMs).toBe(0);
    while (connection.stats().blockedMs === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(connection.stats().blockedMs).toBeGreaterThanOrEqual(1_000);
    session.confirmAll();
    await sent;
    expect(connection.stats().blockedMs).toBe(0);
    expect(await fateOf(connection.send("q", "b"))).toEqual({ kind: "pending" });
    expect(connection.stats().blockedMs).toBe(0);
  });
});
