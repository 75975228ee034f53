/** What becomes of those who wait at a storage barrier that the broker refuses, or that is never answered. */
import { describe, expect, it } from "vitest";
import { openStompSession } from "../../../../../src/adapters/stomp/open-session.ts";
import { lossOf, settled, TestConsumer, TestSend } from "../messaging-steps.ts";
import { ARTEMIS, frame, type PeerConnection, SETTINGS, StompPeer } from "../stomp-peer.ts";
import { answer, connected, errorFrame, frameOf, outcomesOf, sendInDoubt, words } from "../transacted-steps.ts";

const NO_ROOM = "AMQ339011 Error sending message";
const OTHER_REASON = "AMQ229031 Unable to validate user";

/** A session, and a function that takes a delivery with this body and rejects it. */
async function consuming() {
  const { session, peer } = await connected();
  const consumer = new TestConsumer(session, "queue://work");
  const subscribe = await frameOf(peer, "SUBSCRIBE?");
  peer.receipt(subscribe);
  const { id = "" } = subscribe.headers;
  const reject = async (body: string) => {
    const count = consumer.deliveries.length;
    peer.write(frame("MESSAGE", { subscription: id, "message-id": body, ack: body, destination: "work" }, body));
    const delivery = await consumer.delivery(count);
    return { settled: consumer.subscription.settle(delivery, { kind: "rejected", reason: undefined }) };
  };
  return { session, peer, reject };
}

/** Sessions of one connection, which remembers what the broker has refused, with one peer. */
async function sessionsOfOneConnection() {
  const peer = await StompPeer.greeting(ARTEMIS);
  const openSession = openStompSession(SETTINGS);
  const open = async () => {
    const session = await openSession(peer.endpoint, { signal: AbortSignal.timeout(10_000), turn: async () => {} });
    return { session, peer: peer.connections.at(-1) as PeerConnection };
  };
  return { open, [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose]() };
}

describe("a storage barrier that is refused", () => {
  it("for want of room confirms what was answered before for that destination, and nothing for another", async () => {
    const { session, peer } = await connected();
    const sends = [sendInDoubt(session, "a", "queue://full"), sendInDoubt(session, "b", "queue://paging")];
    await answer(peer, "a?", "b?");
    await frameOf(peer, "paging@b1?");
    peer.write(errorFrame(NO_ROOM, await frameOf(peer, "full@b1?")));
    await lossOf(session);
    await settled();
    // Both wait at one barrier, and the second destination has said nothing.
    expect(outcomesOf(sends)).toBe("- -");
  });

  it("for want of room confirms what was answered before where that destination is the only one", async () => {
    const { session, peer } = await connected();
    const send = sendInDoubt(session, "a", "queue://full");
    await answer(peer, "a?");
    peer.write(errorFrame(NO_ROOM, await frameOf(peer, "full@b1?")));
    await lossOf(session);
    expect(outcomesOf([send])).toBe("confirmed");
  });

  it("leaves a rejected delivery stale, whether the barrier is its own or shared, for no ACK goes out any more", async () => {
    const alone = await consuming();
    const own = await alone.reject("one");
    await answer(alone.peer, "one?");
    alone.peer.write(errorFrame(NO_ROOM, await frameOf(alone.peer, "DLQ@b1?")));
    expect(await own.settled).toBe("stale");

    const { session, peer, reject } = await consuming();
    sendInDoubt(session, "a", "queue://full");
    await answer(peer, "a?");
    await frameOf(peer, "full@b1?");
    sendInDoubt(session, "b", "queue://full");
    await answer(peer, "b?");
    const shared = await reject("one");
    await answer(peer, "one?", "full@b1?", "ABORT@b1?");
    await frameOf(peer, "DLQ@b2?");
    peer.write(errorFrame(NO_ROOM, await frameOf(peer, "full@b2?")));
    expect(await shared.settled).toBe("stale");
    expect(words(peer)).not.toContain("ACK");
  });

  it("when it is rolled back leaves rejected deliveries stale, those that wait for the next barrier too", async () => {
    const { session, peer, reject } = await consuming();
    const first = await reject("one");
    await answer(peer, "one?", "DLQ@b1?");
    const second = await reject("two");
    await answer(peer, "two?");
    peer.write(errorFrame("AMQ339016 Error", await frameOf(peer, "ABORT@b1?")));
    await lossOf(session);
    expect(await Promise.all([first.settled, second.settled])).toEqual(["stale", "stale"]);
  });

  it("for want of room has the next session ask behind the answers, so that what is accepted is known when it is refused again", async () => {
    await using connection = await sessionsOfOneConnection();
    const first = await connection.open();
    sendInDoubt(first.session, "a", "queue://full");
    first.peer.write(errorFrame(NO_ROOM, await frameOf(first.peer, "full@b1?")));
    await lossOf(first.session);
    const second = await connection.open();
    const send = sendInDoubt(second.session, "a", "queue://full");
    await frameOf(second.peer, "a?");
    await settled();
    expect(words(second.peer)).toBe("a?");
    await answer(second.peer, "a?");
    second.peer.write(errorFrame(NO_ROOM, await frameOf(second.peer, "full@b1?")));
    await lossOf(second.session);
    expect(outcomesOf([send])).toBe("confirmed");
  });

  it("for another reason than want of room confirms nothing, and the next session asks as before", async () => {
    await using connection = await sessionsOfOneConnection();
    const first = await connection.open();
    const before = sendInDoubt(first.session, "a");
    await answer(first.peer, "a?");
    first.peer.write(errorFrame(OTHER_REASON, await frameOf(first.peer, "orders@b1?")));
    await lossOf(first.session);
    const second = await connection.open();
    const after = sendInDoubt(second.session, "b");
    await answer(second.peer, "b?");
    await settled();
    expect(outcomesOf([before, after])).toBe("- -");
    await second.peer.passBarrier();
    expect(await after.outcome).toEqual({ kind: "confirmed" });
  });
});

describe("a storage barrier", () => {
  it("is not asked for a send that cannot be written: it fails alone, and the session goes on", async () => {
    const { session, peer } = await connected();
    const bad = new TestSend("x", { id: "mine" }, "queue://a,b");
    session.send(bad);
    expect(await bad.outcome).toMatchObject({ kind: "failed", error: { code: "UNSUPPORTED" } });
    const good = sendInDoubt(session, "y");
    await answer(peer, "y?");
    await peer.passBarrier();
    expect(await good.outcome).toEqual({ kind: "confirmed" });
  });

  it("that cannot be asked for any more, because the session is being closed, leaves every rejected delivery stale", async () => {
    const { session, peer, reject } = await consuming();
    const [first, second] = [await reject("one"), await reject("two")];
    await frameOf(peer, "two?");
    void session.close(AbortSignal.timeout(5_000));
    await answer(peer, "one?");
    await settled();
    await answer(peer, "two?", "DISCONNECT?");
    await lossOf(session);
    expect(await Promise.all([first.settled, second.settled])).toEqual(["stale", "stale"]);
  });
});
