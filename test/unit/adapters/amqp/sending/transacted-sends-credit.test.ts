import { describe, expect, it } from "vitest";
import { artemisPeer, asked, confirmed, hold, openWarm, sendInDoubt, sendOn, settled } from "../artemis-peer.ts";
import { rejected } from "../coordinator-peer.ts";
import { openOn, until } from "../scripted-peer.ts";

describe("AMQP sends to Artemis and credit", () => {
  it("a transaction has as many sends as there is credit, and the next one has the rest", async () => {
    const peer = await artemisPeer({}, 2);
    const session = await openOn(peer);
    const sends = ["a", "b", "c", "d", "e"].map((body) => sendOn(session, body));
    await confirmed(...sends.slice(0, 2));
    await settled();
    expect(asked(peer)).toEqual(["send a in tx-1", "send b in tx-1", "discharge tx-1"]);
    expect(sends.map(({ written }) => written)).toEqual([true, true, false, false, false]);
    peer.receivers[0]?.add_credit(1);
    await confirmed(...sends.slice(2, 3));
    peer.receivers[0]?.add_credit(10);
    await confirmed(...sends);
    expect(asked(peer).slice(3)).toEqual([
      ...["send c in tx-2", "discharge tx-2"],
      ...["send d in tx-3", "send e in tx-3", "discharge tx-3"],
    ]);
  });

  it("sends inside and outside of a user's transaction share the credit of their link", async () => {
    const peer = await artemisPeer({}, 1);
    const session = await openOn(peer);
    await confirmed(sendOn(session, "a"));
    const transaction = session.begin();
    const [member, outside] = [sendOn(transaction, "member"), sendOn(session, "outside")];
    await settled();
    expect([member, outside].map(({ written }) => written)).toEqual([false, false]);
    peer.receivers[0]?.add_credit(1);
    await until(() => member.written || outside.written);
    await settled();
    expect([member, outside].filter(({ written }) => written).length).toBe(1);
    peer.receivers[0]?.add_credit(1);
    await confirmed(member, outside);
    expect(await transaction.commit()).toEqual({ kind: "committed" });
  });

  it("a transaction is discharged behind all its sends when the peer's session takes few transfers at once", async () => {
    const peer = await artemisPeer({ session_buffer_size: { incoming: 4 } });
    const session = await openWarm(peer);
    const sends = Array.from({ length: 20 }, (_, index) => sendOn(session, `${index}`));
    await confirmed(...sends);
    const log = asked(peer);
    for (const [index, entry] of log.entries()) {
      const [, txnId] = /^discharge (.*)$/.exec(entry) ?? [];
      if (txnId) expect(log.slice(index).filter((later) => later.endsWith(` in ${txnId}`))).toEqual([]);
    }
  });

  it("a send waits for new credit after the broker has taken its credit back", async () => {
    const peer = await artemisPeer({}, 1);
    const session = await openOn(peer);
    await confirmed(sendOn(session, "a"));
    const [link] = peer.receivers;
    link?.add_credit(5);
    await settled();
    const drained = new Promise((resolve) => peer.container.on("receiver_drained", resolve));
    link?.drain_credit();
    await drained;
    const late = sendOn(session, "late");
    await settled();
    expect(late.written).toBe(false);
    if (link) link.drain = false;
    link?.add_credit(1);
    await confirmed(late);
  });
});

describe("a user's transaction beside AMQP sends to Artemis", () => {
  it("a user's transaction is committed only when what was sent to its destination before it is stored", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const transaction = session.begin();
    await confirmed(sendOn(transaction, "member"));
    const discharges = hold(peer, "onDischarge");
    const outside = sendOn(session, "outside");
    const outcome = transaction.commit();
    const after = sendOn(session, "after");
    await until(() => discharges.length === 1);
    await settled();
    expect(asked(peer)).toEqual([
      expect.stringMatching(/^send member in tx-/),
      ...["send outside in tx-2", "discharge tx-2"],
    ]);
    discharges.release();
    expect(await outcome).toEqual({ kind: "committed" });
    await confirmed(outside, after);
    const txnId = asked(peer)[0]?.split(" in ")[1];
    expect(asked(peer).slice(3)).toContain(`discharge ${txnId}`);
  });

  it("a user's commit does not wait for sends to another destination, nor for those after it", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const transaction = session.begin();
    await confirmed(sendOn(transaction, "member"));
    const members = hold(peer, "onSend");
    const elsewhere = sendOn(session, "elsewhere", {}, "queue://other");
    await until(() => members.length === 1);
    const outcome = transaction.commit();
    const after = sendOn(session, "after");
    expect(await outcome).toEqual({ kind: "committed" });
    expect([...elsewhere.outcomes, ...after.outcomes]).toEqual([]);
    await until(() => members.length === 2);
    members.release();
    await confirmed(elsewhere, after);
  });

  it("a user's transaction is committed when what was sent before it is rejected", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const transaction = session.begin();
    await confirmed(sendOn(transaction, "member"));
    const { onSend } = peer;
    peer.onSend = (delivery) => delivery.update(true, rejected("amqp:unauthorized-access", "not yours"));
    const doubtful = sendInDoubt(session, "doubtful");
    const outcome = transaction.commit();
    expect(await outcome).toEqual({ kind: "committed" });
    expect(await doubtful.outcome).toMatchObject({ kind: "failed" });
    peer.onSend = onSend;
  });

  it("a user's transaction is committed when the link of what was sent before it is detached", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const transaction = session.begin();
    await confirmed(sendOn(transaction, "member"));
    const members = hold(peer, "onSend");
    const outside = sendOn(session, "outside");
    await until(() => members.length === 1);
    const outcome = transaction.commit();
    await settled();
    peer.receivers[0]?.close({ condition: "amqp:internal-error" });
    expect(await outside.outcome).toMatchObject({ kind: "failed", error: { inDoubt: true } });
    expect(await outcome).toEqual({ kind: "committed" });
  });

  it("a user's rollback does not wait for what was sent before it", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const transaction = session.begin();
    await confirmed(sendOn(transaction, "member"));
    const members = hold(peer, "onSend");
    const outside = sendOn(session, "outside");
    await until(() => members.length === 1);
    await transaction.rollback();
    expect(asked(peer).at(-1)).toMatch(/^discharge tx-\d+ fail$/);
    expect(outside.outcomes).toEqual([]);
    members.release();
    await confirmed(outside);
  });

  it("the members of a user's transaction are not written while sends are checked", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const held = hold(peer, "onSend");
    const doubtful = sendInDoubt(session, "doubtful");
    await until(() => held.length === 1);
    const transaction = session.begin();
    const members = ["a", "b"].map((body) => sendOn(transaction, body));
    // Another transaction proves that the broker has answered the declare by then.
    expect(await session.begin().commit()).toEqual({ kind: "committed" });
    await settled();
    expect(members.map(({ written }) => written)).toEqual([false, false]);
    held.release();
    await confirmed(doubtful, ...members);
    expect(await transaction.commit()).toEqual({ kind: "committed" });
    const sent = asked(peer).filter((entry) => entry.startsWith("send"));
    expect(sent.map((entry) => entry.split(" ")[1])).toEqual(["doubtful", "a", "b"]);
  });

  it("sends are checked only when the members of a user's transaction on their link are answered", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const transaction = session.begin();
    const held = hold(peer, "onSend");
    const member = sendOn(transaction, "member");
    await until(() => held.length === 1);
    const doubtful = sendInDoubt(session, "doubtful");
    await settled();
    expect(doubtful.written).toBe(false);
    held[0]?.accept();
    await confirmed(member);
    held.splice(0);
    held.release();
    await confirmed(doubtful);
    expect(await transaction.commit()).toEqual({ kind: "committed" });
  });

  it("a send in doubt that is part of a user's transaction is written in it", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const transaction = session.begin();
    const doubtful = sendInDoubt(transaction, "doubtful");
    await confirmed(doubtful);
    expect(asked(peer)).toEqual([expect.stringMatching(/^send doubtful in tx-/)]);
    expect(await transaction.commit()).toEqual({ kind: "committed" });
  });
});
