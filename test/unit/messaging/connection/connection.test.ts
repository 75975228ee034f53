import { describe, expect, it } from "vitest";
import { AttemptError, AuthenticationError } from "../../../../src/errors/errors.ts";
import type { Delivery } from "../../../../src/messaging/receiving/deliveries/delivery.ts";
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
const ORDERS = "queue://orders";
const MANUAL = { confirms: false };
const AT_A = { scheme: "stomp", host: "a.example", port: 61613 };

describe("the life of a connection", () => {
  it("shows in its state and its events, each exactly once", async () => {
    const { connection, broker, told } = toyConnection();
    expect(connection.state).toEqual({ name: "idle" });
    expect([connection.endpoint, connection.broker]).toEqual([undefined, undefined]);
    broker.up = false;
    const connecting = connection.connect();
    await turns(4);
    expect(connection.state).toMatchObject({ name: "connecting", lastError: { code: "NO_ACTIVE_ENDPOINT" } });
    broker.up = true;
    expect(await connecting).toBe(connection);
    expect(connection.state).toMatchObject({ name: "connected", endpoint: AT_A });
    expect(Object.keys(connection.state).sort()).toEqual(["endpoint", "name", "since", "sinceMs"]);
    expect(connection.endpoint).toEqual(AT_A);
    expect(connection.broker).toEqual({ product: "toy", version: "1" });
    broker.up = false;
    broker.session.die();
    await turns();
    expect(connection.state).toMatchObject({ name: "interrupted", endpoint: AT_A, lastError: { retryable: true } });
    expect(connection.endpoint).toBeUndefined();
    broker.habits = { broker: { product: "other", version: "2" } };
    broker.up = true;
    await broker.opened(2);
    expect(connection.broker).toEqual({ product: "other", version: "2" });
    const closed = connection.close();
    await closed;
    expect(connection.state).toEqual({ name: "closed", lastError: undefined });
    expect(await connection.closed).toBeUndefined();
    expect(told.map(({ name }) => name)).toEqual(["established", "interrupted", "restored", "closed"]);
    expect(told[0]?.payload).toEqual({ endpoint: AT_A, at: expect.any(Date) });
    expect(told[1]?.payload).toMatchObject({
      endpoint: AT_A,
      cause: { code: "SESSION_LOST" },
      atMs: expect.any(Number),
    });
  });

  it("tells of every attempt, with the endpoint and what came of it", async () => {
    const { connection, broker } = toyConnection();
    const outcomes: unknown[] = [];
    connection.on("attempt", ({ endpoint, outcome }) =>
      outcomes.push([endpoint.host, outcome === "session" ? outcome : outcome.code]),
    );
    broker.refusal = (endpoint) => {
      if (endpoint.host === "b.example") broker.refusal = undefined;
      return new AttemptError("ENDPOINT_REFUSED", "no", { endpoint });
    };
    await connection.connect();
    expect(outcomes).toEqual([
      ["a.example", "ENDPOINT_REFUSED"],
      ["b.example", "ENDPOINT_REFUSED"],
      ["a.example", "session"],
    ]);
  });

  it("goes on when a listener throws", async () => {
    const { connection } = toyConnection();
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.message);
    process.on("warning", onWarning);
    connection.on("established", () => {
      throw new Error("a listener's own mistake");
    });
    await connection.connect();
    expect(await connection.send("q", "one")).toMatchObject({ resent: false });
    await turns();
    process.off("warning", onWarning);
    expect(warnings.join()).toContain("a listener's own mistake");
  });

  it("can be connected once", async () => {
    const { connection } = await toyConnected();
    expect(await rejectionOf(connection.connect())).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(connection.state.name).toBe("connected");
  });

  it("ends at its scope's end", async () => {
    const { connection } = toyConnection();
    {
      await using scoped = await connection.connect();
      expect(scoped.state.name).toBe("connected");
    }
    expect(connection.state.name).toBe("closed");
  });
});

describe("a connection that fails", () => {
  it("rejects connect(), held sends and consumers with the reason, and everything after", async () => {
    const { connection, broker, told } = toyConnection();
    broker.refusal = (endpoint) => new AuthenticationError("wrong password", { endpoint });
    const held = rejectionOf(connection.send("q", "held"));
    const consumer = connection.consume(ORDERS);
    const [reading, ready] = [rejectionOf(consumer.next()), rejectionOf(consumer.ready)];
    const failure = await rejectionOf(connection.connect());
    expect(failure).toMatchObject({ code: "AUTHENTICATION_FAILED" });
    expect(await held).toMatchObject({ code: "CONNECTION_CLOSED", cause: failure });
    expect(await reading).toBe(failure);
    expect(await ready).toBe(failure);
    expect(await connection.closed).toBe(failure);
    expect(connection.state).toEqual({ name: "closed", lastError: failure });
    const later = await rejectionOf(connection.send("q", "later"));
    expect(later).toMatchObject({ code: "CONNECTION_CLOSED", cause: failure });
    expect(later.message).toContain("wrong password");
    expect(() => connection.consume(ORDERS)).toThrow(expect.objectContaining({ code: "CONNECTION_CLOSED" }));
    expect(told.map(({ name, payload }) => [name, payload])).toEqual([
      ["failed", failure],
      ["closed", failure],
    ]);
    await connection.close();
  });

  it("after its rounds are used up reports only the written sends as in doubt", async () => {
    const { connection, broker, session } = await toyConnected(
      { maxReconnectRounds: 1 },
      { confirms: false, credit: 1 },
    );
    const [written, held] = [connection.send("q", "written"), connection.send("q", "held")].map(rejectionOf);
    broker.up = false;
    session.die();
    expect(await written).toMatchObject({ code: "SEND_IN_DOUBT", cause: { code: "CONNECTION_CLOSED" } });
    expect(await held).toMatchObject({ code: "CONNECTION_CLOSED", cause: { code: "NO_ACTIVE_ENDPOINT" } });
    expect(await connection.closed).toMatchObject({ code: "NO_ACTIVE_ENDPOINT" });
  });

  it("when connect() is aborted is closed for good", async () => {
    const { connection, broker, told } = toyConnection();
    broker.up = false;
    const abort = new AbortController();
    const connecting = rejectionOf(connection.connect({ signal: abort.signal }));
    await turns();
    abort.abort("enough");
    expect(await connecting).toMatchObject({ code: "ABORTED", cause: "enough" });
    expect(told.map(({ name }) => name)).toEqual(["failed", "closed"]);
    expect(await rejectionOf(connection.send("q", "x"))).toMatchObject({ code: "CONNECTION_CLOSED" });
  });
});

describe("restoring", () => {
  it("asks for subscriptions, then resends, then writes what was held, all in one turn", async () => {
    const { connection, broker, session } = await toyConnected({}, MANUAL);
    const consumers = [connection.consume(ORDERS), connection.consume("topic://prices")];
    const sends = ["a", "b"].map((body) => connection.send("q", body));
    broker.up = false;
    session.die();
    await turns();
    sends.push(connection.send("q", "held"));
    consumers.push(connection.consume("queue://late"));
    let atOnce: string[] = [];
    connection.on("restored", () => {
      atOnce = [...broker.session.log];
      sends.push(connection.send("q", "newer"));
    });
    broker.up = true;
    const next = await broker.opened(2);
    expect(atOnce).toEqual([
      `subscribe ${ORDERS}`,
      "subscribe topic://prices",
      "subscribe queue://late",
      "send a",
      "send b",
      "send held",
    ]);
    expect(next.sent).toEqual(["a", "b", "held", "newer"]);
    next.confirmAll();
    await Promise.all([...sends, ...consumers.map(({ ready }) => ready)]);
  });

  it("tells how long the outage was, what was resent and what was voided", async () => {
    const { connection, broker, session, told } = await toyConnected({}, MANUAL);
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    for (const body of ["a", "b", "c"]) session.to(ORDERS).deliver(body);
    await consumer.next();
    const sends = ["x", "y"].map((body) => connection.send("q", body));
    broker.habits = {};
    await failover(broker);
    await Promise.all(sends);
    const restored = told.find(({ name }) => name === "restored")?.payload;
    expect(restored).toEqual({
      endpoint: AT_A,
      at: expect.any(Date),
      outageMs: expect.any(Number),
      resent: 2,
      voided: 3,
    });
    const { outageMs } = restored as { outageMs: number };
    expect(outageMs).toBeGreaterThanOrEqual(0);
    expect(connection.stats()).toEqual({
      state: "connected",
      at: expect.any(Date),
      connectedSince: expect.any(Date),
      pendingSends: 0,
      pendingBytes: 0,
      waitingSends: 0,
      deferredSends: 0,
      blockedMs: 0,
      blockedSince: undefined,
      confirmed: 2,
      failed: 0,
      consumers: 1,
      unsettled: 0,
      received: 1,
      redelivered: 0,
      redeliveredHere: 0,
      settled: 0,
      ...{ accepted: 0, rejected: 0, released: 0, handlerFailures: 0, unreadable: 0 },
      stale: 0,
      deduplicated: 0,
      requests: 0,
      transactions: { open: 0, committed: 0, rolledBack: 0, inDoubt: 0 },
      destinations: expect.any(Object),
      failovers: 1,
      resent: 2,
      voided: 3,
      outageMs,
      lastOutageMs: outageMs,
      lastRestoredAt: expect.any(Date),
    });
  });

  it("sums the outages up, and counts what each voided once", async () => {
    const { connection, broker, told } = await toyConnected({ poisonAfter: 100 });
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    for (let i = 0; i < 3; i++) {
      broker.session.to(ORDERS).deliver(`m${i}`);
      await failover(broker);
    }
    const restored = told.flatMap((event) => (event.name === "restored" ? [event.payload] : []));
    expect(restored.map(({ voided }) => voided)).toEqual([1, 1, 1]);
    const total = restored.reduce((sum, { outageMs }) => sum + outageMs, 0);
    expect(connection.stats()).toMatchObject({ failovers: 3, voided: 3 });
    expect(connection.stats().outageMs).toBeCloseTo(total);
  });

  it("happens again when the new session ends in the turn in which it was opened", async () => {
    const { connection, broker, session, told } = await toyConnected({ poisonAfter: 100 }, MANUAL);
    const send = connection.send("q", "one");
    const consumer = connection.consume(ORDERS);
    let deaths = 0;
    connection.on("restored", () => {
      if (deaths++ < 3) broker.session.die();
      else broker.session.confirm("one");
    });
    session.die();
    expect(await send).toMatchObject({ resent: true });
    await consumer.ready;
    expect(broker.session.log).toEqual([`subscribe ${ORDERS}`, "send one"]);
    expect(told.filter(({ name }) => name === "restored")).toHaveLength(4);
    expect(told.filter(({ name }) => name === "interrupted")).toHaveLength(4);
  });
});

describe("close()", () => {
  it("of an idle connection leaves nothing to connect", async () => {
    const { connection, told } = toyConnection();
    await connection.close();
    expect(told).toEqual([{ name: "closed", payload: undefined }]);
    expect(await rejectionOf(connection.connect())).toMatchObject({ code: "CONNECTION_CLOSED" });
  });

  it("is one close however often it is called", async () => {
    const { connection, told, session } = await toyConnected();
    await Promise.all([connection.close(), connection.close(), connection[Symbol.asyncDispose]()]);
    await connection.close();
    expect(told.filter(({ name }) => name === "closed")).toHaveLength(1);
    expect(session.log).toEqual(["close"]);
  });

  it("waits for confirmations", async () => {
    const { connection, session } = await toyConnected({}, MANUAL);
    const send = connection.send("q", "one");
    const closed = connection.close();
    expect(await fateOf(closed)).toEqual({ kind: "pending" });
    expect(session.log).toEqual(["send one"]);
    session.confirm("one");
    await closed;
    expect(await send).toMatchObject({ resent: false });
    expect(session.log).toEqual(["send one", "close"]);
  });

  it("waits for a handler, which may still send, and for that send too", async () => {
    const { connection, session } = await toyConnected({}, MANUAL);
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    let finish = () => {};
    let answer: Promise<unknown> = Promise.reject(new Error("not sent"));
    answer.catch(() => {});
    const running = consumer.run(async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      // Not awaited: the delivery is settled before it is confirmed.
      answer = connection.send("q", "answer");
    });
    for (const body of ["a", "b"]) session.to(ORDERS).deliver(body);
    await turns();
    const closed = connection.close();
    expect(() => connection.consume(ORDERS)).toThrow(/closed/);
    finish();
    await running;
    expect(await fateOf(closed)).toEqual({ kind: "pending" });
    expect(await rejectionOf(connection.send("q", "too late"))).toMatchObject({ code: "CONNECTION_CLOSED" });
    session.confirm("answer");
    await Promise.all([closed, answer]);
    expect(session.log).toEqual([
      `subscribe ${ORDERS}`,
      "send answer",
      "settle a accepted",
      `unsubscribe ${ORDERS}`,
      "close",
    ]);
  });

  it("ends an iteration after the delivery in hand, and waits for that one", async () => {
    const { connection, session } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    for (const body of ["a", "b"]) session.to(ORDERS).deliver(body);
    const seen: string[] = [];
    let closed = Promise.resolve();
    for await (const delivery of consumer) {
      closed = connection.close();
      await turns();
      seen.push(delivery.message.text());
      expect(await delivery.accept()).toBe("settled");
    }
    await closed;
    expect(seen).toEqual(["a"]);
  });

  it("gives up waiting after drainTimeoutMs: the written is in doubt, the rest is not", async () => {
    const { connection, session } = await toyConnected({}, { confirms: false, credit: 1 });
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    session.to(ORDERS).deliver("a");
    const { value } = await consumer.next();
    const [written, held] = [connection.send("q", "written"), connection.send("q", "held")].map(rejectionOf);
    await connection.close({ drainTimeoutMs: 5 });
    expect(await written).toMatchObject({ code: "SEND_IN_DOUBT", cause: { code: "CONNECTION_CLOSED" } });
    expect(await held).toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(await (value as Delivery).accept()).toBe("stale");
    expect(connection.stats()).toMatchObject({ state: "closed", pendingSends: 0, pendingBytes: 0, unsettled: 0 });
  });

  it.each([Number.NaN, -1, 0])("takes a drainTimeoutMs of %s as no time at all", async (drainTimeoutMs) => {
    const { connection } = await toyConnected({}, MANUAL);
    const send = rejectionOf(connection.send("q", "one"));
    await connection.close({ drainTimeoutMs });
    expect(await send).toMatchObject({ code: "SEND_IN_DOUBT" });
  });

  it("waits without limit when drainTimeoutMs is Infinity", async () => {
    const { connection, session } = await toyConnected({}, MANUAL);
    const send = connection.send("q", "one");
    const closed = connection.close({ drainTimeoutMs: Number.POSITIVE_INFINITY });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await fateOf(closed)).toEqual({ kind: "pending" });
    session.confirm("one");
    await Promise.all([closed, send]);
  });

  it("during connect() ends it, without waiting for a session", async () => {
    const { connection, broker, told } = toyConnection({ drainTimeoutMs: 20_000 });
    broker.up = false;
    const connecting = rejectionOf(connection.connect());
    const held = rejectionOf(connection.send("q", "held"));
    await turns();
    await connection.close();
    expect(await connecting).toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(await held).toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(told.map(({ name }) => name)).toEqual(["closed"]);
    expect(await connection.closed).toBeUndefined();
  });

  it("during a failover with nothing pending leaves at once", async () => {
    const { connection, broker, session } = await toyConnected({ drainTimeoutMs: 20_000 });
    const consumer = connection.consume(ORDERS);
    const reader = consumer.next();
    broker.up = false;
    session.die();
    await turns();
    await connection.close();
    expect(await reader).toEqual({ done: true, value: undefined });
    expect(connection.state.name).toBe("closed");
  });

  it("during a failover with pending sends waits for the next session and their confirmation", async () => {
    const { connection, broker, session } = await toyConnected({ drainTimeoutMs: 20_000 }, MANUAL);
    const sends = [connection.send("q", "written")];
    broker.up = false;
    session.die();
    await turns();
    sends.push(connection.send("q", "held"));
    const closed = connection.close();
    expect(await fateOf(closed)).toEqual({ kind: "pending" });
    broker.habits = {};
    broker.up = true;
    await Promise.all([closed, ...sends]);
    expect(broker.session.log).toEqual(["send written", "send held", "close"]);
  });

  it("during a failover that lasts gives up after drainTimeoutMs", async () => {
    const { connection, broker, session } = await toyConnected({ drainTimeoutMs: 10 }, { confirms: false, credit: 1 });
    const [written, held] = [connection.send("q", "written"), connection.send("q", "held")].map(rejectionOf);
    broker.up = false;
    session.die();
    await turns();
    await connection.close();
    expect(await written).toMatchObject({ code: "SEND_IN_DOUBT" });
    expect(await held).toMatchObject({ code: "CONNECTION_CLOSED" });
  });

  it("goes on to drain when the session ends meanwhile", async () => {
    const { connection, broker, session } = await toyConnected({ drainTimeoutMs: 20_000 }, MANUAL);
    const send = connection.send("q", "one");
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    session.to(ORDERS).deliver("a");
    const { value } = await consumer.next();
    const closed = connection.close();
    broker.habits = {};
    session.die();
    await Promise.all([closed, send]);
    expect(broker.session.log).toEqual(["send one", "close"]);
    expect(await (value as Delivery).accept()).toBe("stale");
  });

  it("while suspects are tried lets them and what waits behind them be answered", async () => {
    const { connection, broker, session } = await toyConnected({ poisonAfter: 1 }, { grants: false, confirms: false });
    connection.consume(ORDERS);
    const send = connection.send("q", "one");
    broker.habits = { grants: false };
    session.die();
    const next = await broker.opened(2);
    const closed = connection.close();
    await turns();
    next.to(ORDERS).grant();
    await Promise.all([closed, send]);
  });

  it("is not delayed by a peer that answers nothing", async () => {
    const { connection, session } = await toyConnected({ drainTimeoutMs: 0 }, { leaves: false, confirms: false });
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    const send = rejectionOf(connection.send("q", "one"));
    await connection.close();
    expect(session.over).toBe(true);
    expect(await send).toMatchObject({ code: "SEND_IN_DOUBT" });
    expect(await consumer.next()).toEqual({ done: true, value: undefined });
  });

  it("makes every later call reject or throw, and nothing throws from the event loop", async () => {
    const { connection } = await toyConnected();
    const orders = connection.producer(ORDERS);
    await connection.close();
    for (const send of [connection.send("q", "x"), orders.send("x")]) {
      expect(await rejectionOf(send)).toMatchObject({ code: "CONNECTION_CLOSED", retryable: false });
    }
    expect(() => connection.consume(ORDERS)).toThrow(expect.objectContaining({ code: "CONNECTION_CLOSED" }));
    expect(connection.stats().state).toBe("closed");
  });

  it("leaves no timer behind, whatever was under way", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    await turns();
    const before = timers();
    const { connection, broker, session } = await toyConnected({ drainTimeoutMs: 60_000, poisonAfter: 1 }, MANUAL);
    const limits = { timeoutMs: 60_000, ttlMs: 60_000 };
    const sends = [connection.send("q", "a", limits), connection.send("q", "b", limits)].map(rejectionOf);
    broker.up = false;
    session.die();
    await turns();
    broker.up = true;
    await broker.opened(2);
    await connection.close({ drainTimeoutMs: 1 });
    await Promise.all(sends);
    await turns();
    expect(timers()).toBeLessThanOrEqual(before);
  });
});
