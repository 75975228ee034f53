/** Sends that the broker may have already: written outside of transactions, alone and a few at a time. */
import { describe, expect, it } from "vitest";
import { TestSend } from "../stomp/messaging-steps.ts";
import { outcomesOf, sendAll, sendInDoubt, ToyWriter, turn } from "./toy-writer.ts";

describe("a send that must be checked", () => {
  it("is checked at once while nothing is unanswered, and is confirmed by the check", async () => {
    const writer = new ToyWriter();
    const sends = sendInDoubt(writer, "a");
    await turn();
    expect([writer.log, writer.groups.checking, outcomesOf(sends)]).toEqual([["check a"], true, "-"]);
    writer.answerCheck();
    expect([writer.groups.checking, outcomesOf(sends)]).toEqual([false, "confirmed"]);
  });

  it("waits until nothing is unanswered, and the sends after it wait for it", async () => {
    const writer = new ToyWriter();
    sendAll(writer, "a");
    await turn();
    sendAll(writer, "b");
    sendInDoubt(writer, "cd");
    sendAll(writer, "e");
    await turn();
    expect(writer.log).toEqual(["begin 1", "a in 1", "commit 1", "begin 2", "b in 2"]);
    writer.store(1);
    await turn();
    expect(writer.log.slice(5)).toEqual(["commit 2"]);
    writer.store(2);
    await turn();
    expect(writer.log.slice(6)).toEqual(["check c d"]);
    sendAll(writer, "f");
    await turn();
    expect(writer.log.slice(7)).toEqual([]);
    writer.answerCheck();
    await turn();
    expect(writer.log.slice(7)).toEqual(["begin 3", "e in 3", "f in 3", "commit 3"]);
  });

  it("behind a send that need not be is checked only after that one is stored", async () => {
    const writer = new ToyWriter();
    const sends = [...sendInDoubt(writer, "a"), ...sendAll(writer, "b"), ...sendInDoubt(writer, "c")];
    await turn();
    writer.answerCheck();
    await turn();
    expect(writer.log).toEqual(["check a", "begin 1", "b in 1", "commit 1"]);
    writer.store(1);
    await turn();
    expect(writer.log.slice(4)).toEqual(["check c"]);
    writer.answerCheck();
    expect(outcomesOf(sends)).toBe("confirmed confirmed confirmed");
  });

  it("waits until what others wrote is answered", async () => {
    const writer = new ToyWriter();
    writer.quiet = false;
    sendInDoubt(writer, "a");
    sendAll(writer, "b");
    await turn();
    writer.groups.flush();
    expect(writer.log).toEqual([]);
    writer.quiet = true;
    writer.groups.flush();
    expect(writer.log).toEqual(["check a"]);
  });

  it("is not checked when its caller abandons it first, and holds nothing up then", async () => {
    const writer = new ToyWriter();
    sendAll(writer, "a");
    await turn();
    const [b, c] = sendInDoubt(writer, "bc") as [TestSend, TestSend];
    sendAll(writer, "d");
    b.abandoned = true;
    writer.store(1);
    await turn();
    expect(writer.log.slice(3)).toEqual(["check c"]);
    writer.answerCheck();
    await turn();
    expect(writer.log.slice(4)).toEqual(["begin 2", "d in 2", "commit 2"]);
    expect(outcomesOf([b, c])).toBe("- confirmed");
  });

  it("is left out of a check when its caller has abandoned it, and the others are checked", async () => {
    const writer = new ToyWriter();
    const sends = sendInDoubt(writer, "abc");
    Object.assign(sends[1] as TestSend, { abandoned: true });
    await turn();
    expect(writer.log).toEqual(["check a c"]);
    writer.answerCheck();
    expect(outcomesOf(sends)).toBe("confirmed - confirmed");
  });

  it("that is refused does not keep the others from being confirmed", async () => {
    const writer = new ToyWriter();
    const [a, b] = sendInDoubt(writer, "ab") as [TestSend, TestSend];
    await turn();
    writer.answerCheck(a);
    expect(outcomesOf([a, b])).toBe("failed confirmed");
  });

  it("may be answered within the call that checks it", async () => {
    const writer = new ToyWriter();
    const answered: string[] = [];
    writer.check = (sends, onDone) => {
      answered.push(sends.map(({ message }) => `${message.body}`).join(" "));
      onDone();
    };
    sendInDoubt(writer, "abcdefghij");
    sendAll(writer, "z");
    await turn();
    expect(answered).toEqual(["a b c d e f g h", "i j"]);
    expect(writer.log).toEqual(["begin 1", "z in 1", "commit 1"]);
  });
});

describe("sends that must be checked together", () => {
  /** How many sends each check has, when all that wait must be checked. */
  async function sizesOfChecks(count: number, room = Number.POSITIVE_INFINITY): Promise<number[]> {
    const writer = new ToyWriter();
    writer.room = room;
    for (let n = 0; n < count; n++) writer.groups.send(Object.assign(new TestSend("m"), { inDoubt: true }));
    const sizes: number[] = [];
    await turn();
    while (writer.groups.checking) {
      sizes.push(writer.checking.length);
      writer.answerCheck();
      await turn();
    }
    return sizes;
  }

  it("are 8 at first, then twice as many each time, and 1024 at most", async () => {
    expect(await sizesOfChecks(3_200)).toEqual([8, 16, 32, 64, 128, 256, 512, 1_024, 1_024, 136]);
  });

  it("are no more than there is room for", async () => {
    expect(await sizesOfChecks(20, 5)).toEqual([5, 5, 5, 5]);
  });

  it("are checked in the order of the calls", async () => {
    const writer = new ToyWriter();
    sendInDoubt(writer, "abcdefghijkl");
    await turn();
    writer.answerCheck();
    await turn();
    expect(writer.log).toEqual(["check a b c d e f g h", "check i j k l"]);
  });
});
