import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type SendError, SendNotStoredError } from "../../../../src/errors/errors.ts";
import { parseDestination } from "../../../../src/messaging/messages/destination.ts";
import { createOutgoingMessage } from "../../../../src/messaging/messages/outgoing-message.ts";
import { PendingSends } from "../../../../src/messaging/sending/pending-sends.ts";
import type { SendTarget } from "../../../../src/messaging/sending/send-route.ts";
import {
  ENDPOINTS,
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
const [A] = ENDPOINTS;
const AT_A = { scheme: "stomp", host: "a.example", port: 61613 };

describe("a send", () => {
  it("resolves only when the broker has confirmed it, with its id and the endpoint", async () => {
    const { connection, session } = await toyConnected({}, MANUAL);
    const sent = connection.send("queue://orders", "one", { id: "id-1" });
    expect(await fateOf(sent)).toEqual({ kind: "pending" });
    expect(session.sent).toEqual(["one"]);
    session.confirm("one");
    expect(await sent).toEqual({ id: "id-1", endpoint: AT_A, resent: false });
  });

  it("carries an id of its own when the caller gives none", async () => {
    const { connection } = await toyConnected();
    const [one, two] = await Promise.all([connection.send("q", "one"), connection.send("q", "two")]);
    expect(one.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(two.id).not.toBe(one.id);
  });

  it("rejects with the broker's refusal and leaves the others alone", async () => {
    const { connection, session } = await toyConnected({}, MANUAL);
    const [one, two] = [connection.send("q", "one"), connection.send("q", "two")];
    session.refuse("one", new SendNotStoredError("given back", { id: "x" }));
    session.confirm("two");
    expect(await rejectionOf(one)).toMatchObject({ code: "SEND_NOT_STORED", retryable: true });
    expect(await two).toMatchObject({ resent: false });
    expect(connection.stats()).toMatchObject({ confirmed: 1, failed: 1, pendingSends: 0, pendingBytes: 0 });
  });

  it("made before connect() is held, and written in order once there is a session", async () => {
    const { connection, broker } = toyConnection();
    const sends = [connection.send("q", "one"), connection.send("q", "two")];
    expect(await fateOf(Promise.race(sends))).toEqual({ kind: "pending" });
    await connection.connect();
    await Promise.all(sends);
    expect(broker.session.sent).toEqual(["one", "two"]);
  });

  it("is held during an outage and goes out after what was unanswered", async () => {
    const { connection, broker, session } = await toyConnected({}, MANUAL);
    const first = connection.send("q", "first");
    broker.up = false;
    session.die();
    await turns();
    const second = connection.send("q", "second");
    expect(connection.stats()).toMatchObject({ state: "interrupted", pendingSends: 2 });
    broker.up = true;
    const next = await broker.opened(2);
    expect(next.sent).toEqual(["first", "second"]);
    next.confirmAll();
    expect(await first).toMatchObject({ resent: true });
    expect(await second).toMatchObject({ resent: false });
  });

  it("is sent again with the same id before anything newer, in order, across several failovers", async () => {
    const { connection, broker, session } = await toyConnected({ poisonAfter: 100 }, MANUAL);
    const bodies = Array.from({ length: 20 }, (_, i) => `m${i}`);
    const sends = bodies.map((body) => connection.send("q", body, { id: `id-${body}` }));
    const confirmed: string[] = [];
    const note = (send: (typeof sends)[number]) => void send.then(({ id }) => confirmed.push(id));
    sends.forEach(note);
    for (const body of bodies.slice(0, 5)) session.confirm(body);
    const second = await failover(broker);
    const newest = connection.send("q", "m20", { id: "id-m20" });
    note(newest);
    sends.push(newest);
    expect(second.sent).toEqual([...bodies.slice(5), "m20"]);
    expect([...second.unanswered.values()].map(({ message }) => message.id)).toEqual(
      [...bodies.slice(5), "m20"].map((body) => `id-${body}`),
    );
    second.confirm("m5");
    const third = await failover(broker);
    expect(third.sent).toEqual([...bodies.slice(6), "m20"]);
    third.confirmAll();
    const results = await Promise.all(sends);
    expect(confirmed).toEqual([...bodies.map((body) => `id-${body}`), "id-m20"]);
    expect(results.map(({ resent }) => resent)).toEqual([
      ...Array<boolean>(5).fill(false),
      ...Array<boolean>(16).fill(true),
    ]);
  });

  it("that the session took and did not write does not count as resent", async () => {
    const { connection, broker } = await toyConnected({}, { credit: 0 });
    const send = connection.send("q", "one");
    broker.habits = {};
    const next = await failover(broker);
    expect(await send).toMatchObject({ resent: false });
    expect(next.sent).toEqual(["one"]);
    expect(connection.stats()).toMatchObject({ resent: 0, failovers: 1 });
  });

  it("with inDoubt=fail rejects when its session ends after the write, and sends that were only held go on", async () => {
    const { connection, broker } = await toyConnected({ inDoubt: "fail" }, { confirms: false, credit: 1 });
    const written = rejectionOf<SendError>(connection.send("q", "written", { id: "w" }));
    const held = connection.send("q", "held");
    broker.habits = {};
    const next = await failover(broker);
    expect(await written).toMatchObject({ code: "SEND_IN_DOUBT", id: "w", inDoubt: true });
    expect(await held).toMatchObject({ resent: false });
    expect(next.sent).toEqual(["held"]);
  });
});

describe("the bounds", () => {
  it("let maxPendingSends be in flight; further ones wait in order until one is answered", async () => {
    const { connection, session } = await toyConnected({ maxPendingSends: 2 }, MANUAL);
    const sends = ["a", "b", "c", "d"].map((body) => connection.send("q", body));
    expect(session.sent).toEqual(["a", "b"]);
    expect(connection.stats()).toMatchObject({ pendingSends: 2, waitingSends: 2 });
    session.confirm("b");
    expect(session.sent).toEqual(["a", "b", "c"]);
    session.refuse("a");
    expect(session.sent).toEqual(["a", "b", "c", "d"]);
    session.confirmAll();
    expect((await Promise.allSettled(sends)).map(({ status }) => status)).toEqual([
      "rejected",
      "fulfilled",
      "fulfilled",
      "fulfilled",
    ]);
  });

  it("let maxPendingBytes be in flight, and no send overtakes a large one that waits", async () => {
    const { connection, session } = await toyConnected({ maxPendingBytes: 2_000 }, MANUAL);
    const large = "x".repeat(1_500);
    const sends = ["small", large, "late"].map((body) => connection.send("q", body));
    expect(session.sent).toEqual(["small"]);
    expect(connection.stats()).toMatchObject({ pendingSends: 1, waitingSends: 2 });
    session.confirm("small");
    expect(session.sent).toEqual(["small", large]);
    session.confirm(large);
    session.confirm("late");
    await Promise.all(sends);
    expect(connection.stats()).toMatchObject({ pendingBytes: 0, pendingSends: 0, waitingSends: 0, confirmed: 3 });
  });

  it("refuse at once a message that could never fit", async () => {
    const { connection, session } = await toyConnected({ maxPendingBytes: 1_000 });
    const error = await rejectionOf<SendError>(connection.send("q", "x".repeat(1_000), { id: "big" }));
    expect(error).toMatchObject({ code: "MESSAGE_TOO_LARGE", id: "big", inDoubt: false });
    expect(error.message).toContain("maxPendingBytes=1000");
    expect(session.sent).toEqual([]);
    expect(connection.stats()).toMatchObject({ pendingSends: 0, failed: 1 });
  });

  it("forget a waiting send whose caller gave up, however many do so during one outage", async () => {
    const { connection, broker, session } = await toyConnected({ maxPendingSends: 1 }, MANUAL);
    const first = connection.send("q", "first");
    broker.up = false;
    session.die();
    const abort = new AbortController();
    const given = Array.from({ length: 1_000 }, () =>
      rejectionOf(connection.send("q", "never", { signal: abort.signal })),
    );
    const last = connection.send("q", "last");
    abort.abort();
    expect(new Set((await Promise.all(given)).map(({ code }) => code))).toEqual(new Set(["ABORTED"]));
    expect(connection.stats()).toMatchObject({ waitingSends: 1, pendingSends: 1, failed: 1_000 });
    broker.up = true;
    broker.habits = {};
    await Promise.all([first, last]);
    expect(broker.session.sent).toEqual(["first", "last"]);
  });

  it("count what was written and given up until the broker answers, for its bytes are with the session", async () => {
    const { connection, session } = await toyConnected({ maxPendingSends: 1 }, MANUAL);
    const error = await rejectionOf(connection.send("q", "slow", { timeoutMs: 1 }));
    expect(error).toMatchObject({ code: "SEND_TIMEOUT", inDoubt: true });
    const next = connection.send("q", "next");
    expect(session.sent).toEqual(["slow"]);
    expect(connection.stats()).toMatchObject({ pendingSends: 1, waitingSends: 1 });
    session.confirm("slow");
    expect(session.sent).toEqual(["slow", "next"]);
    session.confirm("next");
    expect(await next).toMatchObject({ resent: false });
    expect(connection.stats()).toMatchObject({ pendingSends: 0, pendingBytes: 0, confirmed: 1, failed: 1 });
  });

  it("free the room of what was given up when its session ends, and do not resend it", async () => {
    const { connection, broker } = await toyConnected({ maxPendingSends: 1 }, MANUAL);
    await rejectionOf(connection.send("q", "slow", { timeoutMs: 1 }));
    const next = connection.send("q", "next");
    broker.habits = {};
    const session = await failover(broker);
    await next;
    expect(session.sent).toEqual(["next"]);
    expect(connection.stats()).toMatchObject({ pendingSends: 0, pendingBytes: 0, waitingSends: 0 });
  });

  it("hold when sends fail in the very call that hands them over", () => {
    const route = { target: undefined as SendTarget | undefined, connected: true, endpoint: A };
    const settings = {
      ...({ maxPendingSends: 2, maxPendingBytes: 10_000, inDoubt: "resend", overflow: "wait" } as const),
      ...({ whenInterrupted: "hold", whenFull: "reject" } as const),
    };
    const sends = new PendingSends(settings, route);
    const results = ["a", "b", "c", "d", "e"].map((body) =>
      sends.add(parseDestination("q"), createOutgoingMessage(body), {}).then(
        () => `${body} confirmed`,
        () => `${body} failed`,
      ),
    );
    const given: string[] = [];
    const target: SendTarget = {
      send: (send) => {
        given.push(send.message.body.toString());
        send.onOutcome({ kind: "failed", error: new SendNotStoredError("no", { id: send.message.id }) });
      },
    };
    sends.resume(target);
    route.target = target;
    expect(given).toEqual(["a", "b", "c", "d", "e"]);
    expect(sends.stats).toMatchObject({ pendingSends: 0, pendingBytes: 0, waitingSends: 0, failed: 5 });
    return expect(Promise.all(results)).resolves.toEqual(["a", "b", "c", "d", "e"].map((body) => `${body} failed`));
  });
});

describe("a send's limits", () => {
  it("reject with SEND_TIMEOUT while it is held, and say that it was not written", async () => {
    const { connection } = toyConnection();
    const error = await rejectionOf<SendError>(connection.send("q", "one", { id: "t", timeoutMs: 5 }));
    expect(error).toMatchObject({ code: "SEND_TIMEOUT", id: "t", inDoubt: false, retryable: true });
    expect(error.message).toMatch(/timeoutMs=5; it had not been written/);
  });

  it("name the missing connect() in the time-out, and in one warning after a second", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { connection, told } = toyConnection();
    const late = rejectionOf<SendError>(connection.send("q", "one", { timeoutMs: 1_500 }));
    connection.send("q", "two").catch(() => {});
    await vi.advanceTimersByTimeAsync(3_000);
    expect((await late).message).toMatch(/had not been written: connect\(\) was not called on this connection/);
    expect(told).toMatchObject([{ name: "warning", payload: { code: "NOT_CONNECTED" } }]);
  });

  it("reject with SEND_TIMEOUT after the write, and say that it may be stored", async () => {
    const { connection } = await toyConnected({ sendTimeoutMs: 5 }, MANUAL);
    const error = await rejectionOf<SendError>(connection.send("q", "one"));
    expect(error).toMatchObject({ code: "SEND_TIMEOUT", inDoubt: true });
  });

  it("take a timeout longer than Node's timers can hold", async () => {
    const { connection, session } = await toyConnected({}, MANUAL);
    const sends = [Number.POSITIVE_INFINITY, 2 ** 40].map((timeoutMs) =>
      connection.send("q", `${timeoutMs}`, { timeoutMs }),
    );
    const ttl = connection.send("q", "ttl", { ttlMs: 2 ** 40 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await fateOf(Promise.race([...sends, ttl]))).toEqual({ kind: "pending" });
    session.confirmAll();
    await Promise.all([...sends, ttl]);
  });

  it("reject with ABORTED at once, and send nothing, when the signal has fired before", async () => {
    const { connection, session } = await toyConnected();
    const error = await rejectionOf(connection.send("q", "one", { signal: AbortSignal.abort("enough") }));
    expect(error).toMatchObject({ code: "ABORTED", cause: "enough" });
    expect(session.sent).toEqual([]);
  });

  it("reject with ABORTED while it is held, and it is never written", async () => {
    const { connection, broker } = toyConnection();
    const abort = new AbortController();
    const send = connection.send("q", "one", { signal: abort.signal });
    abort.abort();
    expect(await rejectionOf(send)).toMatchObject({ code: "ABORTED" });
    await connection.connect();
    expect(broker.session.sent).toEqual([]);
  });

  it("reject with ABORTED while the session has it and has not written it", async () => {
    const { connection, session } = await toyConnected({}, { credit: 0 });
    const abort = new AbortController();
    const send = connection.send("q", "one", { signal: abort.signal });
    abort.abort();
    expect(await rejectionOf(send)).toMatchObject({ code: "ABORTED" });
    session.credit(5);
    expect(session.sent).toEqual([]);
  });

  it("reject with SEND_IN_DOUBT when the signal fires after the write; a late confirmation is ignored", async () => {
    const { connection, session } = await toyConnected({}, MANUAL);
    const abort = new AbortController();
    const send = connection.send("q", "one", { signal: abort.signal });
    abort.abort("enough");
    expect(await rejectionOf(send)).toMatchObject({ code: "SEND_IN_DOUBT", inDoubt: true, cause: "enough" });
    session.confirm("one");
    expect(connection.stats()).toMatchObject({ confirmed: 0, failed: 1, pendingSends: 0 });
  });

  it("leave no listener on the caller's signal when the send is over", async () => {
    const { connection } = await toyConnected();
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    Object.assign(signal, {
      addEventListener: (...args: Parameters<typeof addEventListener>) => {
        listeners += 1;
        addEventListener.apply(signal, args);
      },
      removeEventListener: (...args: Parameters<typeof removeEventListener>) => {
        listeners -= 1;
        removeEventListener.apply(signal, args);
      },
    });
    await connection.send("q", "one", { signal });
    expect(listeners).toBe(0);
  });

  it("reject with SEND_EXPIRED when the time to live runs out while it is held", async () => {
    const { connection, broker } = toyConnection();
    const error = await rejectionOf<SendError>(connection.send("q", "one", { id: "e", ttlMs: 20 }));
    expect(error).toMatchObject({ code: "SEND_EXPIRED", id: "e", inDoubt: false });
    await connection.connect();
    expect(broker.session.sent).toEqual([]);
  });

  it("reject with SEND_EXPIRED in an outage when the time to live had run out before it began", async () => {
    const { connection, broker, session } = await toyConnected({}, MANUAL);
    const send = connection.send("q", "one", { ttlMs: 5 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await fateOf(send)).toEqual({ kind: "pending" });
    broker.up = false;
    session.die();
    expect(await rejectionOf<SendError>(send)).toMatchObject({ code: "SEND_EXPIRED", inDoubt: true });
  });

  it("reject with SEND_EXPIRED in an outage when the time to live runs out during it", async () => {
    const { connection, broker, session } = await toyConnected({}, MANUAL);
    const send = connection.send("q", "one", { ttlMs: 50 });
    broker.up = false;
    session.die();
    expect(await rejectionOf<SendError>(send)).toMatchObject({ code: "SEND_EXPIRED", inDoubt: true });
  });
});

describe("a send of something that cannot be sent", () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  const wrong: readonly (readonly [string, string, unknown, object])[] = [
    ["an empty destination", "", "x", {}],
    ["a destination of another kind", "dead://letter", "x", {}],
    ["a destination with a line feed", "queue://a\nb", "x", {}],
    ["a destination that is no string", 7 as unknown as string, "x", {}],
    ["an undefined body", "q", undefined, {}],
    ["a function as body", "q", () => {}, {}],
    ["a circular body", "q", circular, {}],
    ["a bigint as body", "q", 1n, {}],
    ["a property with a NUL", "q", "x", { properties: { name: "a\0b" } }],
    ["a property name with a line feed", "q", "x", { properties: { "a\nb": 1 } }],
    ["a property without a name", "q", "x", { properties: { "": 1 } }],
    ["a property that is an object", "q", "x", { properties: { a: {} } }],
    ["a property that is not finite", "q", "x", { properties: { a: Number.NaN } }],
    ["a property that is null", "q", "x", { properties: { a: null } }],
    ["a priority of 10", "q", "x", { priority: 10 }],
    ["a priority of 4.5", "q", "x", { priority: 4.5 }],
    ["a time to live of 0", "q", "x", { ttlMs: 0 }],
    ["an endless time to live", "q", "x", { ttlMs: Number.POSITIVE_INFINITY }],
    ["a timeout of 0", "q", "x", { timeoutMs: 0 }],
    ["a timeout that is no number", "q", "x", { timeoutMs: "soon" }],
    ["an empty id", "q", "x", { id: "" }],
    ["an id with a line feed", "q", "x", { id: "a\nb" }],
    ["a correlation id that is no string", "q", "x", { correlationId: 7 }],
    ["a malformed replyTo", "q", "x", { replyTo: "topic://" }],
  ];

  it.each(wrong)("rejects for %s, throws nothing and sends nothing", async (_, destination, body, options) => {
    const { connection, session } = await toyConnected();
    const send = connection.send(destination, body as string, options);
    expect(send).toBeInstanceOf(Promise);
    expect(await rejectionOf(send)).toMatchObject({ code: "INVALID_ARGUMENT", name: "InvalidArgumentError" });
    expect(session.sent).toEqual([]);
    expect(connection.stats().pendingSends).toBe(0);
  });
});

describe("a producer", () => {
  it("sends to its destination as the connection would, in one order with it", async () => {
    const { connection, session } = await toyConnected();
    const orders = connection.producer("topic://orders");
    expect(orders.destination).toEqual({ kind: "topic", name: "orders" });
    const results = await Promise.all([orders.send("a"), connection.send("topic://orders", "b"), orders.send("c")]);
    expect(results).toHaveLength(3);
    expect(session.sent).toEqual(["a", "b", "c"]);
    expect(await rejectionOf(orders.send("x", { priority: 11 }))).toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("is not made for a malformed destination", async () => {
    const { connection } = await toyConnected();
    expect(() => connection.producer("queue://")).toThrow(/has no name/);
  });
});

describe("a held send with a time to live", () => {
  it("is not expired by a step of the system clock", async () => {
    const { connection, broker } = toyConnection();
    const held = connection.send("q", "x", { ttlMs: 60_000 });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    await connection.connect();
    expect(await held).toMatchObject({ resent: false });
    expect(broker.session.sent).toEqual(["x"]);
  });
});
