/** Sends to Artemis over STOMP: the frames of their transactions, and what their answers confirm. */
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../../../../src/errors/errors.ts";
import { lossOf, settled, TestConsumer, TestSend } from "../messaging-steps.ts";
import type { PeerConnection } from "../stomp-peer.ts";
import { answer, frameOf, outcomesOf, proven, sendAll, words, wordsOf } from "../transacted-steps.ts";

/** The bytes of the SEND of a text in the transaction after the one that has proven the destination. */
function sendBytes({ message }: TestSend): string {
  return [
    "SEND\ndestination:orders\ndestination-type:ANYCAST\npersistent:true\n",
    `_AMQ_DUPL_ID:${message.id}\ncontent-type:text/plain;charset=utf-8\ntransaction:group-2\n\n${message.body}\0\n`,
  ].join("");
}

/** All bytes that came while `act` had its sends written, and in how many pieces. */
async function bytesOf(peer: PeerConnection, act: () => void) {
  await settled();
  const [before, chunks] = [peer.bytes.length, peer.chunks];
  act();
  await peer.frame("COMMIT");
  return { text: peer.bytes.subarray(before).toString(), chunks: peer.chunks - chunks };
}

describe("the transaction of sends to Artemis", () => {
  const begin = "BEGIN\ntransaction:group-2\n\n\0\n";
  const commit = "COMMIT\ntransaction:group-2\nreceipt:3\n\n\0\n";

  it.each(["a", "abc"])(
    "has its members between BEGIN and COMMIT, without receipts, in one write: %s",
    async (letters) => {
      const { session, peer } = await proven();
      let sends: TestSend[] = [];
      const { text, chunks } = await bytesOf(peer, () => {
        sends = sendAll(session, letters);
      });
      expect(text).toBe(`${begin}${sends.map(sendBytes).join("")}${commit}`);
      expect([chunks, sends.every(({ written }) => written === 1)]).toEqual([1, true]);
    },
  );

  it("confirms nothing before the receipt of COMMIT, and then everything", async () => {
    const { session, peer } = await proven();
    const sends = sendAll(session, "abc");
    await frameOf(peer, "COMMIT@1?");
    await settled();
    expect(outcomesOf(sends)).toBe("- - -");
    await answer(peer, "COMMIT@1?");
    await sends[2]?.outcome;
    expect(outcomesOf(sends)).toBe("confirmed confirmed confirmed");
  });

  it("takes what comes during a COMMIT, and is committed when that is answered", async () => {
    const { session, peer } = await proven();
    const sends = sendAll(session, "a");
    await frameOf(peer, "COMMIT@1?");
    sends.push(...sendAll(session, "b"));
    await frameOf(peer, "b@2");
    sends.push(...sendAll(session, "c"));
    await frameOf(peer, "c@2");
    await settled();
    expect(words(peer)).toBe("BEGIN@1 a@1 COMMIT@1? BEGIN@2 b@2 c@2");
    void sends[0]?.outcome.then(() => sends.push(...sendAll(session, "d")));
    await answer(peer, "COMMIT@1?");
    expect(await wordsOf(peer, 8)).toBe("BEGIN@1 a@1 COMMIT@1? BEGIN@2 b@2 c@2 d@2 COMMIT@2?");
    expect(outcomesOf(sends)).toBe("confirmed - - -");
    await answer(peer, "COMMIT@2?");
    await sends[3]?.outcome;
    expect(outcomesOf(sends)).toBe("confirmed confirmed confirmed confirmed");
  });

  it.each([
    ["is not persistent", { persistent: false }, { persistent: "false" }],
    ["is to be delivered later", { delayMs: 60_000 }, { AMQ_SCHEDULED_DELAY: expect.stringMatching(/^\d{5}$/) }],
  ])("has what %s as a member too", async (_, options, headers) => {
    const { session, peer } = await proven();
    sendAll(session, "ab", options);
    expect(await wordsOf(peer, 4)).toBe("BEGIN@1 a@1 b@1 COMMIT@1?");
    for (const send of peer.all("SEND")) expect(send.headers).toMatchObject(headers);
  });

  it("has a message of more than 1 MiB alone, in its place among the others", async () => {
    const { session, peer } = await proven();
    sendAll(session, "a");
    session.send(new TestSend("x".repeat(1024 * 1024 + 1)));
    sendAll(session, "b");
    await answer(peer, "COMMIT@1?", "COMMIT@2?", "COMMIT@3?");
    const members = peer.all("SEND").map(({ headers, body }) => [headers["transaction"], body.length]);
    expect(members.map(([, length]) => length)).toEqual([1, 1024 * 1024 + 1, 1]);
    expect(new Set(members.map(([transaction]) => transaction)).size).toBe(3);
  });

  it("leaves out a send that cannot be encoded, which fails alone", async () => {
    const { session, peer } = await proven();
    const bad = new TestSend("x", { properties: { receipt: "x" } });
    const [a] = sendAll(session, "a");
    session.send(bad);
    const [b] = sendAll(session, "b");
    expect(bad.outcomes).toEqual([]);
    expect(await bad.outcome).toMatchObject({ kind: "failed", error: expect.any(InvalidArgumentError) });
    await answer(peer, "COMMIT@1?");
    await b?.outcome;
    expect([words(peer), bad.written]).toEqual(["BEGIN@1 a@1 b@1 COMMIT@1?", 0]);
    expect(outcomesOf([a, bad, b] as TestSend[])).toBe("confirmed failed confirmed");
  });

  it("does not hold up subscriptions and acknowledgements", async () => {
    const { session, peer } = await proven();
    sendAll(session, "a");
    await frameOf(peer, "COMMIT@1?");
    new TestConsumer(session);
    expect(await wordsOf(peer, 4)).toBe("BEGIN@1 a@1 COMMIT@1? SUBSCRIBE?");
  });

  it("confirms nothing when the session ends before the receipt of COMMIT", async () => {
    const { session, peer } = await proven();
    const sends = sendAll(session, "a");
    await frameOf(peer, "COMMIT@1?");
    sends.push(...sendAll(session, "b"));
    await frameOf(peer, "b@2");
    peer.socket.destroy();
    await lossOf(session);
    await settled();
    expect(outcomesOf(sends)).toBe("- -");
  });
});

describe("sends to Artemis without group commit", () => {
  it.each([false, undefined])("share transactions too when groupCommit is %s", async (groupCommit) => {
    const { session, peer } = await proven({ groupCommit });
    const sends = sendAll(session, "ab");
    await frameOf(peer, "COMMIT@1?");
    sends.push(...sendAll(session, "c"));
    await frameOf(peer, "c@2");
    await answer(peer, "COMMIT@1?", "COMMIT@2?");
    await sends[2]?.outcome;
    expect(words(peer)).toBe("BEGIN@1 a@1 b@1 COMMIT@1? BEGIN@2 c@2 COMMIT@2?");
    expect(outcomesOf(sends)).toBe("confirmed confirmed confirmed");
  });
});

describe("the end of a session with Artemis by close()", () => {
  it("writes the sends of its turn and their COMMIT before DISCONNECT, and nothing after it", async () => {
    const { session, peer } = await proven();
    const sends = sendAll(session, "ab");
    const closed = session.close(AbortSignal.timeout(5_000));
    sends.push(...sendAll(session, "c"));
    await answer(peer, "COMMIT@1?", "DISCONNECT?");
    await closed;
    expect(words(peer)).toBe("BEGIN@1 a@1 b@1 COMMIT@1? DISCONNECT?");
    expect(outcomesOf(sends)).toBe("confirmed confirmed -");
  });

  it("writes the COMMIT of what is written behind another COMMIT too", async () => {
    const { session, peer } = await proven();
    const sends = sendAll(session, "a");
    await frameOf(peer, "COMMIT@1?");
    sends.push(...sendAll(session, "b"));
    await frameOf(peer, "b@2");
    const closed = session.close(AbortSignal.timeout(5_000));
    await answer(peer, "COMMIT@1?", "COMMIT@2?", "DISCONNECT?");
    await closed;
    expect(words(peer)).toBe("BEGIN@1 a@1 COMMIT@1? BEGIN@2 b@2 COMMIT@2? DISCONNECT?");
    expect(outcomesOf(sends)).toBe("confirmed confirmed");
  });
});

describe("a transaction of the user's on Artemis", () => {
  async function begun() {
    const { session, peer } = await proven();
    const transaction = session.begin();
    await answer(peer, "BEGIN@tx1?");
    const member = new TestSend("m");
    transaction.send(member);
    await answer(peer, "m@tx1?");
    await member.outcome;
    return { session, peer, transaction };
  }

  it("is committed only when what was sent before it outside is stored, and before what is sent after it", async () => {
    const { session, peer, transaction } = await begun();
    sendAll(session, "a");
    await frameOf(peer, "COMMIT@1?");
    sendAll(session, "b");
    const commit = transaction.commit();
    await frameOf(peer, "b@2");
    sendAll(session, "c");
    await answer(peer, "COMMIT@1?", "COMMIT@2?", "COMMIT@tx1?");
    expect(await commit).toEqual({ kind: "committed" });
    await frameOf(peer, "COMMIT@3?");
    expect(words(peer)).toBe(
      "BEGIN@tx1? m@tx1? BEGIN@1 a@1 COMMIT@1? BEGIN@2 b@2 COMMIT@2? COMMIT@tx1? BEGIN@3 c@3 COMMIT@3?",
    );
  });

  it("is not committed while a COMMIT before it is unanswered", async () => {
    const { session, peer, transaction } = await begun();
    sendAll(session, "a");
    void transaction.commit();
    await frameOf(peer, "COMMIT@1?");
    await settled();
    expect(words(peer)).toBe("BEGIN@tx1? m@tx1? BEGIN@1 a@1 COMMIT@1?");
  });

  it("is rolled back when the session ends while it waits for what was sent before", async () => {
    const { session, peer, transaction } = await begun();
    sendAll(session, "a");
    const commit = transaction.commit();
    await frameOf(peer, "COMMIT@1?");
    await settled();
    peer.socket.destroy();
    expect(await commit).toMatchObject({ kind: "rolled-back", error: { code: "TRANSACTION_INTERRUPTED" } });
  });
});
