import { describe, expect, it } from "vitest";
import type { SendError } from "../../../../src/errors/errors.ts";
import type { Suspect } from "../../../../src/messaging/port/suspect.ts";
import { clearSuspects } from "../../../../src/messaging/recovery/poison-rule.ts";
import {
  ENDPOINTS,
  fateOf,
  forbidUnhandledRejections,
  rejectionOf,
  toyConnected,
} from "../../../support/toy-connection.ts";
import { ToyMessagingSession, turns } from "../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
/** Dies of the poison; the first sessions, so many as are said, confirm nothing before. */
const poisoned =
  (unanswered: number, poison = "poison") =>
  (session: number) => {
    const answers = session > unanswered;
    return { confirms: answers, grants: answers, diesOf: (what: string) => what === poison };
  };

describe("a send that ends every session", () => {
  it("is replayed alone after poisonAfter sessions and rejects; everything else is confirmed in order", async () => {
    const { connection, broker } = await toyConnected({ poisonAfter: 3 }, poisoned(3));
    const confirmed: string[] = [];
    const send = (body: string) =>
      connection.send("q", body).then(() => {
        confirmed.push(body);
      });
    const before = ["a", "b"].map(send);
    const poison = rejectionOf<SendError>(connection.send("q", "poison", { id: "bad" }));
    const after = ["c", "d"].map(send);
    await Promise.all([...before, ...after]);
    expect(await poison).toMatchObject({ code: "POISON_SEND", id: "bad", inDoubt: true });
    expect((await poison).message).toContain("4 sessions in a row");
    expect(confirmed).toEqual(["a", "b", "c", "d"]);
    const sent = broker.sessions.map((session) => session.sent);
    expect(sent.slice(0, 3)).toEqual(Array(3).fill(["a", "b", "poison", "c", "d"]));
    // The suspects one by one, each answered before the next; the one that killed was alone.
    expect(sent[3]).toEqual(["a", "b", "poison"]);
    expect(sent[4]).toEqual(["c", "d"]);
    expect(sent).toHaveLength(5);
  });

  it("does not fail other sends that were in flight as often", async () => {
    const { connection } = await toyConnected({ poisonAfter: 2 }, poisoned(2));
    const poison = rejectionOf(connection.send("q", "poison"));
    const innocent = Array.from({ length: 30 }, (_, i) => connection.send("q", `m${i}`));
    expect(await poison).toMatchObject({ code: "POISON_SEND" });
    const results = await Promise.all(innocent);
    expect(results.every(({ resent }) => resent)).toBe(true);
    expect(connection.stats()).toMatchObject({ confirmed: 30, failed: 1, pendingSends: 0 });
  });

  it("holds back newer sends and subscriptions until it is cleared", async () => {
    const { connection, broker } = await toyConnected({ poisonAfter: 1 }, { confirms: false });
    const suspect = connection.send("q", "suspect");
    const consumer = connection.consume("queue://orders");
    await consumer.ready;
    broker.session.die();
    const second = await broker.opened(2);
    const newer = connection.send("q", "newer");
    const late = connection.consume("queue://late");
    await turns();
    expect(second.log).toEqual(["send suspect"]);
    second.confirm("suspect");
    await turns();
    expect(second.log).toEqual(["send suspect", "subscribe queue://orders", "subscribe queue://late", "send newer"]);
    second.confirm("newer");
    await Promise.all([suspect, newer, late.ready]);
  });

  it("is not blamed when the session dies before it was written", async () => {
    const { connection, broker } = await toyConnected({ poisonAfter: 1 }, { confirms: false });
    const suspect = connection.send("q", "suspect");
    broker.habits = { credit: 0 };
    broker.session.die();
    const second = await broker.opened(2);
    broker.habits = {};
    second.die();
    expect(await suspect).toMatchObject({ resent: true });
    expect(broker.sessions.map(({ sent }) => sent)).toEqual([["suspect"], [], ["suspect"]]);
  });

  it("delays nobody when its caller gives up before it is tried", async () => {
    const { connection, broker } = await toyConnected({ poisonAfter: 1 }, { confirms: false });
    const abort = new AbortController();
    const first = connection.send("q", "first");
    const second = rejectionOf(connection.send("q", "second", { signal: abort.signal }));
    const third = connection.send("q", "third");
    broker.session.die();
    const session = await broker.opened(2);
    expect(session.sent).toEqual(["first"]);
    abort.abort();
    expect(await second).toMatchObject({ code: "SEND_IN_DOUBT" });
    session.confirm("first");
    await turns();
    expect(session.sent).toEqual(["first", "third"]);
    session.confirm("third");
    await Promise.all([first, third]);
  });

  it("stays a suspect when its caller gives up while it is tried, so that no other send is blamed", async () => {
    const { connection, broker } = await toyConnected({ poisonAfter: 1 }, { confirms: false });
    const abort = new AbortController();
    const killer = rejectionOf(connection.send("q", "killer", { signal: abort.signal }));
    const innocent = connection.send("q", "innocent");
    broker.session.die();
    const session = await broker.opened(2);
    abort.abort();
    await killer;
    await turns();
    expect(session.sent).toEqual(["killer"]);
    broker.habits = {};
    session.die();
    expect(await innocent).toMatchObject({ resent: true });
  });
});

describe("a subscription that ends every session", () => {
  it("is tried alone after poisonAfter sessions and refused; the others go on", async () => {
    const { connection, broker } = await toyConnected({ poisonAfter: 2 }, poisoned(2, "queue://poison"));
    const innocent = connection.consume("queue://innocent");
    const poison = connection.consume("queue://poison");
    const reading = rejectionOf(poison.next());
    expect(await reading).toMatchObject({ code: "SUBSCRIPTION_REFUSED" });
    await expect(poison.ready).rejects.toMatchObject({ code: "SUBSCRIPTION_REFUSED" });
    await innocent.ready;
    await broker.opened(4);
    expect(broker.sessions.map(({ log }) => log)).toEqual([
      ["subscribe queue://innocent", "subscribe queue://poison"],
      ["subscribe queue://innocent", "subscribe queue://poison"],
      ["subscribe queue://innocent", "subscribe queue://poison"],
      ["subscribe queue://innocent"],
    ]);
    expect(await connection.send("q", "on")).toMatchObject({ resent: false });
    expect(await poison.next()).toEqual({ done: true, value: undefined });
  });

  it("that was answered once starts its count again", async () => {
    const { connection, broker } = await toyConnected({ poisonAfter: 2 }, { grants: false });
    const consumer = connection.consume("queue://orders");
    broker.session.die();
    (await broker.opened(2)).to("queue://orders").grant();
    broker.session.die();
    await broker.opened(3);
    broker.session.die();
    const last = await broker.opened(4);
    // One death since the answer: not suspect, so it is restored with the rest.
    expect(last.log).toEqual(["subscribe queue://orders"]);
    last.to("queue://orders").grant();
    await consumer.ready;
  });

  it("is tried before the sends, and closing it lets them go on", async () => {
    const { connection, broker } = await toyConnected({ poisonAfter: 1 }, { grants: false, confirms: false });
    const consumer = connection.consume("queue://orders");
    const send = connection.send("q", "one");
    broker.habits = { grants: false };
    broker.session.die();
    const session = await broker.opened(2);
    expect(session.log).toEqual(["subscribe queue://orders"]);
    await consumer.close();
    expect(await send).toMatchObject({ resent: true });
  });
});

describe("clearing suspects", () => {
  function suspectOf(alone: Suspect["alone"]): Suspect & { failures: unknown[] } {
    const failures: unknown[] = [];
    const fail = (error: unknown) => failures.push(error);
    return { deaths: 3, unanswered: true, alone, failures, fail, failAsPoison: fail };
  }

  it("goes on after its time limit with a suspect that is neither answered nor ends the session, and blames nobody", async () => {
    const [endpoint] = ENDPOINTS;
    if (!endpoint) throw new Error("no endpoint");
    const session = new ToyMessagingSession(endpoint, {});
    const stuck = suspectOf(() => session.ended.then(() => {}));
    const next = suspectOf(async () => {});
    expect(await clearSuspects(session, [stuck, next], 5)).toBe(true);
    expect([...stuck.failures, ...next.failures]).toEqual([]);
    session.die();
  });

  it("fails a suspect whose clearing rejects with its own error, and tries the others", async () => {
    const [endpoint] = ENDPOINTS;
    if (!endpoint) throw new Error("no endpoint");
    const session = new ToyMessagingSession(endpoint, {});
    const mistake = new TypeError("a mistake of ours");
    const broken = suspectOf(() => Promise.reject(mistake));
    let tried = false;
    const next = suspectOf(async () => {
      tried = true;
    });
    expect(await clearSuspects(session, [broken, next])).toBe(true);
    expect(broken.failures).toMatchObject([{ code: "INTERNAL", cause: mistake }]);
    expect([tried, next.failures]).toEqual([true, []]);
    session.die();
  });

  it("does not send a suspect twice to one session after its time limit", async () => {
    const { connection, broker } = await toyConnected({ poisonAfter: 1 }, { confirms: false });
    const send = connection.send("q", "one");
    broker.habits = { credit: 0 };
    broker.session.die();
    const session = await broker.opened(2);
    expect(await fateOf(send)).toEqual({ kind: "pending" });
    session.credit(2);
    await send;
    expect(session.sent).toEqual(["one"]);
  });
});
