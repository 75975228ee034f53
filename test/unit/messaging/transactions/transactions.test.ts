import { describe, expect, it } from "vitest";
import {
  TransactionInDoubtError,
  TransactionInterruptedError,
  TransactionRolledBackError,
} from "../../../../src/errors/errors.ts";
import type { Delivery } from "../../../../src/messaging/receiving/deliveries/delivery.ts";
import type { Transaction } from "../../../../src/messaging/receiving/handling/transact.ts";
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

async function delivered(toy: Awaited<ReturnType<typeof toyConnected>>, body = "a"): Promise<Delivery> {
  const consumer = toy.connection.consume(ORDERS);
  await consumer.ready;
  toy.broker.session.to(ORDERS).deliver(body);
  const { value } = await consumer.next();
  return value as Delivery;
}

describe("a transaction", () => {
  it("sends and accepts, commits when everything has been taken, and resolves with what the work returns", async () => {
    const toy = await toyConnected();
    const delivery = await delivered(toy);
    const result = await toy.connection.transaction(async (tx) => {
      const { id } = await tx.send("q", "one", { id: "given" });
      void tx.send("q", "two");
      await tx.accept(delivery);
      return id;
    });
    expect(result).toBe("given");
    expect(toy.session.log).toEqual([
      `subscribe ${ORDERS}`,
      "begin",
      "tx send one",
      "tx send two",
      "tx settle a accepted",
      "commit",
    ]);
    expect(toy.connection.stats().transactions).toEqual({ open: 0, committed: 1, rolledBack: 0, inDoubt: 0 });
  });

  it("rolls back when the work throws, and passes its error on", async () => {
    const { connection, session } = await toyConnected();
    const mistake = new Error("no stock");
    const error = await rejectionOf(
      connection.transaction(async (tx) => {
        await tx.send("q", "one");
        throw mistake;
      }),
    );
    expect(error).toBe(mistake);
    expect(session.log).toEqual(["begin", "tx send one", "rollback"]);
    expect(connection.stats().transactions).toMatchObject({ committed: 0, rolledBack: 1 });
  });

  it("is not committed when a member was refused, even if the work ignores the rejection", async () => {
    const { connection, session } = await toyConnected();
    const error = await rejectionOf(
      connection.transaction(async (tx) => {
        session.transactions[0]?.refuses.add("bad");
        tx.send("q", "bad").catch(() => {});
        await tx.send("q", "good");
      }),
    );
    expect(error).toBeInstanceOf(TransactionRolledBackError);
    expect(error.cause).toMatchObject({ code: "SEND_REJECTED" });
    expect(session.log).toEqual(["begin", "tx send bad", "tx send good", "rollback"]);
  });

  it("waits for a session, made before connect() too", async () => {
    const { connection, broker } = toyConnection();
    const committed = connection.transaction((tx) => tx.send("q", "one"));
    expect(await fateOf(committed)).toEqual({ kind: "pending" });
    await connection.connect();
    await committed;
    expect(broker.session.log).toEqual(["begin", "tx send one", "commit"]);
  });

  it("is rolled back by the end of its session, and rejects the next step of the work", async () => {
    const { connection, broker } = await toyConnected();
    const steps: unknown[] = [];
    const error = await rejectionOf(
      connection.transaction(async (tx) => {
        await tx.send("q", "one");
        await failover(broker);
        steps.push(await rejectionOf(tx.send("q", "two")));
      }),
    );
    expect(error).toBeInstanceOf(TransactionInterruptedError);
    expect(error).toMatchObject({ retryable: true, code: "TRANSACTION_INTERRUPTED", endpoint: { host: "a.example" } });
    expect(steps).toEqual([error]);
    expect(broker.sessions.map(({ log }) => log)).toEqual([["begin", "tx send one"], []]);
  });

  it("runs its work again in a new session, as often as retries allows, with fresh ids", async () => {
    const { connection, broker } = await toyConnected();
    const ids: string[] = [];
    const work = async (tx: { send(to: string, body: string): Promise<{ id: string }> }) => {
      ids.push((await tx.send("q", "one")).id);
      if (ids.length < 3) await failover(broker);
    };
    await connection.transaction(work, { retries: 2 });
    expect(new Set(ids).size).toBe(3);
    expect(broker.sessions.map(({ log }) => log.at(-1))).toEqual(["tx send one", "tx send one", "commit"]);
    ids.length = 0;
    expect(await rejectionOf(connection.transaction(work, { retries: 1 }))).toBeInstanceOf(TransactionInterruptedError);
    expect(ids).toHaveLength(2);
  });

  it("does not run again when it had accepted a delivery: the message comes again", async () => {
    const toy = await toyConnected();
    const delivery = await delivered(toy);
    let runs = 0;
    const error = await rejectionOf(
      toy.connection.transaction(
        async (tx) => {
          runs += 1;
          await tx.accept(delivery);
          await failover(toy.broker);
        },
        { retries: 5 },
      ),
    );
    expect(error).toBeInstanceOf(TransactionInterruptedError);
    expect(runs).toBe(1);
  });

  it("does not run again when the delivery it was to accept went stale meanwhile", async () => {
    const toy = await toyConnected();
    const delivery = await delivered(toy);
    let runs = 0;
    const work = async (tx: { accept(delivery: Delivery): Promise<void> }) => {
      runs += 1;
      toy.broker.session.die();
      await tx.accept(delivery);
    };
    const error = await rejectionOf(toy.connection.transaction(work, { retries: 5 }));
    expect(error).toBeInstanceOf(TransactionInterruptedError);
    expect(runs).toBe(1);
  });

  it("whose commit is not answered is in doubt, and is never run again", async () => {
    const { connection, broker, session } = await toyConnected({}, { commits: "silence" });
    let runs = 0;
    const outcome = rejectionOf(
      connection.transaction(
        async (tx) => {
          runs += 1;
          await tx.send("q", "one");
        },
        { retries: 5 },
      ),
    );
    while (!session.log.includes("commit")) await turns();
    broker.habits = {};
    await failover(broker);
    expect(await outcome).toBeInstanceOf(TransactionInDoubtError);
    expect(await outcome).toMatchObject({
      code: "TRANSACTION_IN_DOUBT",
      retryable: false,
      cause: { code: "SESSION_LOST" },
    });
    expect(runs).toBe(1);
    expect(connection.stats().transactions).toMatchObject({ inDoubt: 1, rolledBack: 0 });
  });

  it("refused by the broker is rolled back; on Artemis a given id may have been committed before", async () => {
    const refusing = { commits: "rolled-back", broker: { product: "artemis", version: "2" } } as const;
    const { connection } = await toyConnected({}, refusing);
    const fresh = await rejectionOf(connection.transaction((tx) => tx.send("q", "one")));
    expect(fresh).toBeInstanceOf(TransactionRolledBackError);
    expect(fresh.message).not.toMatch(/already committed/);
    const given = await rejectionOf(connection.transaction((tx) => tx.send("q", "one", { id: "order-7" })));
    expect(given.message).toMatch(/perhaps already committed/);
  });

  it("refuses a stale delivery, and cannot be committed with it", async () => {
    const toy = await toyConnected();
    const delivery = await delivered(toy);
    await failover(toy.broker);
    const error = await rejectionOf(toy.connection.transaction((tx) => tx.accept(delivery).catch(() => {})));
    expect(error).toMatchObject({ code: "TRANSACTION_ROLLED_BACK", cause: { code: "STALE_DELIVERY" } });
    expect(toy.broker.session.log).toContain("rollback");
  });

  it("refuses a delivery of another connection, which stays to be settled there", async () => {
    const one = await toyConnected();
    const other = await toyConnected();
    const delivery = await delivered(one);
    await expect(other.connection.transaction((tx) => tx.accept(delivery))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    expect(await delivery.accept()).toBe("settled");
  });

  it.each<[string, (tx: Transaction) => Promise<unknown>]>([
    ["a send of a misspelt option", (tx) => tx.send("queue://q", "x", { priorty: 9 } as object)],
    ["a send of no body", (tx) => tx.send("queue://q", undefined as never)],
    ["a send to nowhere", (tx) => tx.send("", "x")],
    ["what is no delivery", (tx) => tx.accept({} as never)],
  ])("refuses %s, and cannot be committed though the work did not look", async (_, step) => {
    const toy = await toyConnected();
    const refusals: unknown[] = [];
    const work = async (tx: Transaction) => {
      await tx.send("queue://q", "good");
      await step(tx).catch((reason) => refusals.push(reason));
    };
    const error = await rejectionOf(toy.connection.transaction(work));
    expect(error).toMatchObject({ code: "TRANSACTION_ROLLED_BACK", cause: { code: "INVALID_ARGUMENT" } });
    expect(refusals).toEqual([error.cause]);
    expect(toy.session.log).toContain("rollback");
  });

  it("leaves a delivery it cannot accept unsettled", async () => {
    const toy = await toyConnected();
    const delivery = await delivered(toy);
    toy.session.to(ORDERS).unsupported = ["accepted"];
    await expect(toy.connection.transaction((tx) => tx.accept(delivery))).rejects.toMatchObject({
      code: "UNSUPPORTED",
    });
    expect(toy.session.log.slice(1)).toEqual(["begin", "rollback"]);
    toy.session.to(ORDERS).unsupported = [];
    expect(await delivery.accept()).toBe("settled");
  });

  it("that takes too long, or is aborted, is rolled back at once, whatever the work does then", async () => {
    const { connection, session } = await toyConnected();
    let goOn = () => {};
    const late: unknown[] = [];
    const work = async (tx: { send(to: string, body: string): Promise<unknown> }) => {
      await tx.send("q", "one");
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      late.push(await rejectionOf(tx.send("q", "two")));
    };
    await expect(connection.transaction(work, { timeoutMs: 5 })).rejects.toMatchObject({ code: "TRANSACTION_TIMEOUT" });
    goOn();
    await turns(3);
    expect(late).toMatchObject([{ code: "TRANSACTION_OVER" }]);
    const abort = new AbortController();
    const aborted = connection.transaction(work, { signal: abort.signal });
    await turns();
    abort.abort(new Error("enough"));
    await expect(aborted).rejects.toMatchObject({ code: "ABORTED", cause: { message: "enough" } });
    expect(session.log.filter((line) => line === "rollback")).toHaveLength(2);
    goOn();
  });

  it("may finish during close(), which refuses new ones", async () => {
    const { connection, session } = await toyConnected();
    let goOn = () => {};
    const committed = connection.transaction(async (tx) => {
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      await tx.send("q", "one");
    });
    await turns();
    const closed = connection.close();
    await expect(connection.transaction(async () => {})).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    goOn();
    await committed;
    await closed;
    expect(session.log).toEqual(["begin", "tx send one", "commit", "close"]);
  });

  it("that outlasts the drain timeout of close() is rolled back and rejects", async () => {
    const { connection } = await toyConnected();
    const outcome = rejectionOf(connection.transaction(() => new Promise(() => {})));
    await turns();
    await connection.close({ drainTimeoutMs: 5 });
    expect(await outcome).toMatchObject({ code: "CONNECTION_CLOSED" });
  });

  it.each([
    [{ retries: -1 }, /retries is a whole number/],
    [{ timeoutMs: 0 }, /timeoutMs is a positive number/],
    [{ retry: 1 } as object, /no option retry: it takes retries/],
  ])("is not begun with %j", async (options, reason) => {
    const { connection, session } = await toyConnected();
    await expect(connection.transaction(async () => {}, options)).rejects.toThrow(reason);
    await expect(connection.transaction("work" as unknown as () => void)).rejects.toThrow(/is given a function/);
    expect(session.log).toEqual([]);
  });

  it("is not committed when a send of the work could not be one, though the work did not look", async () => {
    const { connection, session } = await toyConnected();
    const error = await rejectionOf(
      connection.transaction((tx) => {
        tx.send("q", "one").catch(() => {});
        tx.send("q", "two", { nonsense: 1 } as never).catch(() => {});
      }),
    );
    expect(error).toMatchObject({ code: "TRANSACTION_ROLLED_BACK" });
    expect(session.log).not.toContain("commit");
  });

  it("is not committed when the work accepts another connection's delivery, though it did not look", async () => {
    const other = await toyConnected();
    const delivery = await delivered(other);
    const { connection, session } = await toyConnected();
    const error = await rejectionOf(connection.transaction((tx) => void tx.accept(delivery).catch(() => {})));
    expect(error).toMatchObject({ code: "TRANSACTION_ROLLED_BACK" });
    expect(session.log).not.toContain("commit");
  });

  it("is not committed when a stale delivery was accepted in it, though the work did not wait", async () => {
    const toy = await toyConnected();
    const delivery = await delivered(toy);
    const session = await failover(toy.broker);
    const error = await rejectionOf(toy.connection.transaction((tx) => void tx.accept(delivery).catch(() => {})));
    expect(error).toMatchObject({ code: "TRANSACTION_ROLLED_BACK" });
    expect(session.log).not.toContain("commit");
  });

  it("is not committed where the broker cannot accept in it, though the work did not wait", async () => {
    const toy = await toyConnected();
    const delivery = await delivered(toy);
    toy.session.to(ORDERS).unsupported = ["accepted"];
    const error = await rejectionOf(toy.connection.transaction((tx) => void tx.accept(delivery).catch(() => {})));
    expect(error).toMatchObject({ code: "TRANSACTION_ROLLED_BACK" });
    expect(toy.session.log).not.toContain("commit");
  });
});

describe("a member of a transaction that nobody waits for", () => {
  it("is reported by the transaction alone when its send fails, not by an unhandled rejection", async () => {
    const { connection, session } = await toyConnected();
    const sending = connection.transaction((tx) => {
      session.transactions.at(-1)?.refuses.add("bad");
      for (const body of ["good", "bad"]) void tx.send("q", body);
      void tx.send("q", 5n as never);
    });
    expect(await rejectionOf(sending)).toMatchObject({ code: "TRANSACTION_ROLLED_BACK" });
    await turns(3);
  });

  it("is reported by the transaction alone when its accept fails", async () => {
    const { connection } = await toyConnected();
    const accepting = connection.transaction((tx) => void tx.accept("none" as never));
    expect(await rejectionOf(accepting)).toMatchObject({ code: "TRANSACTION_ROLLED_BACK" });
    await turns(3);
  });
});
