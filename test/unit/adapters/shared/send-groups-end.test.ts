/** What waits for all sends before it, what the end of a session does, and what cannot be written yet. */
import { describe, expect, it } from "vitest";
import type { TestSend } from "../stomp/messaging-steps.ts";
import { nameOf, outcomesOf, sendAll, sendInDoubt, ToyWriter, turn } from "./toy-writer.ts";

/** `a` is committed and unanswered, `b` is written behind it, and `c` and `d` wait behind a check. */
async function underWay() {
  const writer = new ToyWriter();
  const sends = sendAll(writer, "a");
  await turn();
  sends.push(...sendAll(writer, "b"), ...sendInDoubt(writer, "c"), ...sendAll(writer, "d"));
  await turn();
  expect(writer.log).toEqual(["begin 1", "a in 1", "commit 1", "begin 2", "b in 2"]);
  return { writer, sends };
}

describe("what is behind the sends so far", () => {
  it("is called at once when nothing waits and nothing is unanswered", () => {
    const { groups, log } = new ToyWriter();
    groups.behind(() => log.push("behind"));
    expect(log).toEqual(["behind"]);
  });

  it("is called when the sends before it are stored, and before those after it are begun", async () => {
    const writer = new ToyWriter();
    sendAll(writer, "a");
    await turn();
    sendAll(writer, "b");
    writer.groups.behind(() => writer.log.push("behind"));
    sendAll(writer, "c");
    await turn();
    expect(writer.log).toEqual(["begin 1", "a in 1", "commit 1", "begin 2", "b in 2"]);
    writer.store(1);
    await turn();
    writer.store(2);
    await turn();
    expect(writer.log.slice(5)).toEqual(["commit 2", "behind", "begin 3", "c in 3", "commit 3"]);
  });

  it("is called when the sends before it are refused by name", async () => {
    const writer = new ToyWriter();
    const sends = sendAll(writer, "a");
    writer.groups.behind(() => writer.log.push("behind"));
    await turn();
    writer.refuse(1, ...sends);
    await turn();
    expect(writer.log.slice(3)).toEqual(["behind"]);
  });

  it("waits for the check of members whose transaction was refused", async () => {
    const writer = new ToyWriter();
    sendAll(writer, "a");
    writer.groups.behind(() => writer.log.push("behind"));
    await turn();
    writer.refuse(1);
    await turn();
    expect(writer.log.slice(3)).toEqual(["check a"]);
    writer.answerCheck();
    await turn();
    expect(writer.log.slice(4)).toEqual(["behind"]);
  });

  it("is called at the end of the session when the sends before it have no answer", async () => {
    const { writer } = await underWay();
    writer.groups.behind(() => writer.log.push("behind"));
    await turn();
    expect(writer.log).not.toContain("behind");
    writer.open = false;
    writer.groups.end();
    expect(writer.log.at(-1)).toBe("behind");
  });

  it("is called at once when nothing is written any more", async () => {
    const { writer } = await underWay();
    writer.open = false;
    writer.groups.behind(() => writer.log.push("behind"));
    expect(writer.log.at(-1)).toBe("behind");
  });
});

describe("a session that is about to be closed", () => {
  it("commits what is written behind an unanswered commit, and still hears the answers", async () => {
    const { writer, sends } = await underWay();
    writer.groups.close();
    expect(writer.log.slice(5)).toEqual(["commit 2"]);
    writer.open = false;
    writer.store(1);
    writer.store(2);
    await turn();
    expect([outcomesOf(sends), writer.log.length]).toEqual(["confirmed confirmed - -", 6]);
  });

  it("writes and commits what was sent in the same turn", () => {
    const writer = new ToyWriter();
    sendAll(writer, "ab");
    writer.groups.close();
    expect(writer.log).toEqual(["begin 1", "a in 1", "b in 1", "commit 1"]);
  });
});

describe("the end of a session", () => {
  it("rolls back what is not committed", async () => {
    const { writer } = await underWay();
    writer.groups.end();
    expect(writer.log.slice(5)).toEqual(["roll back 2"]);
  });

  it("tells nobody of an outcome, whatever the broker still says", async () => {
    const { writer, sends } = await underWay();
    writer.groups.end();
    writer.store(1);
    await turn();
    expect([outcomesOf(sends), writer.log.length]).toEqual(["- - - -", 6]);
  });

  it("tells nobody of a refusal either, and checks nothing", async () => {
    const { writer, sends } = await underWay();
    Object.assign(sends[0] as TestSend, { abandoned: true });
    writer.groups.end();
    writer.refuse(1);
    await turn();
    expect([outcomesOf(sends), writer.log.length]).toEqual(["- - - -", 6]);
  });

  it("has nothing written any more, though a check is answered after it", async () => {
    const writer = new ToyWriter();
    sendInDoubt(writer, "a");
    sendAll(writer, "b");
    await turn();
    writer.groups.end();
    writer.answerCheck();
    sendAll(writer, "c");
    await turn();
    expect(writer.log).toEqual(["check a"]);
  });
});

describe("sends that are stopped, because nothing can be written any more", () => {
  it("are returned where nothing of them can be stored: those not written, and those rolled back", async () => {
    const { writer } = await underWay();
    const unstored = writer.groups.stop();
    expect([writer.log.slice(5), unstored.map(nameOf)]).toEqual([["roll back 2"], ["b", "c", "d"]]);
  });

  it("are confirmed when they were being committed and the broker stores them after that", async () => {
    const { writer, sends } = await underWay();
    writer.groups.stop();
    writer.store(1);
    await turn();
    expect([outcomesOf(sends), writer.log.length]).toEqual(["confirmed - - -", 6]);
  });

  it("fail, and are not checked, when they were being committed and the broker refuses after that", async () => {
    const { writer, sends } = await underWay();
    writer.groups.stop();
    writer.refuse(1);
    await turn();
    expect([outcomesOf(sends), writer.log.length]).toEqual(["failed - - -", 6]);
  });

  it("are returned where they wait for a check to be answered", async () => {
    const writer = new ToyWriter();
    sendInDoubt(writer, "a");
    sendAll(writer, "b");
    await turn();
    expect(writer.groups.stop().map(nameOf)).toEqual(["b"]);
  });
});

describe("sends that cannot be written yet", () => {
  it("are written once flush() is called, when a transaction takes a while to begin", async () => {
    const writer = new ToyWriter();
    writer.ready = false;
    sendAll(writer, "ab");
    await turn();
    expect([writer.log, writer.groups.idle]).toEqual([[], false]);
    writer.ready = true;
    await turn();
    expect(writer.log).toEqual([]);
    writer.groups.flush();
    expect(writer.log).toEqual(["begin 1", "a in 1", "b in 1", "commit 1"]);
  });

  it("are written during a commit too once the next transaction has begun", async () => {
    const writer = new ToyWriter();
    sendAll(writer, "a");
    await turn();
    writer.ready = false;
    sendAll(writer, "b");
    await turn();
    expect(writer.log.slice(3)).toEqual([]);
    writer.ready = true;
    writer.groups.flush();
    expect(writer.log.slice(3)).toEqual(["begin 2", "b in 2"]);
  });

  it("are begun only when there is room for them, in a transaction or as a check", async () => {
    for (const [send, expected] of [
      [sendAll, ["begin 1", "a in 1", "commit 1"]],
      [sendInDoubt, ["check a"]],
    ] as const) {
      const writer = new ToyWriter();
      writer.room = 0;
      send(writer, "a");
      await turn();
      expect(writer.log).toEqual([]);
      writer.room = 1;
      writer.groups.flush();
      expect(writer.log).toEqual(expected);
    }
  });

  it("wait when the room ends in the middle of a transaction, whose members are committed", async () => {
    const writer = new ToyWriter();
    const sends = sendAll(writer, "abc");
    for (const send of sends) send.onWritten = () => void --writer.room;
    writer.room = 2;
    await turn();
    expect(writer.log).toEqual(["begin 1", "a in 1", "b in 1", "commit 1"]);
    writer.room = 2;
    writer.groups.flush();
    expect(writer.log.slice(4)).toEqual(["begin 2", "c in 2"]);
  });

  it("are not written at all when the session ends before their turn does", async () => {
    const writer = new ToyWriter();
    sendAll(writer, "a");
    writer.open = false;
    await turn();
    expect(writer.log).toEqual([]);
  });
});

describe("a mistake of the protocol", () => {
  it("that is thrown while sends are written goes to the guard", async () => {
    const writer = new ToyWriter();
    const mistake = new Error("a mistake");
    writer.begin = () => {
      throw mistake;
    };
    sendAll(writer, "a");
    await turn();
    expect(writer.mistakes).toEqual([mistake]);
  });
});
