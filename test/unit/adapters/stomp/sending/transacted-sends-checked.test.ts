/** Sends that Artemis may have already: outside of transactions, with their ids, confirmed when they are stored for certain. */
import { describe, expect, it } from "vitest";
import { SendRejectedError } from "../../../../../src/errors/errors.ts";
import { lossOf, settled, TestSend } from "../messaging-steps.ts";
import {
  answer,
  connected,
  errorFrame,
  frameOf,
  outcomesOf,
  proven,
  sendAll,
  sendInDoubt,
  words,
  wordsOf,
} from "../transacted-steps.ts";

describe("a send that Artemis may have already", () => {
  it("goes outside of transactions with its id and a receipt when an earlier session left it in doubt", async () => {
    const { session, peer } = await connected();
    const send = sendInDoubt(session, "a");
    const { headers } = await frameOf(peer, "a?");
    expect(headers).toEqual({
      ...{ destination: "orders", "destination-type": "ANYCAST", persistent: "true", _AMQ_DUPL_ID: send.message.id },
      ...{ "content-type": "text/plain;charset=utf-8", receipt: expect.any(String) },
    });
    expect([await wordsOf(peer, 3), send.written]).toEqual(["a? BEGIN@b1 orders@b1?", 1]);
  });

  it("goes outside of transactions with the id that its caller gave", async () => {
    const { session, peer } = await connected();
    sendAll(session, "a", { id: "mine" });
    expect((await frameOf(peer, "a?")).headers).toMatchObject({ _AMQ_DUPL_ID: "mine" });
    expect(words(peer)).not.toMatch(/@\d/);
  });

  it("is confirmed when its receipt has come and then the storage barrier is passed", async () => {
    const { session, peer } = await connected();
    const send = sendInDoubt(session, "a");
    await answer(peer, "a?", "orders@b1?");
    await frameOf(peer, "ABORT@b1?");
    await settled();
    expect([outcomesOf([send]), session.useful]).toEqual(["-", false]);
    await answer(peer, "ABORT@b1?");
    expect([await send.outcome, session.useful]).toEqual([{ kind: "confirmed" }, true]);
  });

  it("is confirmed when the storage barrier is passed and then its receipt comes", async () => {
    const { session, peer } = await connected();
    const send = sendInDoubt(session, "a");
    await peer.passBarrier();
    await settled();
    expect([outcomesOf([send]), session.useful]).toEqual(["-", false]);
    await answer(peer, "a?");
    expect([await send.outcome, session.useful]).toEqual([{ kind: "confirmed" }, true]);
  });

  it("is confirmed by its own receipt, not by that of another that is checked with it", async () => {
    const { session, peer } = await connected();
    const sends = [sendInDoubt(session, "a"), sendInDoubt(session, "b")];
    await answer(peer, "b?");
    await peer.passBarrier();
    await sends[1]?.outcome;
    await settled();
    expect(outcomesOf(sends)).toBe("- confirmed");
    await answer(peer, "a?");
    expect(await sends[0]?.outcome).toEqual({ kind: "confirmed" });
  });

  it("shares its check with 7 others at most at first, and the rest follows when all are answered", async () => {
    const { session, peer } = await connected();
    for (const letter of "abcdefghij") sendInDoubt(session, letter);
    const first = "a? b? c? d? e? f? g? h? BEGIN@b1 orders@b1?";
    expect(await wordsOf(peer, 10)).toBe(first);
    await answer(peer, ..."abcdefg".split("").map((letter) => `${letter}?`));
    await settled();
    expect(words(peer)).toBe(first);
    await answer(peer, "h?");
    expect(await wordsOf(peer, 12)).toBe(`${first} i? j?`);
  });

  it("waits for what was sent before it, and what is sent after it waits for its receipt", async () => {
    const { session, peer } = await proven();
    sendAll(session, "a");
    sendInDoubt(session, "b");
    sendAll(session, "c");
    await frameOf(peer, "COMMIT@1?");
    await settled();
    expect(words(peer)).toBe("BEGIN@1 a@1 COMMIT@1?");
    await answer(peer, "COMMIT@1?");
    await frameOf(peer, "orders@b1?");
    await settled();
    expect(words(peer)).toBe("BEGIN@1 a@1 COMMIT@1? b? BEGIN@b1 orders@b1?");
    await answer(peer, "b?");
    expect(await wordsOf(peer, 9)).toBe("BEGIN@1 a@1 COMMIT@1? b? BEGIN@b1 orders@b1? BEGIN@2 c@2 COMMIT@2?");
  });

  it("is rejected by name when Artemis refuses it, and the others of its check have no outcome", async () => {
    const { session, peer } = await connected();
    const sends = ["a", "b", "c"].map((letter) => sendInDoubt(session, letter));
    await answer(peer, "a?");
    peer.write(errorFrame("AMQ339011 Error sending message", await frameOf(peer, "b?")));
    const outcome = await sends[1]?.outcome;
    expect(outcome).toMatchObject({ kind: "failed", error: expect.any(SendRejectedError) });
    expect(outcome).toMatchObject({ error: { id: sends[1]?.message.id, code: "SEND_REJECTED", retryable: true } });
    expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST" });
    await settled();
    expect(outcomesOf(sends)).toBe("- failed -");
  });

  it("has no outcome when the session ends after its receipt, before the storage barrier is passed", async () => {
    const { session, peer } = await connected();
    const send = sendInDoubt(session, "a");
    await answer(peer, "a?", "orders@b1?");
    await frameOf(peer, "ABORT@b1?");
    peer.socket.destroy();
    await lossOf(session);
    await settled();
    expect(outcomesOf([send])).toBe("-");
  });

  it("that cannot be encoded fails alone: the others of its check are confirmed, and what comes after it is written", async () => {
    const { session, peer } = await connected();
    const bad = Object.assign(new TestSend("x", { properties: { receipt: "x" } }), { inDoubt: true });
    session.send(bad);
    const send = sendInDoubt(session, "a");
    expect(await bad.outcome).toMatchObject({ kind: "failed", error: { code: "INVALID_ARGUMENT" } });
    await answer(peer, "a?");
    await peer.passBarrier();
    expect([await send.outcome, bad.written]).toEqual([{ kind: "confirmed" }, 0]);
    sendAll(session, "b");
    await peer.frame("COMMIT");
  });
});

describe("a transaction of the user's behind a send that Artemis may have already", () => {
  it("is committed only when that send has its receipt", async () => {
    const { session, peer } = await connected();
    const transaction = session.begin();
    await answer(peer, "BEGIN@tx1?");
    sendInDoubt(session, "a");
    const commit = transaction.commit();
    await frameOf(peer, "orders@b1?");
    await settled();
    expect(words(peer)).toBe("BEGIN@tx1? a? BEGIN@b1 orders@b1?");
    await answer(peer, "a?", "COMMIT@tx1?");
    expect(await commit).toEqual({ kind: "committed" });
  });
});
