/** The storage barrier, by what sessions with Artemis write for sends in doubt and for dead letters. */
import { describe, expect, it } from "vitest";
import { lossOf, settled, TestConsumer, type TestSend } from "../messaging-steps.ts";
import { frame, type PeerConnection } from "../stomp-peer.ts";
import {
  answer,
  connected,
  errorFrame,
  frameOf,
  outcomesOf,
  sendInDoubt,
  words,
  wordsOf,
} from "../transacted-steps.ts";

const HANDSHAKE = 1;

/** What came of the barriers, without all else. */
const barrierWords = (peer: PeerConnection) =>
  words(peer)
    .split(" ")
    .filter((word) => /@b\d/.test(word))
    .join(" ");

/** A session, and a function that takes a delivery with this body and rejects it. */
async function consuming() {
  const { session, peer } = await connected();
  const consumer = new TestConsumer(session, "queue://work");
  const subscribe = await frameOf(peer, "SUBSCRIBE?");
  peer.receipt(subscribe);
  const { id = "" } = subscribe.headers;
  const deliver = (body: string) =>
    frame("MESSAGE", { subscription: id, "message-id": body, ack: body, destination: "work" }, body);
  const reject = async (body: string) => {
    const count = consumer.deliveries.length;
    peer.write(deliver(body));
    const delivery = await consumer.delivery(count);
    return { settled: consumer.subscription.settle(delivery, { kind: "rejected", reason: undefined }) };
  };
  return { session, peer, reject };
}

describe("the storage barrier", () => {
  it("is a transaction with one message that would be stored, which is rolled back", async () => {
    const { session, peer } = await connected();
    const send = sendInDoubt(session, "a");
    await answer(peer, "a?");
    await peer.passBarrier();
    await send.outcome;
    expect(barrierWords(peer)).toBe("BEGIN@b1 orders@b1? ABORT@b1?");
    const { headers, body } = await frameOf(peer, "orders@b1?");
    const address = { destination: "orders", "destination-type": "ANYCAST", persistent: "true" };
    expect(headers).toMatchObject({ ...address, _AMQ_DUPL_ID: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect([headers["_AMQ_DUPL_ID"] === send.message.id, body.length]).toEqual([false, 0]);
  });

  it("has one message for each destination that is waited for, and no second one", async () => {
    const { session, peer } = await connected();
    const destinations = ["queue://orders", "topic://orders", "queue://prices", "queue://orders", "queue://prices"];
    for (const destination of destinations) sendInDoubt(session, "x", destination);
    await wordsOf(peer, destinations.length + 4);
    const messages = peer.all("SEND").filter(({ headers }) => headers["transaction"] !== undefined);
    expect(messages.map(({ headers }) => [headers["destination"], headers["destination-type"]])).toEqual([
      ["orders", "ANYCAST"],
      ["orders", "MULTICAST"],
      ["prices", "ANYCAST"],
    ]);
    await settled();
    expect(peer.frames.length).toBe(HANDSHAKE + destinations.length + 4);
  });

  it("is rolled back only when all its messages are answered", async () => {
    const { session, peer } = await connected();
    const sends = [sendInDoubt(session, "a"), sendInDoubt(session, "b", "queue://prices")];
    await answer(peer, "a?", "b?", "prices@b1?");
    await settled();
    expect(barrierWords(peer)).toBe("BEGIN@b1 orders@b1? prices@b1?");
    await answer(peer, "orders@b1?");
    await frameOf(peer, "ABORT@b1?");
    await settled();
    expect(outcomesOf(sends)).toBe("- -");
    await answer(peer, "ABORT@b1?");
    await sends[1]?.outcome;
    expect(outcomesOf(sends)).toBe("confirmed confirmed");
  });

  it("is the only one at a time, and what comes meanwhile shares the next one", async () => {
    const { session, peer, reject } = await consuming();
    const sends: TestSend[] = [];
    for (const [body, destination] of Object.entries({ a: "orders", b: "prices", c: "stock", d: "prices" })) {
      sends.push(sendInDoubt(session, body, `queue://${destination}`));
      await answer(peer, `${body}?`);
    }
    const rejected = await reject("bad");
    await answer(peer, "bad?");
    await settled();
    expect(barrierWords(peer)).toBe("BEGIN@b1 orders@b1?");
    await peer.passBarrier(0);
    await peer.passBarrier(1);
    await Promise.all([...sends.map(({ outcome }) => outcome), rejected.settled]);
    await settled();
    expect(barrierWords(peer)).toBe("BEGIN@b1 orders@b1? ABORT@b1? BEGIN@b2 prices@b2? stock@b2? DLQ@b2? ABORT@b2?");
  });

  it("confirms those that it is for, and not those that came meanwhile", async () => {
    const { session, peer } = await connected();
    const first = sendInDoubt(session, "a");
    await answer(peer, "a?");
    await frameOf(peer, "orders@b1?");
    const second = sendInDoubt(session, "b");
    await answer(peer, "b?");
    await settled();
    await peer.passBarrier(0);
    await first.outcome;
    await frameOf(peer, "orders@b2?");
    await settled();
    expect(outcomesOf([first, second])).toBe("confirmed -");
    await peer.passBarrier(1);
    expect(await second.outcome).toEqual({ kind: "confirmed" });
  });

  it("begins again for what comes after it has been passed", async () => {
    const { session, peer } = await connected();
    for (const [nth, letter] of [..."ab"].entries()) {
      const send = sendInDoubt(session, letter);
      await answer(peer, `${letter}?`);
      await peer.passBarrier(nth);
      expect(await send.outcome).toEqual({ kind: "confirmed" });
    }
    expect(barrierWords(peer)).toBe("BEGIN@b1 orders@b1? ABORT@b1? BEGIN@b2 orders@b2? ABORT@b2?");
  });

  it("counts as passed when its message is refused: what had its receipt is stored, and the session ends", async () => {
    const { session, peer } = await connected();
    const sends = [sendInDoubt(session, "a"), sendInDoubt(session, "b")];
    await answer(peer, "a?");
    peer.write(errorFrame("AMQ339011 Error sending message", await frameOf(peer, "orders@b1?")));
    await lossOf(session);
    await settled();
    expect(outcomesOf(sends)).toBe("confirmed -");
  });
});

describe("dead letters at the end of a session", () => {
  it("are stale, whether they wait for the storage barrier that is under way or for the next one", async () => {
    const { session, peer, reject } = await consuming();
    const first = await reject("bad");
    await answer(peer, "bad?");
    await frameOf(peer, "DLQ@b1?");
    const second = await reject("worse");
    await answer(peer, "worse?");
    await settled();
    peer.socket.destroy();
    await lossOf(session);
    expect(await Promise.all([first.settled, second.settled])).toEqual(["stale", "stale"]);
    expect(peer.all("ACK")).toEqual([]);
  });

  it("are stale when the roll back of the storage barrier is unanswered", async () => {
    const { peer, reject } = await consuming();
    const rejected = await reject("bad");
    await answer(peer, "bad?", "DLQ@b1?");
    await frameOf(peer, "ABORT@b1?");
    peer.socket.destroy();
    expect(await rejected.settled).toBe("stale");
    expect(peer.all("ACK")).toEqual([]);
  });

  it("are stale when their receipt comes after close() has been called", async () => {
    const { session, peer, reject } = await consuming();
    const rejected = await reject("bad");
    await frameOf(peer, "bad?");
    void session.close(AbortSignal.timeout(5_000));
    await answer(peer, "bad?");
    expect(await rejected.settled).toBe("stale");
    expect(barrierWords(peer)).toBe("");
    await answer(peer, "DISCONNECT?");
    await lossOf(session);
  });
});
