/** The first sends of a session to a destination: Artemis tells of an address that it cannot make after the receipt of COMMIT. */
import { describe, expect, it } from "vitest";
import { lossOf, settled, TestSend } from "../messaging-steps.ts";
import {
  answer,
  connected,
  errorFrame,
  frameOf,
  outcomesOf,
  receiptFor,
  sendAll,
  words,
  wordsOf,
} from "../transacted-steps.ts";

describe("the first sends of a session to a destination", () => {
  it("ask for receipts as members of their transaction, in one write", async () => {
    const { session, peer } = await connected();
    const [send] = sendAll(session, "a");
    await frameOf(peer, "COMMIT@1?");
    expect(words(peer)).toBe("BEGIN@1 a@1? COMMIT@1?");
    expect((await frameOf(peer, "a@1?")).headers).toMatchObject({
      ...{ destination: "orders", _AMQ_DUPL_ID: send?.message.id, transaction: "group-1" },
    });
    expect([send?.written, session.useful]).toEqual([1, false]);
  });

  it.each([
    ["their receipts come before that of COMMIT", ["a@1?", "b@1?", "COMMIT@1?"]],
    ["their receipts come after that of COMMIT", ["COMMIT@1?", "b@1?", "a@1?"]],
  ])("are confirmed together with the last receipt, when %s", async (_, answers) => {
    const { session, peer } = await connected();
    const sends = sendAll(session, "ab");
    const last = answers.at(-1) ?? "";
    await answer(peer, ...answers.slice(0, -1));
    await frameOf(peer, "COMMIT@1?");
    await settled();
    expect([outcomesOf(sends), session.useful]).toEqual(["- -", false]);
    await answer(peer, last);
    await sends[1]?.outcome;
    expect([outcomesOf(sends), session.useful]).toEqual(["confirmed confirmed", true]);
  });

  it("are followed by sends without receipts once one of them has its receipt, and by sends with receipts until then", async () => {
    const { session, peer } = await connected();
    sendAll(session, "a");
    await frameOf(peer, "COMMIT@1?");
    sendAll(session, "b");
    await frameOf(peer, "b@2?");
    await answer(peer, "a@1?");
    await settled();
    sendAll(session, "c");
    expect(await wordsOf(peer, 6)).toBe("BEGIN@1 a@1? COMMIT@1? BEGIN@2 b@2? c@2");
  });

  it("ask for receipts at each destination", async () => {
    const { session, peer } = await connected();
    const [first] = sendAll(session, "a");
    await answer(peer, "a@1?", "COMMIT@1?");
    await first?.outcome;
    for (const to of ["queue://orders", "topic://orders", "queue://prices"]) session.send(new TestSend(to, {}, to));
    await frameOf(peer, "COMMIT@2?");
    expect(words(peer)).toMatch(/BEGIN@2 queue:\/\/orders@2 topic:\/\/orders@2\? queue:\/\/prices@2\? COMMIT@2\?$/);
  });

  it("are rejected by name when Artemis refuses them, and nothing is confirmed by a receipt of COMMIT before", async () => {
    const { session, peer } = await connected();
    const sends = sendAll(session, "ab");
    const [a, commit] = [await frameOf(peer, "a@1?"), await frameOf(peer, "COMMIT@1?")];
    peer.write(receiptFor(commit), errorFrame("AMQ229032 no permission", a));
    await lossOf(session);
    await settled();
    expect(outcomesOf(sends)).toBe("failed -");
    expect(sends[0]?.outcomes[0]).toMatchObject({ error: { code: "SEND_REJECTED", id: sends[0]?.message.id } });
  });

  it("do not wait for one among them that cannot be encoded", async () => {
    const { session, peer } = await connected();
    const bad = new TestSend("x", { properties: { receipt: "x" } });
    session.send(bad);
    const [a] = sendAll(session, "a");
    await answer(peer, "a@1?", "COMMIT@1?");
    expect(await a?.outcome).toEqual({ kind: "confirmed" });
    expect([words(peer), outcomesOf([bad])]).toEqual(["BEGIN@1 a@1? COMMIT@1?", "failed"]);
  });
});
