/** A call that the end of its session made void does not count as a failure, and what a handler has settled stays settled. */
import { describe, expect, it } from "vitest";
import type { ProcessContext } from "../../../../../src/messaging/receiving/handling/process-context.ts";
import type { HandlerFailure } from "../../../../../src/messaging/receiving/handling/redelivery-policy.ts";
import type { RunOptions } from "../../../../../src/messaging/receiving/handling/run-consumer.ts";
import { failover, forbidUnhandledRejections, toyConnected } from "../../../../support/toy-connection.ts";
import { type ToyMessagingSession, turns } from "../../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const ORDERS = "queue://orders";
/** So long a pause that a test which waits for it would time out. */
const PATIENT = { max: 1, initialDelayMs: 600_000 };

type Handler = (context: ProcessContext, call: number) => unknown;

/** A consumer, or a responder, whose handler has its first message in hand. */
async function handling(handler: Handler, options: RunOptions = {}, responds = false) {
  const toy = await toyConnected();
  const told: HandlerFailure[] = [];
  toy.connection.on("handlerFailed", (failure) => told.push(failure));
  const attempts: number[] = [];
  const called = async (_: unknown, context: ProcessContext) => {
    attempts.push(context.attempt);
    await handler(context, attempts.length);
    return undefined;
  };
  if (responds) await toy.connection.respond(ORDERS, called, options).ready;
  else {
    const consumer = toy.connection.consume(ORDERS);
    await consumer.ready;
    consumer.run(called, options).catch(() => {});
  }
  toy.session.to(ORDERS).deliver("a");
  await turns();
  return { ...toy, told, attempts };
}

/** Never resolves; rejects as `error` says when the signal fires. */
const untilFired = ({ signal }: ProcessContext, error: () => unknown = () => signal.reason) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(error()), { once: true }));

const settled = ({ log }: ToyMessagingSession) => log.filter((line) => line.includes("settle"));

/** Delivers the message again, and resolves with what became of it. */
async function comesAgain(next: ToyMessagingSession): Promise<string[]> {
  next.to(ORDERS).deliver("a");
  await turns(4);
  return settled(next);
}

describe("a handler that throws when its signal fires", () => {
  it.each([
    ["run()", {}, false, "settle a accepted"],
    ["run() transacted", { transacted: true }, false, "tx settle a accepted"],
    ["respond()", {}, true, "settle a accepted"],
    ["respond() transacted", { transacted: true }, true, "tx settle a accepted"],
  ])(
    "is called anew for the message after a failover, by %s without redelivery",
    async (_, options, responds, line) => {
      const obeys: Handler = (context, call) => (call === 1 ? untilFired(context) : undefined);
      const { broker, attempts } = await handling(obeys, options, responds);
      expect(await comesAgain(await failover(broker))).toEqual([line]);
      expect(attempts).toEqual([1, 1]);
    },
  );

  it.each([false, true])(
    "and throws an error of its own is not taken for a failure when its message was given back (transacted %s)",
    async (transacted) => {
      const obeys: Handler = (context, call) =>
        call === 1 ? untilFired(context, () => new Error("interrupted")) : undefined;
      const { session, attempts, told } = await handling(obeys, { transacted } as RunOptions);
      session.to(ORDERS).giveBack();
      await turns(4);
      expect(told).toMatchObject([{ attempt: 1, outcome: "return", retryInMs: undefined }]);
      expect(await comesAgain(session)).toEqual([`${transacted ? "tx " : ""}settle a accepted`]);
      expect(attempts).toEqual([1, 1]);
    },
  );

  it.each([false, true])(
    "keeps nothing waiting: the next message is handled at once (transacted %s)",
    async (transacted) => {
      const obeys: Handler = (context, call) => (call === 1 ? untilFired(context) : undefined);
      const { broker } = await handling(obeys, { transacted, redelivery: PATIENT } as RunOptions);
      const next = await failover(broker);
      next.to(ORDERS).deliver("b");
      await turns(4);
      expect(settled(next)).toEqual([`${transacted ? "tx " : ""}settle b accepted`]);
    },
  );

  it("keeps the count of the calls that failed before", async () => {
    const handler: Handler = (context, call) => {
      if (call === 1 || call === 3) throw new Error(`failed ${call}`);
      return untilFired(context);
    };
    const { broker, attempts } = await handling(handler, { redelivery: { max: 1, initialDelayMs: 0 } });
    while (attempts.length < 2) await turns();
    expect(await comesAgain(await failover(broker))).toEqual(["settle a rejected failed 3"]);
    expect(attempts).toEqual([1, 2, 2]);
  });
});

describe("a handler that never reads its signal", () => {
  it.each([false, true])(
    "and throws after its session has ended is called anew (transacted %s)",
    async (transacted) => {
      let fail = () => {};
      const handler: Handler = (_, call) =>
        call === 1 ? new Promise((_, reject) => (fail = () => reject(new Error("late")))) : undefined;
      const { broker, attempts } = await handling(handler, { transacted } as RunOptions);
      const next = await failover(broker);
      fail();
      await turns();
      expect(await comesAgain(next)).toEqual([`${transacted ? "tx " : ""}settle a accepted`]);
      expect(attempts).toEqual([1, 1]);
    },
  );
});

describe("a transacted handler that throws", () => {
  it("after it has settled its message by itself is told as settled, and called anew for a new message of that id", async () => {
    const { session, told, attempts } = await handling(
      async ({ delivery }) => {
        await delivery.accept();
        throw new Error("too late");
      },
      { transacted: true },
    );
    await turns();
    expect(told).toMatchObject([{ attempt: 1, outcome: "settled", retryInMs: undefined }]);
    await comesAgain(session);
    expect(settled(session)).toEqual(["settle a accepted", "settle a accepted"]);
    expect(attempts).toEqual([1, 1]);
  });

  it("after it has accepted its message in the transaction is told as a return, and the failure counts", async () => {
    const { session, told } = await handling(
      async ({ transaction, delivery }) => {
        await transaction?.accept(delivery);
        throw new Error("no");
      },
      { transacted: true, redelivery: { max: 0, initialDelayMs: 0 } },
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toMatchObject([{ attempt: 1, outcome: "return" }]);
    expect(await comesAgain(session)).toEqual(["tx settle a accepted", "settle a rejected no"]);
  });
});

describe("a handler that throws, without transacted", () => {
  /** A handler that accepts its message in a transaction of its own, which ends with `error`, and throws. */
  async function accepting(error: Error | undefined) {
    const toy = await toyConnected();
    const told: HandlerFailure[] = [];
    toy.connection.on("handlerFailed", (failure) => told.push(failure));
    const consumer = toy.connection.consume(ORDERS);
    await consumer.ready;
    const handler = async (_: unknown, { delivery }: ProcessContext) => {
      const work = toy.connection.transaction(async (transaction) => {
        await transaction.accept(delivery);
        if (error) throw error;
      });
      await work.catch(() => {});
      throw new Error("too late");
    };
    consumer.run(handler, { redelivery: { max: 0, initialDelayMs: 0 } }).catch(() => {});
    toy.session.to(ORDERS).deliver("a");
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { ...toy, told };
  }

  it("after it has accepted its message in a transaction of its own is told as settled", async () => {
    const { told } = await accepting(undefined);
    expect(told).toMatchObject([{ outcome: "settled", retryInMs: undefined }]);
  });

  it("after a transaction of its own was rolled back is told as a return, and the failure counts", async () => {
    const { told, session } = await accepting(new Error("rolled back"));
    expect(told).toMatchObject([{ outcome: "return", retryInMs: undefined }]);
    expect(await comesAgain(session)).toEqual(["tx settle a accepted", "settle a rejected too late"]);
  });

  it("because its settlement came too late is told as a return, and called anew for the message", async () => {
    let settle = () => {};
    const strict: Handler = ({ delivery }, call) =>
      call === 1 ? new Promise((resolve) => (settle = () => resolve(delivery.accept({ strict: true })))) : undefined;
    const { broker, session, attempts, told } = await handling(strict);
    session.die();
    settle();
    const next = await broker.opened(2);
    expect(told).toMatchObject([{ attempt: 1, outcome: "return", error: { code: "STALE_DELIVERY" } }]);
    expect(await comesAgain(next)).toEqual(["settle a accepted"]);
    expect(attempts).toEqual([1, 1]);
  });
});
