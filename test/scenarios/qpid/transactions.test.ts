/** What Qpid JMS's failover tests say of transactions (Q55-Q66), over scripted peers. */
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/messaging/receiving/deliveries/delivery.ts";
import type { Transaction } from "../../../src/messaging/receiving/handling/transact.ts";
import { AmqpPeer } from "../../support/peers/amqp-peer.ts";
import { connectionTo } from "../../support/peers/scripted-peer.ts";
import { StompPeer } from "../../support/peers/stomp-peer.ts";
import { next } from "../../support/stories.ts";
import { forbidUnhandledRejections, rejectionOf } from "../../support/toy-connection.ts";

forbidUnhandledRejections();

/** Lets a client in and begins a transaction for it. */
function letBegin(peer: AmqpPeer, transaction: string): void {
  peer.expectConnection();
  peer.expectCoordinator().grant();
  peer.expectDeclare().declared(transaction);
}

/** A whole transaction of one send. */
function letCommit(peer: AmqpPeer, transaction: string, text: string): void {
  letBegin(peer, transaction);
  peer.expectAttach("sender", "q").grant();
  peer.expectTransfer(text, { transaction }).accept();
  peer.expectDischarge("commit").accept();
}

describe("a transaction", () => {
  it("that a drop interrupts is rolled back and told so; the next one is declared anew and commits", async () => {
    const [first, second] = await AmqpPeer.pair();
    letBegin(first, "t1");
    first.expectAttach("sender", "q").grant();
    first.expectTransfer("one", { transaction: "t1" }).drop();
    letCommit(second, "t2", "two");

    const connection = await connectionTo([first, second]).connect();
    const error = await rejectionOf(connection.transaction((tx) => tx.send("q", "one")));
    expect(error).toMatchObject({ code: "TRANSACTION_INTERRUPTED" });
    await connection.transaction((tx) => tx.send("q", "two"));
    await Promise.all([first.done, second.done]);
    expect(connection.stats().transactions).toEqual({ open: 0, committed: 1, rolledBack: 1, inDoubt: 0 });
  });

  it("that a drop interrupts runs again on the next peer where it may", async () => {
    const [first, second] = await AmqpPeer.pair();
    letBegin(first, "t1");
    first.expectAttach("sender", "q").grant();
    first.expectTransfer("one", { transaction: "t1" }).accept().drop();
    letCommit(second, "t2", "one");

    const connection = await connectionTo([first, second]).connect();
    const interrupted = next(connection, "interrupted");
    let runs = 0;
    const work = async (tx: Transaction) => {
      runs += 1;
      await tx.send("q", "one");
      await interrupted;
      return runs;
    };
    expect(await connection.transaction(work, { retries: 1 })).toBe(2);
    await Promise.all([first.done, second.done]);
    expect(second.transfers[0]?.message_id).not.toBe(first.transfers[0]?.message_id);
  });

  it("whose coordinator the broker closes is rolled back; the next has a coordinator of its own", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();
    peer.expectCoordinator().grant();
    peer.expectDeclare().detach("amqp:internal-error", "no transactions now");
    peer.expectDetach().stayQuiet();
    peer.expectCoordinator().grant();
    peer.expectDeclare().declared("t2");
    peer.expectDischarge("commit").accept();

    const connection = await connectionTo([peer]).connect();
    const error = await rejectionOf(connection.transaction((tx) => tx.send("q", "one")));
    expect(error.message).toContain("no transactions now");
    await connection.transaction(() => {});
    await peer.done;
    expect(connection.stats()).toMatchObject({ failovers: 0 });
  });

  it("whose coordinator the broker closes instead of committing is rolled back", async () => {
    const peer = await AmqpPeer.listen();
    letBegin(peer, "t1");
    peer.expectDischarge("commit").detach("amqp:transaction:rollback", "cannot commit");
    peer.expectDetach().stayQuiet();

    const connection = await connectionTo([peer]).connect();
    const error = await rejectionOf(connection.transaction(() => {}));
    expect(error).toMatchObject({ code: "TRANSACTION_ROLLED_BACK" });
    expect(error.message).toContain("cannot commit");
    await peer.done;
  });

  it("that is never declared ends in time, and the next works", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();
    peer.expectCoordinator().grant();
    peer.expectDeclare().stayQuiet();
    peer.expectCoordinator().grant();
    peer.expectDeclare().declared("t2");
    peer.expectDischarge("commit").accept();

    const connection = await connectionTo([peer]).connect();
    const error = await rejectionOf(connection.transaction((tx) => tx.send("q", "one"), { timeoutMs: 50 }));
    expect(error).toMatchObject({ code: "TRANSACTION_TIMEOUT" });
    await connection.transaction(() => {});
    await peer.done;
  });

  it("over STOMP whose begin is never answered ends in time too", async () => {
    const peer = await StompPeer.listen();
    peer.expectConnection();
    peer.expectFrame("BEGIN").stayQuiet();
    peer.expectSend("one", { transaction: true }).stayQuiet();
    peer.expectFrame("ABORT").stayQuiet();

    const connection = await connectionTo([peer]).connect();
    const error = await rejectionOf(connection.transaction((tx) => tx.send("q", "one"), { timeoutMs: 50 }));
    expect(error).toMatchObject({ code: "TRANSACTION_TIMEOUT" });
    await peer.done;
  });

  it("whose declare a drop leaves unanswered is interrupted, and the next works", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectCoordinator().grant();
    first.expectDeclare().drop();
    letCommit(second, "t2", "two");

    const connection = await connectionTo([first, second]).connect();
    const error = await rejectionOf(connection.transaction((tx) => tx.send("q", "one")));
    expect(error).toMatchObject({ code: "TRANSACTION_INTERRUPTED" });
    await connection.transaction((tx) => tx.send("q", "two"));
    await Promise.all([first.done, second.done]);
  });
});

describe("a commit", () => {
  it("without an answer when the session drops is in doubt and never replayed; the next transaction is clean", async () => {
    const [first, second] = await AmqpPeer.pair();
    letBegin(first, "t1");
    first.expectAttach("sender", "q").grant();
    first.expectTransfer("one", { transaction: "t1" }).accept();
    first.expectDischarge("commit").drop();
    letCommit(second, "t2", "two");

    const connection = await connectionTo([first, second]).connect();
    const error = await rejectionOf(connection.transaction((tx) => tx.send("q", "one"), { retries: 5 }));
    expect(error).toMatchObject({ code: "TRANSACTION_IN_DOUBT" });
    await connection.transaction((tx) => tx.send("q", "two"));
    // What of the first transaction would come again would fail the second peer's script.
    await Promise.all([first.done, second.done]);
    expect(connection.stats().transactions).toMatchObject({ committed: 1, inDoubt: 1 });
  });

  it("over STOMP without a receipt when the session drops is in doubt and never replayed", async () => {
    const [first, second] = await StompPeer.pair();
    first.expectConnection();
    first.expectFrame("BEGIN").receipt();
    first.expectSend("one", { transaction: true }).receipt();
    first.expectFrame("COMMIT").drop();
    second.expectConnection();
    second.expectFrame("BEGIN").receipt();
    second.expectSend("two", { transaction: true }).receipt();
    second.expectFrame("COMMIT").receipt();

    const connection = await connectionTo([first, second]).connect();
    const error = await rejectionOf(connection.transaction((tx) => tx.send("q", "one"), { retries: 5 }));
    expect(error).toMatchObject({ code: "TRANSACTION_IN_DOUBT" });
    await connection.transaction((tx) => tx.send("q", "two"));
    await Promise.all([first.done, second.done]);
  });

  it("fails when the session drops while the reply to a message is being sent, and the message comes again", async () => {
    const [first, second] = await AmqpPeer.pair();
    const request = { body: "request", message_id: "m1" };
    first.expectConnection();
    first.expectAttach("receiver", "in").answer();
    first.expectCredit().deliver(request);
    first.expectCoordinator().grant();
    first.expectDeclare().declared("t1");
    first.expectAttach("sender", "out").grant();
    first.expectTransfer("reply", { transaction: "t1" }).drop();
    second.expectConnection();
    second.expectAttach("receiver", "in").answer();
    second.expectCredit().deliver(request);

    const connection = await connectionTo([first, second]).connect();
    const consumer = connection.consume("in");
    const { value } = (await consumer.next()) as { value: Delivery };
    const error = await rejectionOf(
      connection.transaction(async (tx) => {
        await tx.accept(value);
        await tx.send("out", "reply");
      }),
    );
    expect(error).toMatchObject({ code: "TRANSACTION_INTERRUPTED" });
    const again = (await consumer.next()).value as Delivery;
    expect(again.message.id).toBe("m1");
    expect(again.redelivered).toBe(true);
    await Promise.all([first.done, second.done]);
  });

  it("holds a message and its reply together, over run() with transacted", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();
    peer.expectAttach("receiver", "in").answer();
    peer.expectCredit().deliver("request");
    peer.expectCoordinator().grant();
    peer.expectDeclare().declared("t1");
    peer.expectAttach("sender", "out").grant();
    peer.expectTransfer("reply", { transaction: "t1" }).accept();
    peer.expectSettlement("accepted", { transaction: "t1" }).settle();
    peer.expectDischarge("commit").accept();

    const connection = await connectionTo([peer]).connect();
    const consumer = connection.consume("in");
    const running = consumer.run((_, { transaction }) => transaction?.send("out", "reply"), { transacted: true });
    await peer.done;
    await connection.close();
    await running;
    expect(connection.stats().transactions).toMatchObject({ committed: 1 });
  });
});

describe("a rollback", () => {
  it("that a drop leaves unanswered tells what the work threw, and the next transaction commits", async () => {
    const [first, second] = await AmqpPeer.pair();
    letBegin(first, "t1");
    first.expectAttach("sender", "q").grant();
    first.expectTransfer("one", { transaction: "t1" }).accept();
    first.expectDischarge("rollback").drop();
    letCommit(second, "t2", "two");

    const connection = await connectionTo([first, second]).connect();
    const mistake = new Error("the work went wrong");
    const work = connection.transaction(async (tx) => {
      await tx.send("q", "one");
      throw mistake;
    });
    expect(await rejectionOf<Error>(work)).toBe(mistake);
    await connection.transaction((tx) => tx.send("q", "two"));
    await Promise.all([first.done, second.done]);
  });
});

describe("a send in a transaction", () => {
  it("each has its outcome when a drop interrupts: all reject, none is left open", async () => {
    const [first, second] = await AmqpPeer.pair();
    letBegin(first, "t1");
    first.expectAttach("sender", "q").grant();
    first.expectTransfer("0", { transaction: "t1" }).accept();
    first.expectTransfer("1", { transaction: "t1" }).stayQuiet();
    first.expectTransfer("2", { transaction: "t1" }).drop();
    second.expectConnection();

    const connection = await connectionTo([first, second]).connect();
    let outcomes: PromiseSettledResult<unknown>[] = [];
    const error = await rejectionOf(
      connection.transaction(async (tx) => {
        outcomes = await Promise.allSettled(["0", "1", "2"].map((body) => tx.send("q", body)));
      }),
    );
    expect(error).toMatchObject({ code: "TRANSACTION_INTERRUPTED" });
    expect(outcomes.slice(1).map((outcome) => outcome.status)).toEqual(["rejected", "rejected"]);
  });

  it.each([
    ["the only one", 0],
    ["the second of two", 1],
  ])("that waits for credit, %s, when the session drops is rolled back and sent nowhere else", async (_, credit) => {
    const [first, second] = await AmqpPeer.pair();
    letBegin(first, "t1");
    first.expectAttach("sender", "q").grant(credit);
    if (credit > 0) first.expectTransfer("0", { transaction: "t1" }).accept();
    letCommit(second, "t2", "next");

    const connection = await connectionTo([first, second]).connect();
    const bodies = credit > 0 ? ["0", "1"] : ["1"];
    const work = rejectionOf(
      connection.transaction(async (tx) => {
        await Promise.all(bodies.map((body) => tx.send("q", body)));
      }),
    );
    await first.done;
    await new Promise((resolve) => setTimeout(resolve, 20));
    first.dropAll();
    expect(await work).toMatchObject({ code: "TRANSACTION_INTERRUPTED" });
    await connection.transaction((tx) => tx.send("q", "next"));
    await second.done;
    expect(second.transfers.map(({ text }) => text)).toEqual(["next"]);
  });

  it("in an outage rejects, and its transaction cannot be committed by the session that follows", async () => {
    const [first, second] = await AmqpPeer.pair();
    letBegin(first, "t1");
    first.expectAttach("sender", "q").grant();
    first.expectTransfer("one", { transaction: "t1" }).accept();

    const connection = connectionTo([first, second], { maxReconnectDelay: 5 });
    const [interrupted, restored] = [next(connection, "interrupted"), next(connection, "restored")];
    await connection.connect();
    const codes: string[] = [];
    const work = connection.transaction(async (tx) => {
      await tx.send("q", "one");
      first.dropAll();
      await interrupted;
      codes.push((await rejectionOf(tx.send("q", "offline"))).code);
      second.expectConnection();
      await restored;
      codes.push((await rejectionOf(tx.send("q", "too late"))).code);
    });
    expect(await rejectionOf(work)).toMatchObject({ code: "TRANSACTION_INTERRUPTED" });
    expect(codes).toEqual(["TRANSACTION_INTERRUPTED", "TRANSACTION_INTERRUPTED"]);
    expect(second.transfers).toEqual([]);
    await second.done;
  });
});

describe("an acceptance in a transaction", () => {
  it("of a delivery of the session before makes it impossible to commit, whatever else is sent in it", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectAttach("receiver", "in").answer();
    first.expectCredit().deliver("one");
    second.expectConnection();
    second.expectAttach("receiver", "in").answer();
    second.expectCredit().stayQuiet();

    const connection = await connectionTo([first, second]).connect();
    const { value } = (await connection.consume("in").next()) as { value: Delivery };
    first.dropAll();
    await second.done;
    second.expectCoordinator().grant();
    second.expectDeclare().declared("t2");
    second.expectAttach("sender", "out").grant();
    second.expectTransfer("reply", { transaction: "t2" }).accept();
    second.expectDischarge("rollback").accept();
    const error = await rejectionOf(
      connection.transaction(async (tx) => {
        await tx.send("out", "reply");
        await rejectionOf(tx.accept(value));
      }),
    );
    expect(error).toMatchObject({ code: "TRANSACTION_ROLLED_BACK", cause: { code: "STALE_DELIVERY" } });
    await second.done;
  });
});
