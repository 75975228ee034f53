import type { Delivery } from "rhea";
import { describe, expect, it } from "vitest";
import { type ArtemisPeer, artemisPeer, asked, confirmed, hold, openWarm, sendOn, settled } from "../artemis-peer.ts";
import { accepted, declared, rejected } from "../coordinator-peer.ts";
import { openOn, until } from "../scripted-peer.ts";

const GONE = { condition: "amqp:internal-error", description: "gone" };

describe("AMQP sends to Artemis whose coordinator link ends", () => {
  it.each([
    ["detached", (peer: ArtemisPeer, index: number) => peer.coordinators[index]?.close(GONE)],
    ["ended with its session", (peer: ArtemisPeer, index: number) => peer.coordinators[index]?.session.close(GONE)],
  ])(
    "the sends of a transaction are sent again and confirmed when its coordinator link is %s instead of an answer to the discharge",
    async (_what, end) => {
      const peer = await artemisPeer();
      const session = await openWarm(peer);
      const { onDischarge } = peer;
      peer.onDischarge = (_delivery, coordinator) => end(peer, peer.coordinators.indexOf(coordinator));
      const sends = ["a", "b"].map((body) => sendOn(session, body));
      await until(() => peer.log.includes("discharge tx-2"));
      peer.onDischarge = onDischarge;
      await confirmed(...sends);
      expect(asked(peer).slice(3)).toEqual(["send a", "send b"]);
      await confirmed(sendOn(session, "next"));
      expect(asked(peer).at(-1)).toMatch(/^discharge tx-/);
    },
  );

  it("sends go in transactions after twenty coordinator links were detached one after another", async () => {
    const peer = await artemisPeer();
    const session = await openOn(peer);
    const { onDischarge } = peer;
    for (let round = 0; round < 20; round++) {
      peer.onDischarge = (_delivery, coordinator) => coordinator.close(GONE);
      const send = sendOn(session, `${round}`);
      await confirmed(send);
      expect(asked(peer).slice(-3)).toEqual([
        expect.stringMatching(`^send ${round} in tx-`),
        expect.stringMatching(/^discharge tx-/),
        `send ${round}`,
      ]);
    }
    peer.onDischarge = onDischarge;
    await confirmed(sendOn(session, "later"));
    expect(asked(peer).at(-2)).toMatch(/^send later in tx-/);
  });

  it("sends are confirmed after every coordinator link was detached while it was idle", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    for (const coordinator of peer.coordinators) coordinator.close(GONE);
    await until(() => peer.coordinators.every((coordinator) => coordinator.is_closed()));
    for (let round = 0; round < 20; round++) await confirmed(sendOn(session, `${round}`));
    expect(asked(peer).at(-2)).toMatch(/^send 19 in tx-/);
  });

  it("a send in a transaction whose coordinator link was detached while it was idle is told one outcome", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    // As Artemis does: it knows no such transaction any more.
    peer.onSend = (delivery, txnId) => {
      if (txnId) delivery.update(true, rejected("failed", "Unable to find transaction"));
      else delivery.accept();
    };
    for (const coordinator of peer.coordinators) coordinator.close(GONE);
    await until(() => peer.coordinators.every((coordinator) => coordinator.is_closed()));
    const send = sendOn(session, "a");
    await send.outcome;
    await settled();
    await settled();
    expect(send.outcomes).toEqual([{ kind: "confirmed" }]);
  });

  it("no destination is left waiting when all sixteen coordinator links are detached in the middle of discharges", async () => {
    const peer = await artemisPeer();
    const discharges = hold(peer, "onDischarge");
    const session = await openOn(peer);
    const sends = Array.from({ length: 17 }, (_, index) => sendOn(session, `${index}`, {}, `queue://q${index}`));
    await until(() => discharges.length === 16);
    for (const coordinator of peer.coordinators.slice()) coordinator.close(GONE);
    await confirmed(...sends.slice(0, 16));
    await until(() => discharges.length === 17);
    discharges[16]?.accept();
    await confirmed(...sends);
  });
});

describe("AMQP sends to Artemis and the answers of a coordinator link", () => {
  it("a transaction is discharged when its coordinator link gets credit, and its sends are not confirmed before", async () => {
    const peer = await artemisPeer({}, 1000, 1);
    const session = await openOn(peer);
    const send = sendOn(session, "a");
    await until(() => peer.log.includes("send a in tx-1"));
    await settled();
    expect(asked(peer)).toEqual(["send a in tx-1"]);
    expect(send.outcomes).toEqual([]);
    peer.coordinators[0]?.add_credit(1);
    await confirmed(send);
    expect(asked(peer)).toEqual(["send a in tx-1", "discharge tx-1"]);
  });

  it("a transaction whose name has the longest form is sent in and discharged", async () => {
    const peer = await artemisPeer();
    let number = 0;
    peer.onDeclare = (delivery) => {
      number += 1;
      delivery.update(true, declared(`${number}`.padStart(200, "t")));
    };
    const session = await openOn(peer);
    await confirmed(sendOn(session, "a"), sendOn(session, "b"));
    const txnId = "1".padStart(200, "t");
    expect(asked(peer)).toEqual([`send a in ${txnId}`, `send b in ${txnId}`, `discharge ${txnId}`]);
  });

  it("the settlement of an answered discharge is not taken for the answer to the next one", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const { onDischarge } = peer;
    const halfAnswered: Delivery[] = [];
    // Accepted, but not settled: the settlement comes later, as AMQP 1.0 allows (2.6.12).
    peer.onDischarge = (delivery) => {
      halfAnswered.push(delivery);
      delivery.update(false, accepted());
    };
    await confirmed(sendOn(session, "a"));
    await settled();
    peer.onDischarge = onDischarge;
    await confirmed(sendOn(session, "b"));
    await settled();
    const discharges = hold(peer, "onDischarge");
    const third = sendOn(session, "c");
    await until(() => discharges.length === 1);
    halfAnswered[0]?.update(true, accepted());
    await settled();
    expect(third.outcomes).toEqual([]);
    discharges.release();
    await confirmed(third);
  });
});
