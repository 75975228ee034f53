import type { EventContext, Receiver } from "rhea";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  ConnectionClosedError,
  SendRejectedError,
  SessionLostError,
  UnsupportedError,
} from "../../../../../src/errors/errors.ts";
import type {
  IncomingDelivery,
  MessagingSession,
  SessionSubscription,
  SessionTransaction,
} from "../../../../../src/messaging/port/messaging-session.ts";
import {
  accepted,
  type CoordinatorPeer,
  coordinatorPeer,
  declared,
  described,
  rejected,
  within,
} from "../coordinator-peer.ts";
import { openOn, recordedSend, recordedSink, until } from "../scripted-peer.ts";

async function sent(transaction: SessionTransaction, body = "a", to = "queue://orders") {
  const send = recordedSend(to, body);
  transaction.send(send);
  return { send, outcome: await send.outcome };
}

interface Subscribed {
  readonly subscription: SessionSubscription;
  readonly deliveries: readonly IncomingDelivery[];
}

/** A subscription to which the peer has delivered `count` messages. */
async function delivered(peer: CoordinatorPeer, session: MessagingSession, count: number): Promise<Subscribed> {
  const sink = recordedSink();
  const subscription = session.subscribe({ destination: { kind: "queue", name: "in" }, prefetch: 10 }, sink);
  await sink.ready;
  const link = peer.links.at(-1);
  await until(() => link?.sendable() === true);
  for (let index = 0; index < count; index++) link?.send({ body: `m${index}` });
  await sink.delivered(count);
  return { subscription, deliveries: sink.deliveries };
}

function silentConsole(): ReturnType<typeof vi.spyOn>[] {
  const spies = (["error", "warn", "log", "trace"] as const).map((name) => vi.spyOn(console, name));
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
  });
  return spies;
}

describe("an AMQP transaction", () => {
  it("declares, sends and commits, and prints nothing", async () => {
    const spies = silentConsole();
    const peer = await coordinatorPeer();
    const session = await openOn(peer);
    const transaction = session.begin();
    const { send, outcome } = await sent(transaction);
    expect(outcome).toEqual({ kind: "confirmed" });
    expect(send.written).toBe(true);
    expect(await transaction.commit()).toEqual({ kind: "committed" });
    expect(peer.log).toEqual(["declare", "send a in tx-1", "discharge tx-1"]);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });

  it("marks every frame of a large message, and keeps each within the size the peer allows", async () => {
    const limit = 4096;
    const peer = await coordinatorPeer("ActiveMQ", { max_frame_size: limit });
    // As long as an identifier may be.
    const txnId = "t".repeat(32);
    peer.onDeclare = (delivery) => delivery.update(true, declared(txnId));
    const session = await openOn(peer);
    const sizes: number[] = [];
    const states: unknown[] = [];
    peer.container.on("receiver_open", ({ receiver }: EventContext) => {
      const amqpSession = receiver?.session as unknown as {
        on_transfer(frame: { size: number; performative: { state?: unknown } }): void;
      };
      const receive = amqpSession.on_transfer.bind(amqpSession);
      amqpSession.on_transfer = (frame) => {
        sizes.push(frame.size);
        states.push(String(frame.performative.state));
        receive(frame);
      };
    });
    const transaction = session.begin();
    const { outcome } = await sent(transaction, "x".repeat(100_000));
    expect(outcome).toEqual({ kind: "confirmed" });
    const large = sizes.map((size, index) => ({ size, state: states[index] })).filter(({ size }) => size > 1000);
    expect(large.length).toBeGreaterThan(1);
    for (const { size, state } of large) {
      expect(size).toBeLessThanOrEqual(limit);
      expect(state).toContain(txnId);
    }
  });

  it("leaves sends outside of it as they are, on the same link", async () => {
    const peer = await coordinatorPeer();
    const session = await openOn(peer);
    const transaction = session.begin();
    await sent(transaction, "in");
    const outside = recordedSend("queue://orders", "out");
    session.send(outside);
    expect(await outside.outcome).toEqual({ kind: "confirmed" });
    expect(peer.log).toEqual(["declare", "send in in tx-1", "send out"]);
  });

  it("accepts with the commit, each delivery in its own frame, right before the discharge", async () => {
    const peer = await coordinatorPeer();
    const session = await openOn(peer);
    const { subscription, deliveries } = await delivered(peer, session, 3);
    const transaction = session.begin();
    for (const delivery of deliveries) {
      expect(subscription.settle(delivery, { kind: "accepted" }, { transaction })).toBe("settled");
    }
    expect(subscription.settle(deliveries[0] as IncomingDelivery, { kind: "accepted" })).toBe("stale");
    expect(await transaction.commit()).toEqual({ kind: "committed" });
    expect(peer.log).toEqual(["declare", "accept 0 in tx-1", "accept 1 in tx-1", "accept 2 in tx-1", "discharge tx-1"]);
  });

  it("keeps two that commit at once apart, although they accept from one subscription", async () => {
    const peer = await coordinatorPeer();
    const session = await openOn(peer);
    const { subscription, deliveries } = await delivered(peer, session, 2);
    const both = [session.begin(), session.begin()] as const;
    deliveries.forEach((delivery, index) => {
      subscription.settle(delivery, { kind: "accepted" }, { transaction: both[index] });
    });
    expect(await Promise.all(both.map((each) => each.commit()))).toEqual([
      { kind: "committed" },
      { kind: "committed" },
    ]);
    const [first, second] = [peer.log.indexOf("accept 0 in tx-1"), peer.log.indexOf("accept 1 in tx-2")];
    expect(peer.log[first + 1]).toBe("discharge tx-1");
    expect(peer.log[second + 1]).toBe("discharge tx-2");
    expect(peer.coordinators.length).toBe(2);
  });

  it("returns credit for what it accepts before it is committed", async () => {
    const peer = await coordinatorPeer();
    const session = await openOn(peer);
    const { subscription, deliveries } = await delivered(peer, session, 10);
    const transaction = session.begin();
    expect(peer.links[0]?.sendable()).toBe(false);
    subscription.settle(deliveries[0] as IncomingDelivery, { kind: "accepted" }, { transaction });
    await until(() => peer.links[0]?.sendable() === true);
  });

  it("rolls back: what it accepted is given back, and the broker undoes the rest", async () => {
    const peer = await coordinatorPeer();
    const session = await openOn(peer);
    const { subscription, deliveries } = await delivered(peer, session, 1);
    const transaction = session.begin();
    await sent(transaction);
    subscription.settle(deliveries[0] as IncomingDelivery, { kind: "accepted" }, { transaction });
    await transaction.rollback();
    expect(peer.log).toEqual(["declare", "send a in tx-1", "modified 0", "discharge tx-1 fail"]);
    await transaction.rollback();
    expect(await transaction.commit()).toMatchObject({ kind: "rolled-back" });
  });

  it("is asked for on the coordinator of one that is over", async () => {
    const peer = await coordinatorPeer();
    const session = await openOn(peer);
    for (const expected of ["tx-1", "tx-2"]) {
      const transaction = session.begin();
      await sent(transaction, expected);
      expect(await transaction.commit()).toEqual({ kind: "committed" });
      expect(peer.log.at(-1)).toBe(`discharge ${expected}`);
    }
    expect(peer.coordinators.length).toBe(1);
  });

  it("waits with a rollback for the outcomes of what is written", async () => {
    const peer = await coordinatorPeer();
    const late: (() => void)[] = [];
    peer.onSend = (delivery, txnId) => {
      late.push(() => delivery.update(true, within(txnId as Buffer, accepted())));
    };
    const session = await openOn(peer);
    const transaction = session.begin();
    const send = recordedSend("queue://orders", "a");
    transaction.send(send);
    await until(() => late.length === 1);
    const over = transaction.rollback();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(peer.log).toEqual(["declare", "send a in tx-1"]);
    for (const answer of late) answer();
    await over;
    expect(peer.log.at(-1)).toBe("discharge tx-1 fail");
  });

  it("rolls back at its commit when the broker rejected a member", async () => {
    const peer = await coordinatorPeer();
    peer.onSend = (delivery, txnId) => {
      delivery.update(true, within(txnId as Buffer, rejected("amqp:unauthorized-access", "not yours")));
    };
    const session = await openOn(peer);
    const transaction = session.begin();
    const { outcome } = await sent(transaction);
    expect(outcome).toMatchObject({ kind: "failed", error: expect.any(SendRejectedError) });
    const committed = await transaction.commit();
    expect(committed).toMatchObject({ kind: "rolled-back", error: { code: "SEND_REJECTED" } });
    expect(peer.log.at(-1)).toBe("discharge tx-1 fail");
  });

  it("fails a member whose outcome the broker keeps to itself", async () => {
    const peer = await coordinatorPeer();
    peer.onSend = (delivery, txnId) => delivery.update(true, described(0x34, txnId));
    const session = await openOn(peer);
    const { outcome } = await sent(session.begin());
    expect(outcome).toMatchObject({ kind: "failed", error: { code: "SEND_NOT_STORED" } });
  });

  it("says why the broker refused the commit", async () => {
    const peer = await coordinatorPeer("apache-activemq-artemis");
    peer.onDischarge = (delivery) => delivery.update(true, rejected("failed", "Duplicate message detected"));
    const session = await openOn(peer);
    const { subscription, deliveries } = await delivered(peer, session, 1);
    const transaction = session.begin();
    subscription.settle(deliveries[0] as IncomingDelivery, { kind: "accepted" }, { transaction });
    expect(await transaction.commit()).toMatchObject({
      kind: "rolled-back",
      error: {
        code: "TRANSACTION_ROLLED_BACK",
        message: expect.stringContaining("failed: Duplicate message detected"),
      },
    });
    expect(session.begin()).toBeDefined();
  });

  it("ends the session on Classic when a commit with acceptances is refused: only so they come again", async () => {
    const peer = await coordinatorPeer("ActiveMQ");
    peer.onDischarge = (delivery) => delivery.update(true, rejected("failed", "disk full"));
    const session = await openOn(peer);
    const { subscription, deliveries } = await delivered(peer, session, 1);
    const transaction = session.begin();
    subscription.settle(deliveries[0] as IncomingDelivery, { kind: "accepted" }, { transaction });
    expect(await transaction.commit()).toMatchObject({ kind: "rolled-back" });
    expect((await session.ended).error).toBeInstanceOf(SessionLostError);
  });

  it.each([
    [
      "refuses the declare",
      (peer: CoordinatorPeer) => {
        peer.onDeclare = (delivery) => delivery.update(true, rejected("amqp:not-allowed", "no transactions"));
      },
    ],
    [
      "detaches the coordinator",
      (peer: CoordinatorPeer) => {
        peer.onDeclare = (_delivery, coordinator) =>
          coordinator.close({ condition: "amqp:not-allowed", description: "no transactions" });
      },
    ],
    [
      "ends the coordinator's session",
      (peer: CoordinatorPeer) => {
        peer.onDeclare = (_delivery, coordinator) =>
          coordinator.session.close({ condition: "amqp:not-allowed", description: "no transactions" });
      },
    ],
    [
      "names no transaction",
      (peer: CoordinatorPeer) => {
        peer.onDeclare = (delivery) => delivery.update(true, accepted());
      },
    ],
  ])("fails its sends and its commit when the broker %s", async (what, arrange) => {
    const peer = await coordinatorPeer();
    arrange(peer);
    const session = await openOn(peer);
    const { subscription, deliveries } = await delivered(peer, session, 1);
    const transaction = session.begin();
    const [delivery] = deliveries as [IncomingDelivery];
    expect(subscription.settle(delivery, { kind: "accepted" }, { transaction })).toBe("settled");
    const { send, outcome } = await sent(transaction);
    expect(outcome).toMatchObject({ kind: "failed", error: expect.any(SendRejectedError) });
    expect(send.written).toBe(false);
    const reason = what === "names no transaction" ? "did not name" : "no transactions";
    expect(await transaction.commit()).toMatchObject({
      kind: "rolled-back",
      error: { code: "TRANSACTION_ROLLED_BACK", message: expect.stringContaining(reason) },
    });
    await transaction.rollback();
    // What it had accepted goes back.
    await until(() => peer.log.includes("modified 0"));
    await expect(subscription.settle(delivery, { kind: "accepted" }, { transaction })).toBe("stale");
  });

  it("is rolled back when its coordinator is detached before the commit, or instead of an answer to it", async () => {
    const peer = await coordinatorPeer();
    const session = await openOn(peer);
    const first = session.begin();
    await sent(first);
    peer.coordinators[0]?.close({ condition: "amqp:internal-error", description: "gone" });
    await until(() => peer.coordinators[0]?.is_closed() === true);
    expect(await first.commit()).toMatchObject({
      kind: "rolled-back",
      error: { message: expect.stringContaining("gone") },
    });
    peer.onDischarge = (_delivery, coordinator) =>
      coordinator.close({ condition: "amqp:transaction:rollback", description: "undone" });
    const second = session.begin();
    await sent(second);
    expect(await second.commit()).toMatchObject({
      kind: "rolled-back",
      error: { message: expect.stringContaining("amqp:transaction:rollback: undone") },
    });
    peer.onDischarge = (delivery) => delivery.update(true, accepted());
    const third = session.begin();
    await sent(third);
    expect(await third.commit()).toEqual({ kind: "committed" });
  });

  it("is in doubt when the session ends after the discharge was written and before its answer", async () => {
    const peer = await coordinatorPeer();
    peer.onDischarge = () => peer.sockets[0]?.destroy();
    const session = await openOn(peer);
    const transaction = session.begin();
    await sent(transaction);
    expect(await transaction.commit()).toMatchObject({ kind: "in-doubt", error: { code: "SESSION_LOST" } });
  });

  it.each([
    [
      "before it is declared",
      (peer: CoordinatorPeer) => {
        peer.onDeclare = () => peer.sockets[0]?.destroy();
      },
    ],
    [
      "while it is asked to roll back",
      (peer: CoordinatorPeer) => {
        peer.onSend = (delivery, txnId) => delivery.update(true, within(txnId as Buffer, rejected("failed", "x")));
        peer.onDischarge = () => peer.sockets[0]?.destroy();
      },
    ],
  ])("is rolled back when the session ends %s", async (_when, arrange) => {
    const peer = await coordinatorPeer();
    arrange(peer);
    const session = await openOn(peer);
    const transaction = session.begin();
    const send = recordedSend("queue://orders", "a");
    transaction.send(send);
    await Promise.race([send.outcome, session.ended]);
    expect(await transaction.commit()).toMatchObject({ kind: "rolled-back" });
    await transaction.rollback();
  });

  it("hangs on nothing when the session is destroyed, whatever it was asked", async () => {
    const peer = await coordinatorPeer();
    peer.onDeclare = () => {};
    const session = await openOn(peer);
    const transactions = [session.begin(), session.begin()] as const;
    const commit = transactions[0].commit();
    const rollback = transactions[1].rollback();
    session.destroy(new ConnectionClosedError("over"));
    expect(await commit).toMatchObject({ kind: "rolled-back", error: { code: "CONNECTION_CLOSED" } });
    await rollback;
    const late = session.begin();
    late.send(recordedSend("queue://orders", "a"));
    expect(await late.commit()).toMatchObject({ kind: "rolled-back", error: { code: "CONNECTION_CLOSED" } });
  });

  it("cannot be committed when the subscription it accepted from is closed first", async () => {
    const peer = await coordinatorPeer();
    const session = await openOn(peer);
    const { subscription, deliveries } = await delivered(peer, session, 1);
    const transaction = session.begin();
    subscription.settle(deliveries[0] as IncomingDelivery, { kind: "accepted" }, { transaction });
    await subscription.close();
    expect(await transaction.commit()).toMatchObject({
      kind: "rolled-back",
      error: { message: expect.stringContaining("queue://in ended") },
    });
  });

  it("takes nothing more once it is to be committed, and nothing of another session", async () => {
    const peer = await coordinatorPeer();
    const session = await openOn(peer);
    const { subscription, deliveries } = await delivered(peer, session, 2);
    const [first, second] = deliveries as [IncomingDelivery, IncomingDelivery];
    const foreign = (await openOn(peer)).begin();
    await expect(subscription.settle(first, { kind: "accepted" }, { transaction: foreign })).rejects.toBeInstanceOf(
      UnsupportedError,
    );
    const transaction = session.begin();
    expect(await transaction.commit()).toEqual({ kind: "committed" });
    await expect(subscription.settle(second, { kind: "accepted" }, { transaction })).rejects.toMatchObject({
      code: "TRANSACTION_ROLLED_BACK",
    });
    const { outcome } = await sent(transaction);
    expect(outcome).toMatchObject({ kind: "failed", error: expect.any(SendRejectedError) });
    expect(subscription.settle(first, { kind: "accepted" })).toBe("settled");
    expect(subscription.settle(second, { kind: "accepted" })).toBe("settled");
  });

  it("drops what credit kept back when it was rolled back", async () => {
    const peer = await coordinatorPeer("ActiveMQ", { receiver_options: { credit_window: 0, autoaccept: false } });
    const receivers: Receiver[] = [];
    peer.container.on("receiver_open", ({ receiver }: EventContext) => {
      if (!receiver) return;
      receivers.push(receiver);
      if (peer.coordinators.includes(receiver)) receiver.add_credit(100);
    });
    const session = await openOn(peer);
    const transaction = session.begin();
    const send = recordedSend("queue://orders", "kept back");
    transaction.send(send);
    await until(() => receivers.length === 2);
    await transaction.rollback();
    receivers.at(-1)?.add_credit(10);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(send.written).toBe(false);
    expect(peer.log).toEqual(["declare", "discharge tx-1 fail"]);
  });

  it("takes no identifier that is longer than it may be", async () => {
    const peer = await coordinatorPeer();
    peer.onDeclare = (delivery) => delivery.update(true, declared("x".repeat(300)));
    const session = await openOn(peer);
    const transaction = session.begin();
    expect(await transaction.commit()).toMatchObject({ kind: "rolled-back" });
  });
});
