import { describe, expect, it } from "vitest";
import { ConnectionClosedError } from "../../../../../src/errors/errors.ts";
import {
  type ArtemisPeer,
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
import { openOn, timers, until } from "../scripted-peer.ts";

const GONE = { condition: "amqp:internal-error", description: "gone" };

describe("AMQP sends to Artemis whose sender link ends", () => {
  it("a detach fails the sends that are being committed as in doubt, and rolls back those behind them", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const members = hold(peer, "onSend");
    const discharges = hold(peer, "onDischarge");
    const first = sendOn(session, "a");
    await until(() => discharges.length === 1);
    const second = sendOn(session, "b");
    await until(() => peer.log.includes("send b in tx-3"));
    peer.receivers[0]?.close({ condition: "amqp:resource-deleted" });
    expect(await failed(first)).toMatchObject({ code: "SEND_REJECTED", inDoubt: true, retryable: true });
    expect(await failed(second)).toMatchObject({ code: "SEND_REJECTED", inDoubt: false, retryable: true });
    await until(() => peer.log.includes("discharge tx-3 fail"));
    discharges.release();
    members.splice(0);
    members.release();
    await confirmed(sendOn(session, "later"));
    expect(asked(peer).at(-2)).toMatch(/^send later in tx-/);
    expect([first, second].map(({ outcomes }) => outcomes.length)).toEqual([1, 1]);
  });

  it("twenty detached links in a row cost no coordinator link", async () => {
    const peer = await artemisPeer();
    const session = await openOn(peer);
    const attached = () => peer.receivers.length;
    for (let round = 0; round < 20; round++) {
      const members = hold(peer, "onSend");
      const discharges = hold(peer, "onDischarge");
      const first = sendOn(session, `a${round}`);
      await until(() => discharges.length === 1);
      const second = sendOn(session, `b${round}`);
      await until(() => members.length === 2);
      peer.receivers[attached() - 1]?.close({ condition: "amqp:resource-deleted" });
      expect(await failed(first)).toMatchObject({ inDoubt: true });
      expect(await failed(second)).toMatchObject({ inDoubt: false });
      await until(() => discharges.length === 2);
      members.splice(0);
      members.release();
      discharges.release();
    }
    expect(attached()).toBe(20);
    await confirmed(sendOn(session, "later"));
    expect(asked(peer).at(-2)).toMatch(/^send later in tx-/);
    expect(peer.coordinators.length).toBeLessThan(6);
  });

  it.each([
    ["link", (peer: ArtemisPeer) => peer.receivers[0]?.close(GONE)],
    ["session", (peer: ArtemisPeer) => peer.receivers[0]?.session.close(GONE)],
  ])(
    "the end of a %s in the middle of a check fails the unanswered sends as in doubt, and those behind them as not written",
    async (_what, end) => {
      const peer = await artemisPeer();
      const held = hold(peer, "onSend");
      const session = await openOn(peer);
      const doubtful = Array.from({ length: 10 }, (_, index) => sendInDoubt(session, `${index}`));
      await until(() => held.length === 8);
      end(peer);
      for (const send of doubtful.slice(0, 8)) expect(await failed(send)).toMatchObject({ inDoubt: true });
      // Those were not written.
      for (const send of doubtful.slice(8)) expect(await failed(send)).toMatchObject({ inDoubt: false });
      held.splice(0);
      held.release();
      await confirmed(sendOn(session, "later"));
      expect(doubtful.map(({ outcomes }) => outcomes.length)).toEqual(doubtful.map(() => 1));
    },
  );

  it("a detach in the middle of a check confirms none of the sends that were answered before it", async () => {
    const peer = await artemisPeer();
    const held = hold(peer, "onSend");
    const session = await openOn(peer);
    const [answered, open] = [sendInDoubt(session, "a"), sendInDoubt(session, "b")];
    await until(() => held.length === 2);
    held[0]?.accept();
    await settled();
    peer.receivers[0]?.close(GONE);
    expect(await failed(open)).toMatchObject({ inDoubt: true });
    // The broker may have accepted it before it was stored.
    expect(await failed(answered)).toMatchObject({ inDoubt: true });
  });

  it("a send is told an outcome when its link is detached right after its transaction was answered", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const members = hold(peer, "onSend");
    const discharges = hold(peer, "onDischarge");
    const send = sendOn(session, "a");
    await until(() => discharges.length === 1 && members.length === 1);
    // The three leave the peer in one write.
    members[0]?.accept();
    discharges[0]?.accept();
    peer.receivers[0]?.close(GONE);
    await until(() => peer.receivers[0]?.is_closed() === true);
    await settled();
    expect(send.outcomes.length).toBe(1);
  });

  it("a send that was accepted is told an outcome when its link is detached before the discharge is answered", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const discharges = hold(peer, "onDischarge");
    const send = sendOn(session, "a");
    await until(() => discharges.length === 1);
    await settled();
    peer.receivers[0]?.close(GONE);
    await until(() => peer.receivers[0]?.is_closed() === true);
    discharges.release();
    await settled();
    await settled();
    expect(send.outcomes.length).toBe(1);
  });

  it("a refused link fails its sends as not in doubt, and the next send attaches anew", async () => {
    const peer = await artemisPeer();
    let refuse = true;
    peer.container.on("receiver_open", ({ receiver }) => {
      if (refuse && peer.receivers.includes(receiver)) receiver.close({ condition: "amqp:unauthorized-access" });
    });
    const session = await openOn(peer);
    const sends = ["a", "b"].map((body) => sendOn(session, body));
    for (const send of sends) {
      expect(await failed(send)).toMatchObject({ code: "SEND_REJECTED", inDoubt: false, retryable: false });
    }
    refuse = false;
    await confirmed(sendOn(session, "c"));
    expect(asked(peer)).toEqual([expect.stringMatching(/^send c in tx-/), expect.stringMatching(/^discharge tx-/)]);
  });
});

/** What a session was doing when it ended, and the sends that had no outcome then. */
const MOMENTS: Readonly<Record<string, (peer: ArtemisPeer) => Promise<Interrupted>>> = {
  "while a transaction is declared": async (peer) => {
    const declares = hold(peer, "onDeclare");
    const session = await openOn(peer);
    const send = sendOn(session, "a");
    await until(() => declares.length > 0);
    return { session, sends: [send], answerAll: () => declares.release() };
  },
  "while its sends have no credit": async (peer) => {
    const session = await openOn(peer);
    peer.receivers.length = 0;
    const send = sendOn(session, "a", {}, "queue://none");
    await until(() => peer.receivers.length === 1);
    return { session, sends: [send], answerAll: () => {} };
  },
  "while a transaction is committed and another is written": async (peer) => {
    const session = await openWarm(peer);
    const discharges = hold(peer, "onDischarge");
    const first = sendOn(session, "a");
    await until(() => discharges.length === 1);
    const second = sendOn(session, "b");
    await until(() => second.written);
    return { session, sends: [first, second], answerAll: () => discharges.release() };
  },
  "while the members of a transaction are unanswered": async (peer) => {
    const session = await openWarm(peer);
    const members = hold(peer, "onSend");
    const send = sendOn(session, "a");
    await until(() => members.length === 1);
    return { session, sends: [send], answerAll: () => members.release() };
  },
  "while sends are checked": async (peer) => {
    const session = await openWarm(peer);
    const members = hold(peer, "onSend");
    const sends = [...Array.from({ length: 9 }, () => sendInDoubt(session, "a")), sendOn(session, "b")];
    await until(() => members.length === 8);
    return { session, sends, answerAll: () => members.release() };
  },
  "in the turn of its sends": async (peer) => {
    const session = await openWarm(peer);
    return { session, sends: [sendOn(session, "a")], answerAll: () => {} };
  },
};

interface Interrupted {
  readonly session: Awaited<ReturnType<typeof openOn>>;
  readonly sends: readonly ReturnType<typeof sendOn>[];
  readonly answerAll: () => void;
}

const ENDS: Readonly<Record<string, (interrupted: Interrupted, peer: ArtemisPeer) => unknown>> = {
  "is destroyed": ({ session }) => session.destroy(new ConnectionClosedError("over")),
  "is closed": ({ session }) => session.close(new AbortController().signal),
  "loses its connection": (_interrupted, peer) => peer.sockets[0]?.destroy(),
  "is closed by the broker": (_interrupted, peer) =>
    peer.connections[0]?.close({ condition: "amqp:connection:forced", description: "over" }),
};

describe.each(Object.keys(ENDS))("an AMQP session with Artemis that %s", (end) => {
  it.each(Object.keys(MOMENTS))("%s tells no outcome afterwards and leaves no timer", async (moment) => {
    const before = timers();
    const peer = await artemisPeer({}, moment.includes("credit") ? 0 : 1000);
    const interrupted = await (MOMENTS[moment] as (typeof MOMENTS)[string])(peer);
    const { session, sends, answerAll } = interrupted;
    ENDS[end]?.(interrupted, peer);
    await session.ended;
    answerAll();
    const told = sends.map(({ outcomes }) => outcomes.length);
    await settled();
    expect(sends.map(({ outcomes }) => outcomes.length)).toEqual(told);
    expect(told).toEqual(sends.map(() => 0));
    sendOn(session, "late");
    await settled();
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe("an AMQP session with Artemis that is closing", () => {
  it("a send is confirmed when its discharge is answered before the connection is closed", async () => {
    const peer = await artemisPeer();
    const session = await openWarm(peer);
    const discharges = hold(peer, "onDischarge");
    const send = sendOn(session, "a");
    await until(() => discharges.length === 1);
    discharges[0]?.accept();
    await session.close(new AbortController().signal);
    expect(send.outcomes).toEqual([{ kind: "confirmed" }]);
  });
});
