import { describe, expect, it } from "vitest";
import { RequestInterruptedError, RequestTimeoutError, UnsupportedError } from "../../../../src/errors/errors.ts";
import {
  failover,
  fateOf,
  forbidUnhandledRejections,
  rejectionOf,
  toyConnected,
} from "../../../support/toy-connection.ts";
import type { ToyMessagingSession } from "../../../support/toy-messaging-session.ts";
import { turns } from "../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const MANUAL = { confirms: false };

/** The subscription replies come by. */
function replies(session: ToyMessagingSession) {
  const found = session.subscriptions.findLast(({ request }) =>
    /replies|temp/.test(request.destination.name + request.destination.kind),
  );
  if (!found) throw new Error("Nobody waits for replies");
  return found;
}

describe("a request", () => {
  it("resolves with the reply of its correlation id, which is its message id, and with no other", async () => {
    const { connection, session } = await toyConnected();
    const answer = connection.request("queue://quotes", { sku: 1 }, { id: "r1" });
    const other = connection.request("queue://quotes", { sku: 2 }, { correlationId: "mine" });
    await turns();
    expect(session.sent).toEqual(['{"sku":1}', '{"sku":2}']);
    replies(session).deliver("nobody's", { more: { correlationId: "unknown" } });
    replies(session).deliver("forty-two", { more: { correlationId: "r1" } });
    expect((await answer).text()).toBe("forty-two");
    expect(await fateOf(other)).toEqual({ kind: "pending" });
    replies(session).deliver("second", { more: { correlationId: "mine" } });
    expect((await other).text()).toBe("second");
    expect(session.log.filter((line) => line.startsWith("settle"))).toEqual([
      "settle nobody's accepted",
      "settle forty-two accepted",
      "settle second accepted",
    ]);
    expect(connection.stats().requests).toBe(0);
  });

  it("shares one reply queue of the connection, whose name is its own", async () => {
    const one = await toyConnected();
    const two = await toyConnected();
    for (const { connection } of [one, one, two]) connection.request("q", "x").catch(() => {});
    await turns();
    expect(one.session.subscriptions).toHaveLength(1);
    const names = [one, two].map(({ session }) => replies(session).request.destination.name);
    expect(new Set(names).size).toBe(2);
    expect(names[0]).toMatch(/^masterslave\.replies\./);
  });

  it("keeps waiting over a failover, and gets its reply on the next session", async () => {
    const { connection, broker } = await toyConnected();
    const answer = connection.request("q", "x", { id: "r" });
    await turns();
    const before = replies(broker.session).request.destination;
    const session = await failover(broker);
    expect(replies(session).request.destination).toEqual(before);
    expect(session.sent).toEqual([]);
    replies(session).deliver("late", { more: { correlationId: "r" } });
    expect((await answer).text()).toBe("late");
  });

  it("is sent again like any send when its session ends before the confirmation", async () => {
    const { connection, broker } = await toyConnected({}, MANUAL);
    const answer = connection.request("q", "x", { id: "r" });
    await turns();
    const session = await failover(broker);
    expect(session.sent).toEqual(["x"]);
    session.confirmAll();
    replies(session).deliver("y", { more: { correlationId: "r" } });
    expect((await answer).text()).toBe("y");
  });

  it("accepts a reply that comes before its confirmation", async () => {
    const { connection, session } = await toyConnected({}, MANUAL);
    const answer = connection.request("q", "x", { id: "r" });
    await turns();
    replies(session).deliver("quick", { more: { correlationId: "r" } });
    expect((await answer).text()).toBe("quick");
    session.confirmAll();
  });

  it("rejects with REQUEST_TIMEOUT, with what its send rejects with, and with ABORTED", async () => {
    const { connection, session } = await toyConnected({}, MANUAL);
    const late = await rejectionOf<RequestTimeoutError>(connection.request("q", "x", { id: "r", timeoutMs: 5 }));
    expect(late).toBeInstanceOf(RequestTimeoutError);
    expect(late).toMatchObject({
      id: "r",
      retryable: true,
      message: "No reply to the request r to queue://q within 5 ms",
    });
    session.confirmAll();
    const refused = rejectionOf(connection.request("q", "y"));
    await turns();
    session.refuse("y");
    expect(await refused).toMatchObject({ code: "SEND_REJECTED" });
    const abort = new AbortController();
    const aborted = rejectionOf(connection.request("q", "z", { signal: abort.signal }));
    await turns();
    abort.abort();
    expect(await aborted).toMatchObject({ code: "ABORTED" });
    expect(connection.stats().requests).toBe(0);
  });

  it("is answered while close() drains, and rejects when that is over", async () => {
    const { connection, session } = await toyConnected();
    const answered = connection.request("q", "x", { id: "r" });
    const forgotten = rejectionOf(connection.request("q", "y"));
    await turns();
    const closed = connection.close({ drainTimeoutMs: 500 });
    await turns();
    replies(session).deliver("in time", { more: { correlationId: "r" } });
    expect((await answered).text()).toBe("in time");
    await closed;
    expect(await forgotten).toMatchObject({ code: "CONNECTION_CLOSED" });
  });

  it("is refused beyond maxPendingSends, with the correlation id of another request, and with a replyTo of its own", async () => {
    const { connection } = await toyConnected({ maxPendingSends: 1, overflow: "reject" });
    connection.request("q", "x", { id: "r" }).catch(() => {});
    await turns();
    await expect(connection.request("q", "y", { id: "r" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(connection.request("q", "y")).rejects.toMatchObject({ code: "SEND_OVERFLOW" });
    const own: object = { replyTo: "queue://mine" };
    await expect(connection.request("q", "y", own)).rejects.toThrow(/names the reply queue itself/);
    expect(connection.stats().requests).toBe(1);
  });

  it("waits for room at maxPendingSends with overflow=wait, and its time, its signal and close() end that wait", async () => {
    const { connection, session } = await toyConnected({ maxPendingSends: 1 });
    const first = connection.request("q", "one", { id: "r1" });
    const second = connection.request("q", "two", { id: "r2" });
    const late = rejectionOf(connection.request("q", "late", { timeoutMs: 5 }));
    const controller = new AbortController();
    const aborted = rejectionOf(connection.request("q", "aborted", { signal: controller.signal }));
    const left = rejectionOf(connection.request("q", "left"));
    await turns();
    expect(session.sent).toEqual(["one"]);
    controller.abort();
    expect(await aborted).toMatchObject({ code: "ABORTED" });
    expect(await late).toMatchObject({ code: "REQUEST_TIMEOUT" });
    replies(session).deliver("y1", { more: { correlationId: "r1" } });
    expect((await first).text()).toBe("y1");
    await turns();
    expect(session.sent).toEqual(["one", "two"]);
    replies(session).deliver("y2", { more: { correlationId: "r2" } });
    expect((await second).text()).toBe("y2");
    await turns();
    expect(session.sent).toEqual(["one", "two", "left"]);
    const queued = rejectionOf(connection.request("q", "never sent"));
    await connection.close({ drainTimeoutMs: 0 });
    expect(await queued).toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(await left).toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(session.sent).not.toContain("never sent");
  });

  it("takes a reply that cannot be settled, and lets the broker forget the others by itself from then on", async () => {
    const { connection, session } = await toyConnected();
    const first = connection.request("q", "x", { id: "r1" });
    await turns();
    const unsettleable = new UnsupportedError("no acknowledgement of this one");
    replies(session).deliver("y", { more: { correlationId: "r1" }, unsettleable });
    expect((await first).text()).toBe("y");
    const before = replies(session).request;
    while (session.subscriptions.length < 2) await turns();
    expect(replies(session).request).toEqual({ ...before, autoSettled: true });
    const second = connection.request("q", "x", { id: "r2" });
    await turns();
    replies(session).deliver("y", { more: { correlationId: "r1" }, unsettleable });
    replies(session).deliver("z", { more: { correlationId: "r2" }, unsettleable });
    expect((await second).text()).toBe("z");
    expect(session.subscriptions).toHaveLength(2);
  });

  it("rejects when the reply queue is refused, and the next one asks for it again", async () => {
    const { connection, session } = await toyConnected();
    const first = rejectionOf(connection.request("q", "x"));
    await turns();
    replies(session).refuse("not yours");
    expect(await first).toMatchObject({ code: "SUBSCRIPTION_REFUSED" });
    const second = connection.request("q", "x", { id: "r" });
    await turns();
    replies(session).deliver("y", { more: { correlationId: "r" } });
    expect((await second).text()).toBe("y");
  });
});

describe("a request with a temporary reply queue", () => {
  const temporary = true;

  it("names the address the session made, and after a failover the new one", async () => {
    const { connection, broker } = await toyConnected();
    const replyTo: string[] = [];
    for (const id of ["r1", "r2"]) {
      const { session } = broker;
      const answer = connection.request("q", id, { id, temporary });
      await turns(3);
      const { name } = replies(session).request.destination;
      replyTo.push(`${session.endpoint.host} ${session.replyTo.get(id)?.replace(name, "NAME")}`);
      replies(session).deliver("y", { more: { correlationId: id } });
      await answer;
      if (id === "r1") await failover(broker);
    }
    expect(replyTo).toEqual(["a.example temp-queue://NAME@a.example", "a.example temp-queue://NAME@a.example"]);
  });

  it("rejects with REQUEST_INTERRUPTED when its session ends, confirmed or not, and is not sent again", async () => {
    const { connection, broker } = await toyConnected({}, MANUAL);
    const confirmed = rejectionOf<RequestInterruptedError>(connection.request("q", "x", { id: "r1", temporary }));
    await turns(3);
    broker.session.confirmAll();
    const unanswered = rejectionOf<RequestInterruptedError>(connection.request("q", "y", { id: "r2", temporary }));
    await turns(3);
    const session = await failover(broker);
    for (const [id, outcome] of [
      ["r1", confirmed],
      ["r2", unanswered],
    ] as const) {
      expect(await outcome).toBeInstanceOf(RequestInterruptedError);
      expect(await outcome).toMatchObject({ id, retryable: true });
    }
    expect(session.sent).toEqual([]);
  });

  it("is refused at once when the connection is closed, and leaves no consumer", async () => {
    const { connection } = await toyConnected();
    await connection.close();
    const request = connection.request("q", "x", { temporary: true, timeoutMs: 300 });
    expect(await rejectionOf(request)).toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(connection.stats().consumers).toBe(0);
    await rejectionOf(connection.request("q", "x"));
    expect(connection.stats().consumers).toBe(0);
  });

  it("rejects with the close when that comes while it waits for the next queue", async () => {
    const { connection, broker, session } = await toyConnected();
    const one = connection.request("q", "x", { temporary: true, id: "one" });
    await turns();
    session.subscriptions[0]?.deliver("r", { more: { correlationId: "one" } });
    await one;
    broker.up = false;
    session.die();
    await turns();
    const two = connection.request("q", "y", { temporary: true, timeoutMs: 3_000 });
    two.catch(() => {});
    await turns();
    await connection.close({ drainTimeoutMs: 10 });
    expect(await fateOf(two)).toMatchObject({ kind: "rejected", error: { code: "CONNECTION_CLOSED" } });
  });

  it("that was not sent yet is sent on the next session", async () => {
    const { connection, broker, session } = await toyConnected({}, (n) => ({ grants: n > 1 }));
    const one = connection.request("q", "x", { temporary: true, id: "one" });
    one.catch(() => {});
    await turns();
    expect(session.sent).toEqual([]);
    const next = await failover(broker);
    await turns(4);
    expect(next.sent).toEqual(["x"]);
    next.subscriptions[0]?.deliver("r", { more: { correlationId: "one" } });
    expect((await one).text()).toBe("r");
  });

  it("asks for another queue when the broker has ended the last one", async () => {
    const { connection, session } = await toyConnected();
    const one = connection.request("q", "x", { temporary: true, id: "one" });
    await turns();
    session.subscriptions[0]?.deliver("r", { more: { correlationId: "one" } });
    await one;
    session.subscriptions[0]?.refuse("deleted");
    await turns();
    const two = connection.request("q", "y", { temporary: true, id: "two" });
    two.catch(() => {});
    await turns(4);
    expect(session.subscriptions).toHaveLength(2);
    const names = [...session.replyTo.values()];
    expect(names[0]).not.toBe(names[1]);
  });

  it("rejects when the next session refuses the queue it waits for", async () => {
    const { connection, broker, session } = await toyConnected({}, (n) => ({ grants: n === 1 }));
    const one = connection.request("q", "x", { temporary: true, id: "one" });
    await turns();
    session.subscriptions[0]?.deliver("r", { more: { correlationId: "one" } });
    await one;
    const next = await failover(broker);
    const two = connection.request("q", "y", { temporary: true, id: "two", timeoutMs: 3000 });
    two.catch(() => {});
    await turns();
    next.subscriptions[0]?.refuse("no temp queues");
    expect(await fateOf(two)).toMatchObject({ kind: "rejected", error: { code: "SUBSCRIPTION_REFUSED" } });
  });
});
