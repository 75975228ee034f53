/** Sends of one link to Artemis as messaging holds them, gives them up and gives them again. */

import { describe, expect, it } from "vitest";
import type { EndpointAddress } from "../../../../../src/errors/errors.ts";
import { parseDestination } from "../../../../../src/messaging/messages/destination.ts";
import { createOutgoingMessage } from "../../../../../src/messaging/messages/outgoing-message.ts";
import { PendingSends } from "../../../../../src/messaging/sending/pending-sends.ts";
import type { SendTarget } from "../../../../../src/messaging/sending/send-route.ts";
import { artemisPeer, asked, confirmed, hold, openWarm, sendInDoubt, sendOn, settled } from "../artemis-peer.ts";
import { rejected } from "../coordinator-peer.ts";
import { openOn, until } from "../scripted-peer.ts";

const FULL = { condition: "amqp:resource-limit-exceeded", description: "full" };
const HOLD = {
  ...({ maxPendingSends: 10, maxPendingBytes: 10_000, inDoubt: "resend", overflow: "wait" } as const),
  ...({ whenInterrupted: "hold", whenFull: "hold" } as const),
} as const;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function pending(target: SendTarget, endpoint: EndpointAddress) {
  const sends = new PendingSends(HOLD, { target, connected: true, endpoint });
  const add = (body: string, timeoutMs?: number) =>
    sends
      .add(parseDestination("queue://q"), createOutgoingMessage(body), timeoutMs === undefined ? {} : { timeoutMs })
      .then(
        () => `${body} confirmed`,
        (error) => `${body} ${error.message}`,
      );
  return { sends, add };
}

describe("the sends of an AMQP link to Artemis", () => {
  it("a send that waits for credit and is abandoned is told nothing when its link ends", async () => {
    const peer = await artemisPeer({}, 0);
    const session = await openOn(peer);
    const send = sendOn(session, "a");
    await until(() => peer.receivers.length === 1);
    Object.assign(send, { abandoned: true });
    peer.receivers[0]?.close(FULL);
    await until(() => peer.receivers[0]?.is_closed() === true);
    await settled();
    expect(send.outcomes).toEqual([]);
  });

  it("a check begins though sends of a transaction of the user's go on", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const held = hold(peer, "onSend");
    const transaction = session.begin();
    for (let n = 0; n < 3; n++) sendOn(transaction, `t${n}`);
    await until(() => held.length === 3);
    sendInDoubt(session, "d");
    for (let n = 3; n < 60; n++) {
      sendOn(transaction, `t${n}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      // The broker answers the oldest, and two are unanswered at any time unless the client holds back.
      if (held[0]?.txnId) held.shift()?.accept();
    }
    expect(peer.log.some((entry) => entry.startsWith("send d"))).toBe(true);
  });

  it("a commit does not wait for a send that its caller has given up while it waited for credit", async () => {
    const peer = await artemisPeer({}, 1);
    const session = await openOn(peer);
    const transaction = session.begin();
    await confirmed(sendOn(transaction, "t"));
    const blocked = sendOn(session, "s");
    await settled();
    const commit = transaction.commit();
    await settled();
    Object.assign(blocked, { abandoned: true }).onAbandoned?.();
    const outcome = await Promise.race([commit.then(({ kind }) => kind), wait(1000).then(() => "no answer")]);
    expect(outcome).toBe("committed");
  });

  it("a send that timed out unwritten is not sent after its link has ended", async () => {
    const peer = await artemisPeer({}, 0);
    const session = await openOn(peer);
    const { add } = pending(session, peer.endpoint as never);
    const outcome = await add("a", 30);
    expect(outcome).toMatch(/it had not been written/);
    peer.receivers[0]?.close({ condition: "amqp:resource-limit-exceeded" });
    await wait(50);
    await wait(200);
    peer.receivers[1]?.add_credit(10);
    await wait(100);
    expect(asked(peer)).toEqual([]);
  });

  it("with whenFull=hold a send that finds room at its second try is confirmed", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const discharges = hold(peer, "onDischarge");
    const members = hold(peer, "onSend");
    const { add } = pending(session, peer.endpoint as never);
    const a = add("a");
    await until(() => members.length === 1 && discharges.length === 1);
    const x = add("x");
    await until(() => members.length === 2);
    members[1]?.answer(rejected("amqp:resource-limit-exceeded", "full"));
    // The first commit takes more than 100 ms: messaging gives x again meanwhile, and there is room now.
    await wait(200);
    for (const member of members.filter((_, index) => index !== 1)) member.accept();
    members.splice(0);
    members.release();
    discharges.shift()?.accept();
    expect(await a).toBe("a confirmed");
    await until(() => discharges.length === 1);
    // Artemis has marked the transaction of the refused member for rollback.
    discharges.shift()?.answer(rejected("amqp:transaction:rollback", "a member was refused"));
    discharges.release();
    const outcome = await Promise.race([x, wait(1500).then(() => "x has no outcome")]);
    expect(outcome).toBe("x confirmed");
    await settled();
  });

  it("a held send whose commit is unanswered is not committed in a second transaction at the same time", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const discharges = hold(peer, "onDischarge");
    const members = hold(peer, "onSend");
    const sends = new PendingSends(HOLD, { target: session, connected: true, endpoint: peer.endpoint as never });
    sends.add(parseDestination("queue://q"), createOutgoingMessage("a"), {}).catch(() => {});
    await until(() => discharges.length === 1);
    peer.receivers[0]?.close({ condition: "amqp:resource-deleted" });
    await wait(300);
    const log = asked(peer);
    for (const member of members.splice(1)) member.accept();
    await settled();
    // Checked with its id outside of a transaction, or at least not committed while the first commit is unanswered.
    expect(log.filter((entry) => /send a in/.test(entry)).length).toBe(1);
  });
});
