/** What becomes of the members of a transaction that the broker refuses, and of those behind it. */
import { describe, expect, it } from "vitest";
import type { TestSend } from "../stomp/messaging-steps.ts";
import { outcomesOf, sendAll, ToyWriter, turn } from "./toy-writer.ts";

/** The sends of `first` are members of a commit that is unanswered, those of `second` are written behind it. */
async function committing(first: string, second = "") {
  const writer = new ToyWriter();
  const sends = sendAll(writer, first);
  await turn();
  sends.push(...sendAll(writer, second));
  await turn();
  const before = writer.log.length;
  const written = () => writer.log.slice(before);
  const named = (letter: string) => sends.find(({ message }) => `${message.body}` === letter) as TestSend;
  return { writer, sends, written, named };
}

describe("a refused transaction", () => {
  it("confirms none of its members, which are checked in their order before anything else is written", async () => {
    const { writer, sends, written } = await committing("abc", "d");
    sends.push(...sendAll(writer, "e"));
    writer.refuse(1);
    await turn();
    expect([outcomesOf(sends), written()]).toEqual(["- - - - -", ["roll back 2", "check a b c d"]]);
    writer.answerCheck();
    await turn();
    expect(written().slice(2)).toEqual(["begin 3", "e in 3", "commit 3"]);
    writer.store(3);
    expect(outcomesOf(sends)).toBe("confirmed confirmed confirmed confirmed confirmed");
  });

  it("has the members that were refused by name not repeated", async () => {
    const { writer, sends, written, named } = await committing("abc");
    writer.refuse(1, named("b"));
    await turn();
    expect(written()).toEqual(["check a c"]);
    writer.answerCheck();
    expect(outcomesOf(sends)).toBe("confirmed failed confirmed");
  });

  it("leaves nothing to check when all its members were refused by name", async () => {
    const { writer, sends, written, named } = await committing("ab", "c");
    writer.refuse(1, named("a"), named("b"));
    await turn();
    expect(written()).toEqual(["roll back 2", "check c"]);
    expect(outcomesOf(sends)).toBe("failed failed -");
  });

  it("has the transaction behind it rolled back, whose members are checked too, before later sends are written", async () => {
    const { writer, sends, written } = await committing("a", "bc");
    writer.refuse(1);
    sends.push(...sendAll(writer, "d"));
    await turn();
    writer.answerCheck();
    await turn();
    expect(written()).toEqual(["roll back 2", "check a b c", "begin 3", "d in 3", "commit 3"]);
    expect(sends.map(({ written }) => written)).toEqual([2, 2, 2, 1]);
    writer.store(3);
    expect(outcomesOf(sends)).toBe("confirmed confirmed confirmed confirmed");
  });

  it("has a transaction of 128 members behind it rolled back instead of committed", async () => {
    const { writer, written } = await committing("a", "b".repeat(128));
    writer.refuse(1);
    await turn();
    expect(written()).toEqual(["roll back 2", "check a b b b b b b b"]);
  });

  it("tells callers that gave up on a member meanwhile that it is not stored, and does not repeat it", async () => {
    const { writer, sends, written, named } = await committing("ab", "cd");
    for (const letter of "bc") named(letter).abandoned = true;
    writer.refuse(1);
    expect(outcomesOf(sends)).toBe("- failed failed -");
    expect(named("b").outcomes[0]).toMatchObject({
      error: { code: "SEND_REJECTED", message: "The toy broker did not store message b" },
    });
    await turn();
    expect(written()).toEqual(["roll back 2", "check a d"]);
  });

  it("has its members checked again in their order when there are more of them than one check takes", async () => {
    const { writer, written } = await committing("abcdefghij");
    writer.refuse(1);
    await turn();
    writer.answerCheck();
    await turn();
    expect(written()).toEqual(["check a b c d e f g h", "check i j"]);
  });

  it("whose members are refused by a check too has them fail, and the others go on", async () => {
    const { writer, sends, named } = await committing("ab", "c");
    writer.refuse(1);
    await turn();
    writer.answerCheck(named("a"));
    expect(outcomesOf(sends)).toBe("failed confirmed confirmed");
  });
});

describe("members of a transaction that is written behind another", () => {
  it("are not written again when the broker has refused them by name, and told of no second outcome when it is rolled back", async () => {
    const { writer, sends, written, named } = await committing("a", "bcd");
    writer.nameRefused(2, named("c"));
    writer.refuse(1);
    // Its answer was on the way.
    writer.nameRefused(2, named("d"));
    await turn();
    expect(written()).toEqual(["roll back 2", "check a b d"]);
    writer.answerCheck();
    expect(outcomesOf(sends)).toBe("confirmed confirmed failed confirmed");
    expect(sends.map((send) => send.outcomes.length)).toEqual([1, 1, 1, 1]);
  });

  it("are told that they are not stored when their callers give up before they are checked", async () => {
    const { writer, sends, named } = await committing("abcdefghi");
    writer.refuse(1);
    await turn();
    named("i").abandoned = true;
    expect(outcomesOf(sends)).toBe("- - - - - - - - -");
    writer.answerCheck();
    await turn();
    expect(outcomesOf([named("i")])).toBe("failed");
  });
});

describe("a stored transaction", () => {
  it("of which some members were refused by name confirms the others only", async () => {
    const { writer, sends, named } = await committing("abc");
    writer.store(1, named("b"));
    await turn();
    expect(outcomesOf(sends)).toBe("confirmed failed confirmed");
    expect(writer.groups.idle).toBe(true);
  });

  it("confirms a member too that its caller has given up on", async () => {
    const { writer, sends, named } = await committing("ab");
    named("a").abandoned = true;
    writer.store(1);
    expect(outcomesOf(sends)).toBe("confirmed confirmed");
  });
});

it.each(["store", "refuse"] as const)(
  "a member refused by name that comes again before its transaction is committed gets an outcome: %s",
  async (answer) => {
    const writer = new ToyWriter();
    sendAll(writer, "a");
    await turn();
    const [x] = sendAll(writer, "x") as [TestSend];
    await turn();
    expect(writer.log.slice(3)).toEqual(["begin 2", "x in 2"]);
    // As a full address over AMQP, with whenFull=hold: messaging gives it again after 100 ms; the first commit takes longer.
    writer.nameRefused(2, x);
    expect(x.outcomes.length).toBe(1);
    writer.groups.send(x);
    await turn();
    writer.store(1);
    await turn();
    writer[answer](2);
    await turn();
    if (writer.groups.checking) writer.answerCheck();
    if (writer.log.at(-1) === "commit 3") writer.store(3);
    await turn();
    expect([x.outcomes.length, writer.groups.idle]).toEqual([2, true]);
  },
);
