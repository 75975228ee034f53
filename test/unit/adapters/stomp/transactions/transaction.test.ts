/** Transactions over STOMP, against a scripted peer. */
import { afterEach, describe, expect, it } from "vitest";
import {
  SendRejectedError,
  TransactionInDoubtError,
  TransactionInterruptedError,
  TransactionRolledBackError,
  UnsupportedError,
} from "../../../../../src/errors/errors.ts";
import { lossOf, settled, TestConsumer, TestSend } from "../messaging-steps.ts";
import { ARTEMIS, attempt, CLASSIC, frame, type PeerConnection, type PeerFrame, StompPeer } from "../stomp-peer.ts";

const open: AsyncDisposable[] = [];
async function connected(server = CLASSIC) {
  const peer = await StompPeer.greeting(server);
  open.push(peer);
  const session = await attempt(peer.endpoint);
  return { session, peer: peer.connection };
}
afterEach(async () => {
  for (const peer of open.splice(0)) await peer[Symbol.asyncDispose]();
});

function refuse(peer: PeerConnection, { headers }: PeerFrame, message: string): void {
  peer.write(frame("ERROR", { "receipt-id": headers["receipt"] ?? "", message }));
}

/** A session with one delivery that waits, and a transaction whose BEGIN is confirmed. */
async function begun(server = CLASSIC) {
  const { session, peer } = await connected(server);
  const consumer = new TestConsumer(session);
  const subscribe = await peer.frame("SUBSCRIBE");
  peer.receipt(subscribe);
  peer.write(frame("MESSAGE", { subscription: subscribe.headers["id"] ?? "", "message-id": "m1", ack: "a1" }, "x"));
  const delivery = await consumer.delivery(0);
  const transaction = session.begin();
  peer.receipt(await peer.frame("BEGIN"));
  const accept = () => consumer.subscription.settle(delivery, { kind: "accepted" }, { transaction });
  return { session, peer, consumer, delivery, transaction, accept };
}

describe("a transaction", () => {
  it("frames its sends and acknowledgements by BEGIN and COMMIT, each with a receipt", async () => {
    const { session, peer, transaction, accept } = await begun();
    const send = new TestSend("x");
    transaction.send(send);
    peer.receipt(await peer.frame("SEND"));
    expect(await send.outcome).toEqual({ kind: "confirmed" });
    const accepted = accept();
    peer.receipt(await peer.frame("ACK"));
    expect(await accepted).toBe("settled");
    const committed = transaction.commit();
    peer.receipt(await peer.frame("COMMIT"));
    expect(await committed).toEqual({ kind: "committed" });
    const [begin] = peer.all("BEGIN");
    const id = begin?.headers["transaction"];
    expect(id).toBeTruthy();
    for (const command of ["SEND", "ACK", "COMMIT"]) {
      expect(peer.all(command)[0]?.headers).toMatchObject({ transaction: id, receipt: expect.any(String) });
    }
    expect([send.written, session.useful, await transaction.commit()]).toEqual([1, true, { kind: "committed" }]);
  });

  it("has an id of its own, beside others", async () => {
    const { session, peer } = await connected();
    session.begin();
    session.begin();
    await peer.frame("BEGIN", 1);
    const ids = peer.all("BEGIN").map(({ headers }) => headers["transaction"]);
    expect(new Set(ids).size).toBe(2);
  });

  it("waits with COMMIT until every member has its answer", async () => {
    const { peer, transaction, accept } = await begun();
    const send = new TestSend("x");
    transaction.send(send);
    void accept();
    const committed = transaction.commit();
    peer.receipt(await peer.frame("SEND"));
    await send.outcome;
    await settled();
    expect(peer.all("COMMIT")).toEqual([]);
    peer.receipt(await peer.frame("ACK"));
    peer.receipt(await peer.frame("COMMIT"));
    expect(await committed).toEqual({ kind: "committed" });
  });
});

describe("a refused part of a transaction", () => {
  it("fails its send, and turns the commit into ABORT", async () => {
    const { peer, transaction } = await begun();
    const [good, bad] = [new TestSend("x"), new TestSend("y", { id: "bad" })];
    transaction.send(good);
    transaction.send(bad);
    await peer.frame("SEND", 1);
    const [first, second] = peer.all("SEND") as [PeerFrame, PeerFrame];
    peer.receipt(first);
    refuse(peer, second, "User scott is not authorized to write to: queue://orders");
    expect(await bad.outcome).toMatchObject({ kind: "failed", error: { code: "SEND_REJECTED", id: "bad" } });
    const committed = transaction.commit();
    peer.receipt(await peer.frame("ABORT"));
    const outcome = await committed;
    expect(outcome.kind).toBe("rolled-back");
    const error = outcome.kind === "rolled-back" ? outcome.error : undefined;
    expect(error).toBeInstanceOf(TransactionRolledBackError);
    expect(error?.cause).toBeInstanceOf(SendRejectedError);
    expect(peer.all("COMMIT")).toEqual([]);
  });

  it("may be one that cannot even be written", async () => {
    const { peer, transaction } = await begun();
    const send = new TestSend("x", { properties: { receipt: "1" } });
    transaction.send(send);
    expect(await send.outcome).toMatchObject({ kind: "failed", error: { code: "INVALID_ARGUMENT" } });
    const committed = transaction.commit();
    peer.receipt(await peer.frame("ABORT"));
    expect(await committed).toMatchObject({ kind: "rolled-back" });
  });

  it.each(["BEGIN", "ACK"])("may be %s", async (command) => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session);
    const subscribe = await peer.frame("SUBSCRIBE");
    peer.write(frame("MESSAGE", { subscription: subscribe.headers["id"] ?? "", "message-id": "m1", ack: "a1" }, "x"));
    const delivery = await consumer.delivery(0);
    const transaction = session.begin();
    const accepted = consumer.subscription.settle(delivery, { kind: "accepted" }, { transaction });
    for (const each of ["BEGIN", "ACK"]) {
      if (each === command) refuse(peer, await peer.frame(each), "no");
      else peer.receipt(await peer.frame(each));
    }
    expect(await accepted).toBe(command === "ACK" ? "stale" : "settled");
    const committed = transaction.commit();
    peer.receipt(await peer.frame("ABORT"));
    expect(await committed).toMatchObject({
      kind: "rolled-back",
      error: { message: expect.stringContaining("refused") },
    });
  });

  it("may be the COMMIT itself, with the broker's reason", async () => {
    const { peer, transaction } = await begun();
    const committed = transaction.commit();
    refuse(peer, await peer.frame("COMMIT"), "disk is gone");
    const outcome = await committed;
    expect(outcome).toMatchObject({ kind: "rolled-back", error: { code: "TRANSACTION_ROLLED_BACK" } });
    expect(outcome.kind === "rolled-back" && outcome.error.message).toMatch(/refused to commit: disk is gone$/);
  });

  it("may be the COMMIT on Artemis, which closes then and does not say that it was a repeated id", async () => {
    const { session, peer, transaction } = await begun(ARTEMIS);
    const committed = transaction.commit();
    const { headers } = await peer.frame("COMMIT");
    peer.socket.end(
      frame("ERROR", { message: "AMQ339013 Error committing tx1", "receipt-id": headers["receipt"] ?? "" }),
    );
    const outcome = await committed;
    expect(outcome.kind === "rolled-back" && outcome.error.message).toMatch(/perhaps been committed already/);
    await lossOf(session);
  });
});

describe("rolling back", () => {
  it("aborts, and makes the subscription anew, for Classic keeps what was accepted", async () => {
    const { peer, consumer, transaction, accept } = await begun();
    void accept();
    peer.receipt(await peer.frame("ACK"));
    const over = transaction.rollback();
    peer.receipt(await peer.frame("ABORT"));
    await over;
    const again = await peer.frame("SUBSCRIBE", 1);
    const commands = peer.frames.map(({ command }) => command).slice(-3);
    expect(commands).toEqual(["ABORT", "UNSUBSCRIBE", "SUBSCRIBE"]);
    expect([consumer.releasing.length, consumer.givenBack]).toEqual([1, [1]]);
    expect(again.headers["id"]).not.toBe(peer.all("SUBSCRIBE")[0]?.headers["id"]);
    await transaction.rollback();
    expect(await transaction.commit()).toMatchObject({ kind: "rolled-back" });
    expect([peer.all("ABORT").length, peer.all("COMMIT").length]).toEqual([1, 0]);
  });

  it("hands over again what a topic would not, and leaves its subscription as it is", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session, "topic://prices");
    const { headers } = await peer.frame("SUBSCRIBE");
    peer.write(frame("MESSAGE", { subscription: headers["id"] ?? "", "message-id": "m1", ack: "a1" }, "x"));
    const transaction = session.begin();
    void consumer.subscription.settle(await consumer.delivery(0), { kind: "accepted" }, { transaction });
    void transaction.rollback();
    const again = await consumer.delivery(1);
    expect([again.message.id, again.redelivered]).toEqual(["m1", true]);
    expect(consumer.subscription.settle(again, { kind: "accepted" })).toBe("settled");
    const last = await peer.frame("ACK", 1);
    expect(last.headers).toEqual({ id: "a1" });
    expect([peer.all("SUBSCRIBE").length, consumer.givenBack]).toEqual([1, []]);
  });

  it("leaves a subscription alone that was made anew meanwhile", async () => {
    const { peer, consumer, transaction, accept } = await begun();
    void accept();
    peer.receipt(await peer.frame("ACK"));
    peer.write(frame("MESSAGE", { subscription: "1", "message-id": "m2", ack: "a2" }, "x"));
    consumer.subscription.settle(await consumer.delivery(1), { kind: "released" });
    await peer.frame("SUBSCRIBE", 1);
    const over = transaction.rollback();
    peer.receipt(await peer.frame("ABORT"));
    await over;
    await settled();
    expect(peer.all("SUBSCRIBE")).toHaveLength(2);
  });

  it("is over when the broker knows no such transaction", async () => {
    const { peer, transaction } = await begun();
    const over = transaction.rollback();
    refuse(peer, await peer.frame("ABORT"), "Invalid transaction id: tx1");
    await over;
  });
});

describe("a session that ends", () => {
  it("before the commit leaves the transaction rolled back, with why", async () => {
    const { session, peer, transaction, accept } = await begun();
    const send = new TestSend("x");
    transaction.send(send);
    const accepted = accept();
    await peer.frame("SEND");
    const committed = transaction.commit();
    peer.socket.destroy();
    const cause = await lossOf(session);
    const outcome = await committed;
    expect(outcome).toMatchObject({ kind: "rolled-back", error: { code: "TRANSACTION_INTERRUPTED", cause } });
    expect(outcome.kind === "rolled-back" && outcome.error).toBeInstanceOf(TransactionInterruptedError);
    expect([await accepted, send.outcomes]).toEqual(["stale", []]);
    await transaction.rollback();
  });

  it("within the commit leaves it in doubt", async () => {
    const { session, peer, transaction } = await begun();
    const committed = transaction.commit();
    await peer.frame("COMMIT");
    peer.socket.destroy();
    const cause = await lossOf(session);
    const outcome = await committed;
    expect(outcome).toMatchObject({ kind: "in-doubt", error: { code: "TRANSACTION_IN_DOUBT", cause } });
    expect(outcome.kind === "in-doubt" && outcome.error).toBeInstanceOf(TransactionInDoubtError);
    await transaction.rollback();
  });

  it("within the rollback lets it be over", async () => {
    const { session, peer, transaction } = await begun();
    const over = transaction.rollback();
    await peer.frame("ABORT");
    peer.socket.destroy();
    await lossOf(session);
    await over;
  });

  it("lets whatever is asked of its transactions afterwards come to an end", async () => {
    const { session, peer, transaction, accept } = await begun();
    peer.socket.destroy();
    await lossOf(session);
    transaction.send(new TestSend("x"));
    expect(accept()).toBe("stale");
    const late = session.begin();
    late.send(new TestSend("x"));
    expect(await late.commit()).toMatchObject({ kind: "rolled-back", error: { code: "TRANSACTION_INTERRUPTED" } });
    await session.begin().rollback();
    expect(await transaction.commit()).toMatchObject({ kind: "rolled-back" });
  });
});

describe("accepting in a transaction", () => {
  it("is refused on Artemis, with the reason, and leaves the delivery unsettled", async () => {
    const { peer, consumer, delivery, accept } = await begun(ARTEMIS);
    expect(accept).toThrow(UnsupportedError);
    expect(accept).toThrow(/applies an acknowledgement at once/);
    expect(consumer.subscription.settle(delivery, { kind: "accepted" })).toBe("settled");
    expect((await peer.frame("ACK")).headers["transaction"]).toBeUndefined();
  });

  it("is stale in a transaction that is over, or of another session", async () => {
    const { peer, consumer, delivery, transaction, accept } = await begun();
    const other = await connected();
    const foreign = other.session.begin();
    expect(consumer.subscription.settle(delivery, { kind: "accepted" }, { transaction: foreign })).toBe("stale");
    void transaction.rollback();
    expect(accept()).toBe("stale");
    await peer.frame("ABORT");
    expect(peer.all("ACK")).toEqual([]);
    const late = new TestSend("late");
    transaction.send(late);
    expect(await late.outcome).toMatchObject({ kind: "failed", error: { code: "TRANSACTION_ROLLED_BACK" } });
  });
});
