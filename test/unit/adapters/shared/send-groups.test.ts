/** Sends that share transactions: when a transaction is begun, what it takes, and when it is committed. */
import { describe, expect, it } from "vitest";
import { TestSend } from "../stomp/messaging-steps.ts";
import { nameOf, outcomesOf, sendAll, sendMany, ToyWriter, turn, UNWRITABLE } from "./toy-writer.ts";

const MIB = 1024 * 1024;

/** A writer whose first transaction is committed and unanswered. */
async function committing(letters = "a") {
  const writer = new ToyWriter();
  const sends = sendAll(writer, letters);
  await turn();
  return { writer, sends };
}

/** How many members each transaction has, in the order of the transactions. */
function membersOf({ log }: ToyWriter): number[] {
  const counts = new Map<string, number>();
  for (const [, number = ""] of log.join("\n").matchAll(/ in (\d+)$/gm)) {
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return [...counts.values()];
}

const commits = ({ log }: ToyWriter) => log.filter((line) => line.startsWith("commit"));

describe("sends while no commit is unanswered", () => {
  it("one send is begun, written and committed in one turn, and confirmed when its commit is answered", async () => {
    const { writer, sends } = await committing();
    expect(writer.log).toEqual(["begin 1", "a in 1", "commit 1"]);
    expect([sends[0]?.written, outcomesOf(sends)]).toEqual([1, "-"]);
    writer.store(1);
    expect(outcomesOf(sends)).toBe("confirmed");
    await turn();
    expect([writer.groups.idle, writer.log.length]).toEqual([true, 3]);
  });

  it("the sends of one turn share a transaction, those of its promises and ticks too", async () => {
    const writer = new ToyWriter();
    sendAll(writer, "ab");
    void Promise.resolve().then(() => sendAll(writer, "c"));
    process.nextTick(() => sendAll(writer, "d"));
    expect(writer.log).toEqual([]);
    await turn();
    expect(writer.log).toEqual(["begin 1", "a in 1", "b in 1", "c in 1", "d in 1", "commit 1"]);
  });

  it("a send after an answered commit begins a new transaction", async () => {
    const { writer } = await committing();
    writer.store(1);
    await turn();
    sendAll(writer, "b");
    await turn();
    expect(writer.log.slice(3)).toEqual(["begin 2", "b in 2", "commit 2"]);
  });

  it("no transaction is begun for sends that their callers have abandoned", async () => {
    const writer = new ToyWriter();
    const sends = sendAll(writer, "abc");
    for (const send of sends) send.abandoned = true;
    await turn();
    expect([writer.log, outcomesOf(sends), writer.groups.idle]).toEqual([[], "- - -", true]);
  });

  it("an abandoned send is left out of a transaction whose other members are written", async () => {
    const writer = new ToyWriter();
    const sends = sendAll(writer, "abc");
    Object.assign(sends[1] as TestSend, { abandoned: true });
    await turn();
    expect(writer.log).toEqual(["begin 1", "a in 1", "c in 1", "commit 1"]);
    writer.store(1);
    expect(outcomesOf(sends)).toBe("confirmed - confirmed");
  });

  it("a send that the protocol cannot write fails alone", async () => {
    const writer = new ToyWriter();
    const unwritable = new TestSend(UNWRITABLE);
    const [a] = sendAll(writer, "a");
    writer.groups.send(unwritable);
    const [b] = sendAll(writer, "b");
    await turn();
    expect(writer.log).toEqual(["begin 1", "a in 1", "b in 1", "commit 1"]);
    writer.store(1);
    expect(outcomesOf([a, unwritable, b] as TestSend[])).toBe("confirmed failed confirmed");
  });

  it("a transaction of which no member could be written is rolled back, and the next send begins another", async () => {
    const writer = new ToyWriter();
    writer.groups.send(new TestSend(UNWRITABLE));
    await turn();
    expect([writer.log, writer.groups.idle]).toEqual([["begin 1", "roll back 1"], true]);
    sendAll(writer, "a");
    await turn();
    expect(writer.log.slice(2)).toEqual(["begin 2", "a in 2", "commit 2"]);
  });
});

describe("sends during a commit", () => {
  it("are written at once into the next transaction, which is committed when the first is answered", async () => {
    const { writer, sends } = await committing();
    sends.push(...sendAll(writer, "b"));
    await turn();
    sends.push(...sendAll(writer, "c"));
    await turn();
    expect(writer.log.slice(3)).toEqual(["begin 2", "b in 2", "c in 2"]);
    expect(writer.groups.unanswered.map(nameOf)).toEqual(["a", "b", "c"]);
    writer.store(1);
    await turn();
    expect(writer.log.slice(6)).toEqual(["commit 2"]);
    expect(outcomesOf(sends)).toBe("confirmed - -");
    writer.store(2);
    expect(outcomesOf(sends)).toBe("confirmed confirmed confirmed");
  });

  it("are committed at the end of the turn of the answer, with what callers send on their confirmation", async () => {
    const { writer, sends } = await committing();
    void sends[0]?.outcome.then(() => sendAll(writer, "c"));
    sendAll(writer, "b");
    await turn();
    writer.store(1);
    expect(commits(writer)).toEqual(["commit 1"]);
    await turn();
    expect(writer.log.slice(3)).toEqual(["begin 2", "b in 2", "c in 2", "commit 2"]);
  });

  it("are committed at once after the answer, before callers are told, when the next transaction has 128 members", async () => {
    const { writer, sends } = await committing();
    const committedWhenTold: string[][] = [];
    void sends[0]?.outcome.then(() => committedWhenTold.push(commits(writer)));
    sendMany(writer, 128);
    await turn();
    writer.store(1);
    expect(commits(writer)).toEqual(["commit 1", "commit 2"]);
    await turn();
    expect(committedWhenTold).toEqual([["commit 1", "commit 2"]]);
  });

  it("wait for the end of the turn when the next transaction has 127 members", async () => {
    const { writer } = await committing();
    sendMany(writer, 127);
    await turn();
    writer.store(1);
    expect(commits(writer)).toEqual(["commit 1"]);
    await turn();
    expect(commits(writer)).toEqual(["commit 1", "commit 2"]);
  });

  it("leave no transaction behind when the only one of them cannot be written", async () => {
    const { writer } = await committing();
    writer.groups.send(new TestSend(UNWRITABLE));
    await turn();
    expect(writer.log.slice(3)).toEqual(["begin 2", "roll back 2"]);
    writer.store(1);
    await turn();
    expect([commits(writer), writer.groups.idle]).toEqual([["commit 1"], true]);
  });
});

describe("the bounds of a transaction", () => {
  it("are 500 members: one transaction commits, one is written behind it, and the rest waits", async () => {
    const writer = new ToyWriter();
    const sends = sendMany(writer, 1_200);
    await turn();
    expect([membersOf(writer), commits(writer)]).toEqual([[500, 500], ["commit 1"]]);
    writer.store(1);
    await turn();
    expect([membersOf(writer), commits(writer)]).toEqual([
      [500, 500, 200],
      ["commit 1", "commit 2"],
    ]);
    writer.store(2);
    await turn();
    writer.store(3);
    expect(sends.every(({ outcomes }) => outcomes.length === 1)).toBe(true);
  });

  it("are 1 MiB of bodies, which several members may have together exactly", async () => {
    const writer = new ToyWriter();
    sendMany(writer, 5, MIB / 4);
    await turn();
    expect(membersOf(writer)).toEqual([4, 1]);
  });

  it("leave a larger message alone in its transaction, in its place", async () => {
    const writer = new ToyWriter();
    sendAll(writer, "a");
    writer.groups.send(new TestSend(Buffer.alloc(MIB + 1), { type: "large" }));
    sendAll(writer, "b");
    await turn();
    expect(writer.log).toEqual(["begin 1", "a in 1", "commit 1", "begin 2", "large in 2"]);
    writer.store(1);
    await turn();
    expect(writer.log.slice(5)).toEqual(["commit 2", "begin 3", "b in 3"]);
  });
});
