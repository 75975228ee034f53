import type { EventContext } from "rhea";
import { describe, expect, it } from "vitest";
import {
  type ArtemisPeer,
  answerInTurns,
  artemisPeer,
  asked,
  confirmed,
  failed,
  hold,
  openWarm,
  sendInDoubt,
  sendOn,
  settled,
} from "../artemis-peer.ts";
import { accepted, rejected } from "../coordinator-peer.ts";
import { openOn, until } from "../scripted-peer.ts";

const MEMBER_LIMIT = 64 * 1024;

describe("AMQP sends to Artemis that are in doubt", () => {
  it("sends in doubt are written outside a transaction, eight at first and twice as many each time", async () => {
    const peer = await artemisPeer();
    const held = hold(peer, "onSend");
    const session = await openOn(peer);
    const sends = Array.from({ length: 100 }, (_, index) => sendInDoubt(session, `${index}`));
    let told = 0;
    for (const size of [8, 16, 32, 44]) {
      await until(() => held.length === size);
      await settled();
      expect(held.length).toBe(size);
      expect(sends.filter(({ outcomes }) => outcomes.length > 0).length).toBe(told);
      for (const request of held.splice(0)) request.accept();
      told += size;
      await confirmed(...sends.slice(0, told));
    }
    expect(peer.log).toEqual(sends.map((_, index) => `send ${index}`));
  });

  it("sends in doubt are confirmed together, when the last of them is answered", async () => {
    const peer = await artemisPeer();
    const held = hold(peer, "onSend");
    const session = await openOn(peer);
    const sends = ["a", "b", "c"].map((body) => sendInDoubt(session, body));
    await until(() => held.length === 3);
    held[0]?.accept();
    held[2]?.accept();
    await settled();
    expect(sends.map(({ outcomes }) => outcomes.length)).toEqual([0, 0, 0]);
    expect(session.useful).toBe(false);
    held[1]?.accept();
    await confirmed(...sends);
    expect(session.useful).toBe(true);
  });

  it("a send in doubt that is rejected fails alone, and the others are confirmed after the last answer", async () => {
    const peer = await artemisPeer();
    const held = hold(peer, "onSend");
    const session = await openOn(peer);
    const [a, bad, c] = [sendInDoubt(session, "a"), sendInDoubt(session, "bad"), sendInDoubt(session, "c")];
    await until(() => held.length === 3);
    held[0]?.accept();
    await settled();
    held[1]?.answer(rejected("amqp:unauthorized-access", "not yours"));
    expect(await failed(bad)).toMatchObject({ code: "SEND_REJECTED", id: bad.message.id });
    await settled();
    expect([a, c].map(({ outcomes }) => outcomes.length)).toEqual([0, 0]);
    held[2]?.accept();
    await confirmed(a, c);
  });

  it("nothing else is written to the destination until all sends in doubt are answered", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const held = hold(peer, "onSend");
    const doubtful = [sendInDoubt(session, "a"), sendInDoubt(session, "b")];
    await until(() => held.length === 2);
    const later = sendOn(session, "later");
    const transaction = session.begin();
    const member = sendOn(transaction, "member");
    held[0]?.accept();
    await settled();
    expect(asked(peer)).toEqual(["send a", "send b"]);
    expect([later, member].map(({ written }) => written)).toEqual([false, false]);
    held[1]?.accept();
    await confirmed(...doubtful);
    held.splice(0);
    await until(() => held.length === 2);
    held.release();
    await confirmed(later, member);
    expect(await transaction.commit()).toEqual({ kind: "committed" });
  });

  it("a send in doubt waits until the transaction before it is answered, and the sends behind it wait for its answer", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const discharges = hold(peer, "onDischarge");
    const before = sendOn(session, "before");
    await until(() => discharges.length === 1);
    const doubtful = sendInDoubt(session, "doubtful");
    const after = sendOn(session, "after");
    await settled();
    expect(asked(peer)).toEqual(["send before in tx-2", "discharge tx-2"]);
    discharges.release();
    await confirmed(before, doubtful, after);
    expect(asked(peer).slice(2)).toEqual(["send doubtful", "send after in tx-3", "discharge tx-3"]);
  });

  it("no more sends in doubt are written than there is credit", async () => {
    const peer = await artemisPeer({}, 3);
    const held = hold(peer, "onSend");
    const session = await openOn(peer);
    const sends = ["a", "b", "c", "d"].map((body) => sendInDoubt(session, body));
    await until(() => held.length === 3);
    peer.receivers[0]?.add_credit(10);
    await settled();
    expect(held.length).toBe(3);
    for (const request of held.splice(0)) request.accept();
    await until(() => held.length === 1);
    held.release();
    await confirmed(...sends);
  });

  it("sends in doubt whose callers wait no more are skipped", async () => {
    const peer = await artemisPeer({}, 0);
    const session = await openOn(peer);
    const sends = ["a", "b", "c"].map((body) => sendInDoubt(session, body));
    await until(() => peer.receivers.length === 1);
    for (const send of sends.slice(0, 2)) send.abandoned = true;
    peer.receivers[0]?.add_credit(10);
    await confirmed(...sends.slice(2));
    expect(peer.log).toEqual(["send c"]);
  });

  it("a send in doubt that expires before it is written fails alone", async () => {
    const peer = await artemisPeer({}, 0);
    const session = await openOn(peer);
    const expired = sendOn(session, "expired", { ttlMs: 5 });
    const kept = sendInDoubt(session, "kept");
    expired.inDoubt = true;
    await until(() => peer.receivers.length === 1);
    await settled();
    peer.receivers[0]?.add_credit(10);
    expect(await failed(expired)).toMatchObject({ code: "SEND_EXPIRED" });
    await confirmed(kept);
    await confirmed(sendOn(session, "next"));
    expect(asked(peer)).toEqual(["send kept", "send next in tx-1", "discharge tx-1"]);
  });

  it("sends in doubt do not hold up another destination", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const held = hold(peer, "onSend");
    const doubtful = sendInDoubt(session, "doubtful");
    await until(() => held.length === 1);
    const other = sendOn(session, "other", {}, "queue://other");
    await until(() => held.length === 2);
    held[1]?.accept();
    await confirmed(other);
    expect(doubtful.outcomes).toEqual([]);
    held[0]?.accept();
    await confirmed(doubtful);
  });
});

describe("AMQP sends to Artemis of large bodies", () => {
  it("a body of more than 64 KiB goes outside a transaction, in order with those of 64 KiB and less", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const sizes: number[] = [];
    peer.container.on("message", ({ message, receiver }: EventContext) => {
      if (receiver && !peer.coordinators.includes(receiver)) sizes.push(String(message?.body).length);
    });
    await confirmed(
      sendOn(session, "a"),
      sendOn(session, "m".repeat(MEMBER_LIMIT)),
      sendOn(session, "l".repeat(MEMBER_LIMIT + 1)),
      sendOn(session, "b"),
    );
    const [member, large] = ["m".repeat(20), "l".repeat(20)];
    expect(asked(peer)).toEqual([
      ...["send a in tx-2", `send ${member} in tx-2`, "discharge tx-2"],
      `send ${large}`,
      ...["send b in tx-3", "discharge tx-3"],
    ]);
    expect(sizes).toEqual([1, MEMBER_LIMIT, MEMBER_LIMIT + 1, 1]);
  });
});

describe("AMQP sends to Artemis when no transaction can be declared", () => {
  const REFUSAL = { condition: "amqp:not-allowed", description: "no transactions" };

  it.each([
    [
      "refuses to declare one",
      (peer: ArtemisPeer) => {
        peer.onDeclare = (delivery) => delivery.update(true, rejected("amqp:not-allowed", "no transactions"));
      },
    ],
    [
      "names none when it is asked to declare one",
      (peer: ArtemisPeer) => {
        peer.onDeclare = (delivery) => delivery.update(true, accepted());
      },
    ],
    [
      "detaches the coordinator link",
      (peer: ArtemisPeer) => {
        peer.onDeclare = (_delivery, coordinator) => coordinator.close(REFUSAL);
      },
    ],
    [
      "ends the session of the coordinator link",
      (peer: ArtemisPeer) => {
        peer.onDeclare = (_delivery, coordinator) => coordinator.session.close(REFUSAL);
      },
    ],
    [
      "refuses the coordinator link",
      (peer: ArtemisPeer) => {
        peer.container.on("receiver_open", ({ receiver }: EventContext) => {
          if (receiver && peer.coordinators.includes(receiver)) receiver.close(REFUSAL);
        });
      },
    ],
  ])("all sends are written outside a transaction and confirmed when the broker %s", async (_what, arrange) => {
    const peer = await artemisPeer();
    arrange(peer);
    const session = await openOn(peer);
    const sends = Array.from({ length: 30 }, (_, index) => sendOn(session, `${index}`));
    const others = ["queue://r", "queue://s"].map((to) => sendOn(session, "x", {}, to));
    await confirmed(...sends, ...others);
    const log = asked(peer).filter((entry) => entry !== "send x");
    expect(log).toEqual(sends.map((_, index) => `send ${index}`));
    await confirmed(sendOn(session, "later"));
    expect(asked(peer).at(-1)).toBe("send later");
  });

  it("all sends are written outside a transaction when channel-max leaves no channel for a coordinator link", async () => {
    const peer = await artemisPeer({ channel_max: 0 });
    const session = await openOn(peer);
    const sends = ["a", "b", "c"].map((body) => sendOn(session, body));
    await confirmed(...sends);
    expect(peer.log).toEqual(["send a", "send b", "send c"]);
    expect(await failed(sendOn(session, "x", {}, "queue://other"))).toMatchObject({ code: "UNSUPPORTED" });
    await confirmed(sendOn(session, "later"));
  });

  it("a send is written at once when it is the first to find no channel for a coordinator link", async () => {
    const peer = await artemisPeer({ channel_max: 0 });
    const session = await openOn(peer);
    // Its link has credit from here on, and no transaction has been asked for.
    await confirmed(sendInDoubt(session, "doubtful"));
    await settled();
    const send = sendOn(session, "a");
    await settled();
    expect(send.written).toBe(true);
    await confirmed(send);
  });

  it("all destinations share one coordinator link when channel-max leaves one channel for it", async () => {
    const peer = await artemisPeer({ channel_max: 2 });
    const session = await openOn(peer);
    for (let round = 0; round < 5; round++) {
      // A link for each destination, and one channel left.
      await confirmed(sendOn(session, `a${round}`, {}, "queue://a"), sendOn(session, `b${round}`, {}, "queue://b"));
    }
    expect(peer.coordinators.length).toBe(1);
    expect(asked(peer).filter((entry) => entry.startsWith("send") && entry.includes(" in ")).length).toBe(10);
    answerInTurns(peer, () => undefined);
    await confirmed(sendOn(session, "last", {}, "queue://a"));
  });
});
