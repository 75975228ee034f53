import { Socket } from "node:net";
import type { EventContext, Message } from "rhea";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  artemisPeer,
  asked,
  confirmed,
  failed,
  hold,
  mostOutstanding,
  openWarm,
  sendOn,
  settled,
} from "../artemis-peer.ts";
import { coordinatorPeer } from "../coordinator-peer.ts";
import { openOn, until } from "../scripted-peer.ts";

/** The descriptor of a discharge, as an amqp-value (AMQP 1.0, 4.5.3). */
const DISCHARGE = Buffer.from([0x00, 0x53, 0x77, 0x00, 0x53, 0x32]);

function occurrences(chunks: readonly unknown[], bytes: Buffer): number[] {
  return chunks.flatMap((chunk, index) => (Buffer.isBuffer(chunk) && chunk.includes(bytes) ? [index] : []));
}

describe("AMQP sends to Artemis", () => {
  it("a send goes in a transaction that was declared before it and is discharged right behind it", async () => {
    const peer = await artemisPeer();
    const session = await openOn(peer);
    const send = sendOn(session, "x");
    await confirmed(send);
    expect(send.written).toBe(true);
    expect(session.useful).toBe(true);
    expect(peer.log[0]).toBe("declare");
    expect(asked(peer)).toEqual(["send x in tx-1", "discharge tx-1"]);
    await settled();
    expect(send.outcomes.length).toBe(1);
  });

  it("the sends of a transaction and its discharge leave in one write", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const write = vi.spyOn(Socket.prototype, "write");
    onTestFinished(() => write.mockRestore());
    await confirmed(sendOn(session, "needle-1"), sendOn(session, "needle-2"));
    const chunks = write.mock.calls.map(([chunk]) => chunk);
    const discharges = occurrences(chunks, DISCHARGE);
    expect(discharges.length).toBe(1);
    expect(occurrences(chunks, Buffer.from("needle-1"))).toEqual(discharges);
    expect(occurrences(chunks, Buffer.from("needle-2"))).toEqual(discharges);
  });

  it("a send that the broker accepted is not confirmed while the discharge of its transaction is unanswered", async () => {
    const peer = await artemisPeer();
    const discharges = hold(peer, "onDischarge");
    const session = await openOn(peer);
    const send = sendOn(session, "x");
    await until(() => discharges.length === 1);
    await settled();
    expect(send.outcomes).toEqual([]);
    expect(session.useful).toBe(false);
    discharges.release();
    await confirmed(send);
    expect(session.useful).toBe(true);
  });

  it("no send of a discharged transaction is confirmed while one of them is unanswered", async () => {
    const peer = await artemisPeer();
    const members = hold(peer, "onSend");
    const session = await openOn(peer);
    const sends = [sendOn(session, "a"), sendOn(session, "b")];
    await until(() => peer.log.includes("discharge tx-1"));
    members[0]?.accept();
    await settled();
    expect(sends.map(({ outcomes }) => outcomes)).toEqual([[], []]);
    expect(session.useful).toBe(false);
    members[1]?.accept();
    await confirmed(...sends);
  });

  it("the sends of one turn share a transaction", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const first = sendOn(session, "a");
    // What continues from a promise belongs to the same turn.
    const others = Promise.resolve().then(() => [sendOn(session, "b"), sendOn(session, "c")]);
    await confirmed(first, ...(await others));
    expect(asked(peer)).toEqual(["send a in tx-2", "send b in tx-2", "send c in tx-2", "discharge tx-2"]);
  });

  it("sends during a commit are written at once, and their transaction is discharged when the commit is answered", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const discharges = hold(peer, "onDischarge");
    const first = sendOn(session, "a");
    await until(() => discharges.length === 1);
    const second = sendOn(session, "b");
    await until(() => peer.log.includes("send b in tx-3"));
    const third = sendOn(session, "c");
    await until(() => peer.log.includes("send c in tx-3"));
    await settled();
    expect(discharges.length).toBe(1);
    expect([second, third].map(({ written }) => written)).toEqual([true, true]);
    discharges[0]?.accept();
    await confirmed(first);
    await until(() => discharges.length === 2);
    expect([...second.outcomes, ...third.outcomes]).toEqual([]);
    discharges[1]?.accept();
    await confirmed(second, third);
    expect(asked(peer)).toEqual([
      ...["send a in tx-2", "discharge tx-2"],
      ...["send b in tx-3", "send c in tx-3", "discharge tx-3"],
    ]);
  });

  it("a transaction is declared ahead on an idle connection, so that the next send waits for no declare", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const declares = hold(peer, "onDeclare");
    await confirmed(sendOn(session, "second"));
    expect(asked(peer)).toEqual(["send second in tx-2", "discharge tx-2"]);
    // The broker has been asked for the one after it by then, and has not answered.
    await until(() => declares.length === 1);
  });

  it("a coordinator link never has two requests unanswered", async () => {
    const peer = await artemisPeer();
    const outstanding = mostOutstanding(peer);
    const session = await openOn(peer);
    for (let round = 0; round < 20; round++) {
      const sends = ["q1", "q2", "q3"].map((to) => sendOn(session, `${round}`, {}, `queue://${to}`));
      if (round % 3 === 0) await confirmed(...sends);
      else await new Promise((resolve) => setImmediate(resolve));
    }
    await confirmed(sendOn(session, "last"));
    expect(outstanding.most).toBe(1);
    expect(peer.coordinators.length).toBeGreaterThan(1);
  });

  it("a transaction has five hundred sends at most", async () => {
    const peer = await artemisPeer({}, 10_000);
    const session = await openWarm(peer);
    const sends = Array.from({ length: 1200 }, (_, index) => sendOn(session, `${index}`));
    await confirmed(...sends);
    const sizes = sizesOf(asked(peer));
    expect(Math.max(...sizes.values())).toBe(500);
    expect([...sizes.values()].reduce((sum, size) => sum + size)).toBe(1200);
    expect(bodiesOf(asked(peer))).toEqual(sends.map((_, index) => `${index}`));
  });

  it("the bodies of a transaction have one mebibyte at most", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const sends = Array.from({ length: 40 }, () => sendOn(session, "x".repeat(60 * 1024)));
    await confirmed(...sends);
    const sizes = sizesOf(asked(peer));
    expect(Math.max(...sizes.values())).toBe(17);
    expect(sizes.size).toBe(3);
  });

  it("sends that are scheduled or not persistent go in transactions too", async () => {
    const peer = await artemisPeer({ offered_capabilities: ["DELAYED_DELIVERY"] });
    const messages: Message[] = [];
    peer.container.on("message", ({ message, receiver }: EventContext) => {
      if (message && receiver && !peer.coordinators.includes(receiver)) messages.push(message);
    });
    const session = await openOn(peer);
    const sends = [
      sendOn(session, "volatile", { persistent: false }),
      sendOn(session, "later", { delayMs: 60_000 }),
    ] as const;
    await confirmed(...sends);
    expect(asked(peer)).toEqual(["send volatile in tx-1", "send later in tx-1", "discharge tx-1"]);
    expect(messages[0]?.durable).not.toBe(true);
    const { "x-opt-delivery-delay": delayMs } = messages[1]?.message_annotations ?? {};
    expect(delayMs).toBeGreaterThan(50_000);
    expect(delayMs).toBeLessThanOrEqual(60_000);
  });

  it("a send whose caller waits no more before it is written is dropped", async () => {
    const peer = await artemisPeer({}, 0);
    const session = await openOn(peer);
    const [abandoned, kept] = [sendOn(session, "abandoned"), sendOn(session, "kept")];
    await until(() => peer.receivers.length === 1);
    abandoned.abandoned = true;
    peer.receivers[0]?.add_credit(10);
    await confirmed(kept);
    expect(asked(peer)).toEqual(["send kept in tx-1", "discharge tx-1"]);
    expect(abandoned.outcomes).toEqual([]);
  });

  it("a transaction is rolled back when none of its sends can be written", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const expired = sendOn(session, "expired", { ttlMs: 1 });
    // The turn is not over before the message has expired.
    const until = performance.now() + 5;
    while (performance.now() < until) {}
    expect(await failed(expired)).toMatchObject({ code: "SEND_EXPIRED" });
    await confirmed(sendOn(session, "next"));
    expect(asked(peer).slice(0, 1)).toEqual(["discharge tx-2 fail"]);
    expect(asked(peer).slice(1)).toEqual(["send next in tx-3", "discharge tx-3"]);
  });

  it.each([undefined, false, true])("sends share transactions when groupCommit is %s", async (groupCommit) => {
    const peer = await artemisPeer();
    const discharges = hold(peer, "onDischarge");
    const session = await openOn(peer, { groupCommit });
    const sends = ["a", "b", "c"].map((body) => sendOn(session, body));
    await until(() => discharges.length === 1);
    await settled();
    // Artemis may store two transactions in another order: one is committed at a time.
    expect(asked(peer)).toEqual(["send a in tx-1", "send b in tx-1", "send c in tx-1", "discharge tx-1"]);
    discharges.release();
    await confirmed(...sends);
  });

  it("sends to forty destinations at once share sixteen coordinator links, and all are confirmed", async () => {
    const peer = await artemisPeer();
    const discharges = hold(peer, "onDischarge");
    const session = await openOn(peer);
    const sends = Array.from({ length: 80 }, (_, index) => sendOn(session, `${index}`, {}, `queue://q${index % 40}`));
    await until(() => discharges.length === 16);
    await settled();
    expect(discharges.length).toBe(16);
    expect(peer.coordinators.length).toBe(16);
    discharges.release();
    await confirmed(...sends);
    expect(bodiesOf(asked(peer)).length).toBe(80);
  });

  it("coordinator links that a burst needed are closed once their transactions are used up", async () => {
    const peer = await artemisPeer();
    const session = await openOn(peer);
    await confirmed(...Array.from({ length: 30 }, (_, index) => sendOn(session, "x", {}, `queue://q${index}`)));
    for (let round = 0; round < 16; round++) await confirmed(sendOn(session, `${round}`));
    expect(peer.coordinators.length).toBe(16);
    await until(() => peer.coordinators.filter((coordinator) => coordinator.is_open()).length <= 5);
    await confirmed(sendOn(session, "last"));
    expect(asked(peer).at(-2)).toMatch(/^send last in tx-/);
  });
});

describe("AMQP sends to another broker", () => {
  it.each(["ActiveMQ", "masterslave-embedded", "QpidJMS"])(
    "a send to %s is part of no transaction",
    async (product) => {
      const peer = await coordinatorPeer(product);
      const session = await openOn(peer, { groupCommit: true });
      await confirmed(sendOn(session, "a"), sendOn(session, "b"));
      expect(peer.log).toEqual(["send a", "send b"]);
      expect(peer.coordinators).toEqual([]);
    },
  );
});

/** How many members each transaction has. */
function sizesOf(log: readonly string[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const entry of log) {
    const [, txnId] = /^send .* in (.*)$/.exec(entry) ?? [];
    if (txnId !== undefined) sizes.set(txnId, (sizes.get(txnId) ?? 0) + 1);
  }
  return sizes;
}

/** The bodies of the members, in order. */
function bodiesOf(log: readonly string[]): string[] {
  return log.flatMap((entry) => /^send (.*) in /.exec(entry)?.[1] ?? []);
}
