import { describe, expect, it } from "vitest";
import {
  answerInTurns,
  artemisPeer,
  asked,
  confirmed,
  failed,
  hold,
  openWarm,
  sendOn,
  settled,
} from "../artemis-peer.ts";
import { type CoordinatorPeer, described, rejected } from "../coordinator-peer.ts";
import { openOn, until } from "../scripted-peer.ts";

const RELEASED = described(0x26);
const MODIFIED = described(0x27, true, false);
const NOT_YOURS = rejected("amqp:unauthorized-access", "not yours");
const DUPLICATE = rejected("failed", "Duplicate message detected - message will not be routed");
const ROLLED_BACK = rejected("amqp:transaction:rollback", "marked for rollback");

/** The first discharge is refused; what else there is of it is accepted. */
function refuseFirst(peer: CoordinatorPeer, outcome = ROLLED_BACK): void {
  answerInTurns(peer, ({ discharge }) => (discharge === 1 ? outcome : undefined));
}

describe("AMQP sends to Artemis whose discharge is refused", () => {
  it("a send that was rejected by name fails with its own error, and the others are sent again outside a transaction, in order", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    answerInTurns(peer, ({ body, discharge }) => {
      if (body === "bad") return NOT_YOURS;
      return discharge === 1 ? ROLLED_BACK : undefined;
    });
    const sends = ["a", "bad", "c", "d"].map((body) => sendOn(session, body));
    const [a, bad, c, d] = sends as [(typeof sends)[0], (typeof sends)[0], (typeof sends)[0], (typeof sends)[0]];
    expect(await failed(bad)).toMatchObject({
      code: "SEND_REJECTED",
      id: bad.message.id,
      message: expect.stringContaining("amqp:unauthorized-access: not yours"),
    });
    await confirmed(a, c, d);
    expect(asked(peer)).toEqual([
      ...["send a in tx-2", "send bad in tx-2", "send c in tx-2", "send d in tx-2", "discharge tx-2"],
      ...["send a", "send c", "send d"],
    ]);
    await settled();
    expect(sends.map(({ outcomes }) => outcomes.length)).toEqual([1, 1, 1, 1]);
  });

  it("all sends of a transaction that is refused as a duplicate are sent again and confirmed when none is rejected by name", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    refuseFirst(peer, DUPLICATE);
    const sends = ["a", "b", "c"].map((body) => sendOn(session, body));
    await confirmed(...sends);
    expect(asked(peer).slice(4)).toEqual(["send a", "send b", "send c"]);
    // What comes after them goes in a transaction again.
    await confirmed(sendOn(session, "next"));
    expect(asked(peer).slice(7)).toEqual(["send next in tx-3", "discharge tx-3"]);
  });

  it("the sends of a refused transaction are sent again only when their first transfers are answered", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const members = hold(peer, "onSend");
    peer.onDischarge = (delivery) => delivery.update(true, DUPLICATE);
    const sends = ["a", "b"].map((body) => sendOn(session, body));
    await until(() => peer.log.includes("discharge tx-2"));
    await settled();
    expect(asked(peer)).toEqual(["send a in tx-2", "send b in tx-2", "discharge tx-2"]);
    for (const member of members.splice(0)) member.accept();
    await until(() => members.length === 2);
    expect(asked(peer).slice(3)).toEqual(["send a", "send b"]);
    members.release();
    await confirmed(...sends);
  });

  it("the sends of the next transaction are rolled back and sent again behind those of the refused one, outside a transaction", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const discharges = hold(peer, "onDischarge");
    const first = ["a", "b"].map((body) => sendOn(session, body));
    await until(() => discharges.length === 1);
    const second = ["c", "d"].map((body) => sendOn(session, body));
    await until(() => peer.log.includes("send d in tx-3"));
    const third = sendOn(session, "e");
    discharges[0]?.answer(ROLLED_BACK);
    discharges.splice(0);
    discharges.release();
    await confirmed(...first, ...second, third);
    const log = asked(peer).slice(asked(peer).indexOf("discharge tx-2") + 1);
    expect(log.filter((entry) => !entry.endsWith("in tx-3"))).toEqual([
      "discharge tx-3 fail",
      ...["send a", "send b", "send c", "send d", "send e"],
    ]);
  });

  it("the sends of a refused transaction are sent again before those that wait for credit", async () => {
    const peer = await artemisPeer({}, 2);
    const session = await openOn(peer);
    refuseFirst(peer);
    const sends = ["a", "b", "c", "d"].map((body) => sendOn(session, body));
    await until(() => peer.log.includes("discharge tx-1"));
    await settled();
    peer.receivers[0]?.add_credit(10);
    await confirmed(...sends);
    expect(asked(peer).slice(3)).toEqual(["send a", "send b", "send c in tx-2", "send d in tx-2", "discharge tx-2"]);
  });

  it("a send that is rejected when it is sent again fails alone", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    let seen = 0;
    answerInTurns(peer, ({ body, discharge }) => {
      if (discharge === 1) return DUPLICATE;
      if (body !== "bad") return undefined;
      seen += 1;
      // In the transaction it is taken.
      return seen === 2 ? NOT_YOURS : undefined;
    });
    const [a, bad, c] = [sendOn(session, "a"), sendOn(session, "bad"), sendOn(session, "c")];
    expect(await failed(bad)).toMatchObject({ code: "SEND_REJECTED", inDoubt: false });
    await confirmed(a, c);
  });

  it("a send whose caller waits no more fails and is not sent again when its transaction is refused", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const discharges = hold(peer, "onDischarge");
    const [gone, kept] = [sendOn(session, "gone"), sendOn(session, "kept")];
    await until(() => discharges.length === 1);
    gone.abandoned = true;
    discharges[0]?.answer(ROLLED_BACK);
    expect(await failed(gone)).toMatchObject({ code: "SEND_REJECTED", id: gone.message.id });
    await confirmed(kept);
    expect(asked(peer).slice(3)).toEqual(["send kept"]);
  });

  it("a refused transaction does not hold up another destination", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const discharges = hold(peer, "onDischarge");
    const first = sendOn(session, "a");
    await until(() => discharges.length === 1);
    const members = hold(peer, "onSend");
    discharges[0]?.answer(ROLLED_BACK);
    discharges.splice(0);
    discharges.release();
    await until(() => members.length === 1);
    const other = sendOn(session, "other", {}, "queue://other");
    await until(() => members.length === 2);
    members[1]?.accept();
    await confirmed(other);
    expect(first.outcomes).toEqual([]);
    members[0]?.accept();
    await confirmed(first);
  });

  it("a send that is rejected after its discharge was refused is told one outcome", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const members = hold(peer, "onSend");
    peer.onDischarge = (delivery) => delivery.update(true, ROLLED_BACK);
    const send = sendOn(session, "bad");
    await until(() => peer.log.includes("discharge tx-2"));
    await settled();
    members[0]?.answer(NOT_YOURS);
    members.splice(0);
    members.release();
    await settled();
    await settled();
    expect(send.outcomes.length).toBe(1);
  });

  it("a send that is rejected after its transaction was rolled back behind a refused one is told one outcome", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const discharges = hold(peer, "onDischarge");
    const first = sendOn(session, "a");
    await until(() => discharges.length === 1);
    const members = hold(peer, "onSend");
    const second = sendOn(session, "b");
    await until(() => members.length === 1);
    discharges[0]?.answer(ROLLED_BACK);
    discharges.splice(0);
    discharges.release();
    await settled();
    members[0]?.answer(NOT_YOURS);
    members.splice(0);
    members.release();
    await confirmed(first);
    await settled();
    expect(second.outcomes.length).toBe(1);
  });

  it("a send that was rejected by name is not sent again when its transaction is rolled back behind a refused one", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const discharges = hold(peer, "onDischarge");
    const first = sendOn(session, "a");
    await until(() => discharges.length === 1);
    const members = hold(peer, "onSend");
    const bad = sendOn(session, "bad");
    await until(() => members.length === 1);
    members[0]?.answer(NOT_YOURS);
    await failed(bad);
    members.splice(0);
    members.release();
    discharges[0]?.answer(ROLLED_BACK);
    discharges.splice(0);
    discharges.release();
    await confirmed(first);
    await settled();
    expect(asked(peer).filter((entry) => entry.startsWith("send bad"))).toEqual(["send bad in tx-3"]);
    expect(bad.outcomes.length).toBe(1);
  });
});

describe("AMQP sends to Artemis whose discharge is accepted", () => {
  it("a send that was rejected by name fails alone when the discharge is accepted", async () => {
    const peer = await artemisPeer();
    const session = await openOn(peer);
    answerInTurns(peer, ({ body }) => (body === "bad" ? NOT_YOURS : undefined));
    const [a, bad, c] = [sendOn(session, "a"), sendOn(session, "bad"), sendOn(session, "c")];
    expect(await failed(bad)).toMatchObject({ code: "SEND_REJECTED", id: bad.message.id });
    await confirmed(a, c);
    expect(asked(peer).at(-1)).toBe("discharge tx-1");
    await settled();
    expect([a, bad, c].map(({ outcomes }) => outcomes.length)).toEqual([1, 1, 1]);
  });

  it.each([
    ["released", RELEASED, "released it"],
    ["modified", MODIFIED, "gave it back modified"],
  ])(
    "a send that is %s fails as not stored, and the others of its transaction are confirmed",
    async (_what, outcome, text) => {
      const peer = await artemisPeer();
      const session = await openOn(peer);
      answerInTurns(peer, ({ body }) => (body === "back" ? outcome : undefined));
      const [a, back, c] = [sendOn(session, "a"), sendOn(session, "back"), sendOn(session, "c")];
      expect(await failed(back)).toMatchObject({
        code: "SEND_NOT_STORED",
        retryable: true,
        message: expect.stringContaining(text),
      });
      await confirmed(a, c);
    },
  );

  it("a send that is settled without an outcome fails as not stored", async () => {
    const peer = await artemisPeer();
    const session = await openOn(peer);
    peer.onSend = (delivery, txnId) => delivery.update(true, described(0x34, txnId));
    expect(await failed(sendOn(session, "a"))).toMatchObject({ code: "SEND_NOT_STORED" });
    await until(() => peer.log.includes("discharge tx-1"));
  });

  it("a send that is larger than the link takes fails alone", async () => {
    const peer = await artemisPeer({
      receiver_options: { credit_window: 0, autoaccept: false, max_message_size: 1000 },
    });
    const session = await openOn(peer);
    const [small, large, last] = [sendOn(session, "a"), sendOn(session, "x".repeat(2000)), sendOn(session, "c")];
    expect(await failed(large)).toMatchObject({ code: "MESSAGE_TOO_LARGE" });
    await confirmed(small, last);
    expect(asked(peer)).toEqual(["send a in tx-1", "send c in tx-1", "discharge tx-1"]);
  });
});
