import { describe, expect, it } from "vitest";
import { UnsupportedError } from "../../../../../src/errors/errors.ts";
import type { ReceivedMessage } from "../../../../../src/messaging/messages/received-message.ts";
import type { ProcessContext } from "../../../../../src/messaging/receiving/handling/process-context.ts";
import type { RunOptions } from "../../../../../src/messaging/receiving/handling/run-consumer.ts";
import { processWarnings } from "../../../../support/process-warnings.ts";
import { failover, forbidUnhandledRejections, rejectionOf, toyConnected } from "../../../../support/toy-connection.ts";
import { type ToyHabits, type ToyMessagingSession, turns } from "../../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const ORDERS = "queue://orders";
const ONCE_MORE: RunOptions = { redelivery: { max: 1, initialDelayMs: 0 } };

type Handler = (message: ReceivedMessage, context: ProcessContext) => unknown;

async function running(handler: Handler, options: RunOptions = {}, habits: ToyHabits = {}) {
  const toy = await toyConnected({}, habits);
  const consumer = toy.connection.consume(ORDERS);
  await consumer.ready;
  const ran = consumer.run(handler, options);
  ran.catch(() => {});
  return { ...toy, consumer, ran };
}

/** What was done to the session after the subscription, once `count` lines are there. */
async function lines(session: ToyMessagingSession, count: number): Promise<string[]> {
  while (session.log.length < count + 1) await turns();
  return session.log.slice(1);
}

describe("run() with a redelivery policy", () => {
  it("calls the handler again with the number of the attempt, and accepts the message when it succeeds", async () => {
    const attempts: number[] = [];
    const handler: Handler = (_message, { attempt }) => {
      attempts.push(attempt);
      if (attempt < 3) throw new Error("not yet");
    };
    const { session } = await running(handler, { redelivery: { max: 5, initialDelayMs: 1, multiplier: 1 } });
    session.to(ORDERS).deliver("a");
    expect(await lines(session, 1)).toEqual(["settle a accepted"]);
    expect(attempts).toEqual([1, 2, 3]);
  });

  it("rejects with the last reason after max, and goes on with the next message", async () => {
    const handler: Handler = (message, { attempt }) => {
      if (message.text() === "bad") throw new Error(`failed ${attempt}`);
    };
    const { session } = await running(handler, ONCE_MORE);
    session.to(ORDERS).deliver("bad");
    session.to(ORDERS).deliver("good");
    expect(await lines(session, 2)).toEqual(["settle bad rejected failed 2", "settle good accepted"]);
  });

  it("rejects at once without one", async () => {
    const { session } = await running(() => {
      throw new Error("no");
    });
    session.to(ORDERS).deliver("a");
    expect(await lines(session, 1)).toEqual(["settle a rejected no"]);
  });

  it("keeps the order: the next message waits for the one that is tried again", async () => {
    const seen: string[] = [];
    const handler: Handler = (message, { attempt }) => {
      seen.push(`${message.text()}${attempt}`);
      if (attempt === 1) throw new Error("again");
    };
    const { session } = await running(handler, ONCE_MORE);
    for (const body of ["a", "b"]) session.to(ORDERS).deliver(body);
    await lines(session, 2);
    expect(seen).toEqual(["a1", "a2", "b1", "b2"]);
  });

  it("continues its count when the message went stale meanwhile and comes again on the next session", async () => {
    const attempts: number[] = [];
    const handler: Handler = (_message, { attempt }) => {
      attempts.push(attempt);
      throw new Error(`failed ${attempt}`);
    };
    const { session, broker } = await running(handler, { redelivery: { max: 2, initialDelayMs: 30, multiplier: 1 } });
    session.to(ORDERS).deliver("a");
    while (attempts.length < 1) await turns();
    const next = await failover(broker);
    await new Promise((resolve) => setTimeout(resolve, 60));
    next.to(ORDERS).deliver("a");
    expect(await lines(next, 1)).toEqual(["settle a rejected failed 3"]);
    expect(attempts).toEqual([1, 2, 3]);
  });

  it("leaves a message that waits for a retry to the broker when the consumer drains, and does not wait for it", async () => {
    let called = 0;
    const handler: Handler = () => {
      called += 1;
      throw new Error("later");
    };
    const { session, consumer, ran } = await running(handler, { redelivery: { max: 3, initialDelayMs: 60_000 } });
    session.to(ORDERS).deliver("a");
    while (called === 0) await turns();
    await turns();
    await consumer.drain();
    await ran;
    expect(session.log.slice(1)).toEqual([`unsubscribe ${ORDERS}`]);
  });

  it("ends before it processes a message that it could not settle, and gives the message back", async () => {
    let called = 0;
    const { session, ran } = await running(() => (called += 1));
    session.to(ORDERS).deliver("a", { unsettleable: new UnsupportedError("no acknowledgement of this one") });
    expect(await rejectionOf(ran)).toMatchObject({ code: "UNSUPPORTED" });
    expect(called).toBe(0);
    expect(session.log.slice(1)).toEqual([`unsubscribe ${ORDERS}`]);
  });

  it.each([
    [{ max: -1 }, /redelivery.max/],
    [{ max: 1, initialDelayMs: Number.NaN }, /redelivery.initialDelayMs/],
    [{ max: 1, maxDelayMs: -1 }, /redelivery.maxDelayMs/],
    [{ max: 1, multiplier: 0.5 }, /redelivery.multiplier/],
  ])("is not run with %j", async (redelivery, reason) => {
    const { ran } = await running(() => {}, { redelivery });
    expect((await rejectionOf(ran)).message).toMatch(reason);
  });
});

describe("a handler that throws", () => {
  /** What the connection and onError tell, and the process warnings. */
  async function told(handler: Handler, options: RunOptions = {}, listen = true) {
    const events: unknown[] = [];
    const warnings = processWarnings();
    const toy = await running(handler, options);
    if (listen) toy.connection.on("handlerFailed", (failure) => events.push(failure));
    return { ...toy, events, warnings };
  }
  const typo: Handler = (message) => (message as unknown as { jsonn(): void }).jsonn();
  const FAILURE = { messageId: "id-a", destination: ORDERS, at: expect.any(Date), error: expect.any(TypeError) };

  it("raises handlerFailed for each call, with the message, the error and what happens to it", async () => {
    const { session, events, connection, warnings } = await told(typo, ONCE_MORE);
    session.to(ORDERS).deliver("a");
    await lines(session, 1);
    expect(events).toEqual([
      { ...FAILURE, attempt: 1, outcome: "retry", retryInMs: 0 },
      { ...FAILURE, attempt: 2, outcome: "reject", retryInMs: undefined },
    ]);
    expect(connection.stats()).toMatchObject({ handlerFailures: 2, settled: 1, accepted: 0, rejected: 1, released: 0 });
    expect(warnings).toEqual([]);
  });

  it("calls onError too, whose own exception becomes a process warning", async () => {
    const heard: unknown[] = [];
    const onError = (failure: unknown) => {
      heard.push(failure);
      throw new Error("in onError");
    };
    const { session, events, warnings } = await told(typo, { onError });
    session.to(ORDERS).deliver("a");
    expect(await lines(session, 1)).toEqual([expect.stringMatching(/^settle a rejected .*jsonn/)]);
    await turns();
    expect(heard).toEqual(events);
    expect(warnings).toEqual([expect.stringMatching(/"onError" threw: Error: in onError/)]);
  });

  it("is one process warning where nobody listens", async () => {
    const { session, warnings } = await told(typo, {}, false);
    for (const body of ["a", "b"]) session.to(ORDERS).deliver(body);
    await lines(session, 2);
    await turns();
    expect(warnings).toEqual([
      expect.stringMatching(
        /^The handler of queue:\/\/orders failed for message id-a, and the message is rejected\. .*onError: TypeError: .*jsonn/,
      ),
    ]);
  });

  it("raises handlerFailed with the outcome return when its message comes again", async () => {
    let fail = () => {};
    const handler: Handler = () => new Promise((_, reject) => (fail = () => reject(new Error("late"))));
    const { session, events, broker } = await told(handler, ONCE_MORE);
    session.to(ORDERS).deliver("a");
    await turns();
    await failover(broker);
    fail();
    await turns();
    expect(events).toMatchObject([{ attempt: 1, outcome: "return", retryInMs: undefined }]);
  });

  it("raises handlerFailed for respond() too, and calls its onError", async () => {
    const heard: unknown[] = [];
    const { connection, broker } = await toyConnected();
    const responder = connection.respond(ORDERS, typo as never, { onError: (failure) => heard.push(failure) });
    await responder.ready;
    broker.session.to(ORDERS).deliver("a");
    await lines(broker.session, 1);
    expect(heard).toMatchObject([{ attempt: 1, outcome: "reject" }]);
  });

  it("needs a function for onError", async () => {
    const { ran } = await running(() => {}, { onError: "log" as never });
    expect((await rejectionOf(ran)).message).toBe("onError is a function, not string");
  });
});

describe("run() transacted", () => {
  const transacted = { transacted: true };

  it("accepts each message in a transaction with what the handler sends in it", async () => {
    const { session } = await running(
      (message, { transaction }) => transaction?.send("q", `re ${message.text()}`),
      transacted,
    );
    session.to(ORDERS).deliver("a");
    expect(await lines(session, 4)).toEqual(["begin", "tx send re a", "tx settle a accepted", "commit"]);
  });

  it("rolls back when the handler throws, tries again as the policy says, then rejects outside of a transaction", async () => {
    const { session } = await running(
      () => {
        throw new Error("no");
      },
      { ...transacted, ...ONCE_MORE },
    );
    session.to(ORDERS).deliver("a");
    expect(await lines(session, 5)).toEqual(["begin", "rollback", "begin", "rollback", "settle a rejected no"]);
  });

  it("goes on with what comes again when a commit was in doubt", async () => {
    const { session, broker } = await running(() => {}, transacted, { commits: "silence" });
    session.to(ORDERS).deliver("a");
    while (!session.log.includes("commit")) await turns();
    broker.habits = {};
    const next = await failover(broker);
    next.to(ORDERS).deliver("a");
    expect(await lines(next, 3)).toEqual(["begin", "tx settle a accepted", "commit"]);
  });

  it("waits as the policy says when the broker refused the commit, for the message comes again at once", async () => {
    const { session, connection } = await running(
      () => {},
      { ...transacted, redelivery: { max: 1, initialDelayMs: 1 } },
      { commits: "rolled-back" },
    );
    session.to(ORDERS).deliver("a");
    await lines(session, 3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    session.to(ORDERS).deliver("a");
    await lines(session, 6);
    await new Promise((resolve) => setTimeout(resolve, 20));
    session.to(ORDERS).deliver("a");
    const log = await lines(session, 7);
    expect(log.slice(3, 6)).toEqual(log.slice(0, 3));
    expect(log.at(-1)).toMatch(/^settle a rejected .* refused the commit/);
    expect(connection.stats().transactions.rolledBack).toBe(2);
  });

  it("ends with the reason where the broker cannot accept in a transaction, and the message stays", async () => {
    const { session, ran } = await running(() => {}, transacted);
    session.to(ORDERS).unsupported = ["accepted"];
    session.to(ORDERS).deliver("a");
    expect(await rejectionOf(ran)).toMatchObject({ code: "UNSUPPORTED" });
    expect(session.log.slice(1)).toEqual(["begin", "rollback", `unsubscribe ${ORDERS}`]);
  });
});
