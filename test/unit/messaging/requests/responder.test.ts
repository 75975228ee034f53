import { describe, expect, it } from "vitest";
import type { ConnectionWarning } from "../../../../src/messaging/port/adapter-settings.ts";
import type { Transaction } from "../../../../src/messaging/receiving/handling/transact.ts";
import { forbidUnhandledRejections, toyConnected } from "../../../support/toy-connection.ts";
import { turns } from "../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const QUOTES = "queue://quotes";
const asked = { replyTo: "queue://answers", correlationId: "c1" };

describe("a responder", () => {
  it("sends the answer to where the request asks for it, then accepts the request", async () => {
    const { connection, session } = await toyConnected();
    const responder = connection.respond(QUOTES, async (message) => `re: ${message.text()}`);
    await responder.ready;
    session.to(QUOTES).deliver("price?", { more: asked });
    session.to(QUOTES).deliver("by id?", { more: { replyTo: "temp-queue://t" } });
    await turns(5);
    expect(session.log.slice(1)).toEqual([
      "send re: price?",
      "settle price? accepted",
      "send re: by id?",
      "settle by id? accepted",
    ]);
    expect(session.sends.map(({ destination, message }) => [destination, message.correlationId])).toEqual([
      [{ kind: "queue", name: "answers" }, "c1"],
      [{ kind: "temp-queue", name: "t" }, "id-by id?"],
    ]);
  });

  it("sends the answer to an address whose kind the request leaves open as to one", async () => {
    const { connection, session } = await toyConnected();
    connection.respond(QUOTES, () => "x");
    await turns();
    session.to(QUOTES).deliver("a", { more: { replyTo: "answers" } });
    session.to(QUOTES).deliver("b", { more: { replyTo: "queue://answers" } });
    await turns(5);
    const [open, named] = session.sends.map(({ destination }) => destination);
    expect([open, named]).toEqual([
      { kind: "queue", name: "answers", bare: true },
      { kind: "queue", name: "answers" },
    ]);
  });

  it.each<[object, string]>([
    [{ concurency: 2 }, "respond() has no option concurency: did you mean concurrency?"],
    [{ concurrency: 0 }, "concurrency is a positive whole number, not 0"],
    [{ redelivery: { maximum: 3 } }, "redelivery has no option maximum"],
    [{ transacted: "yes" }, "transacted is true or false, not 'yes'"],
  ])("with the options %j is refused at once, and nothing is subscribed", async (options, text) => {
    const { connection } = await toyConnected();
    expect(() => connection.respond(QUOTES, () => "x", options)).toThrow(text);
    expect(connection.stats().consumers).toBe(0);
  });

  it("sends nothing for undefined or without a reply address", async () => {
    const { connection, session } = await toyConnected();
    connection.respond(QUOTES, (message) => (message.text() === "quiet" ? undefined : "loud"));
    await turns();
    session.to(QUOTES).deliver("quiet", { more: asked });
    session.to(QUOTES).deliver("where?");
    await turns(5);
    expect(session.sent).toEqual([]);
    expect(session.log.slice(1)).toEqual(["settle quiet accepted", "settle where? accepted"]);
  });

  it("treats a throw as run() does: again as redelivery says, then a rejection", async () => {
    const { connection, session } = await toyConnected();
    const attempts: number[] = [];
    const answer = (_message: unknown, { attempt }: { attempt: number }) => {
      attempts.push(attempt);
      throw new Error("no price");
    };
    connection.respond(QUOTES, answer, { redelivery: { max: 1, initialDelayMs: 0 } });
    await turns();
    session.to(QUOTES).deliver("x", { more: asked });
    while (!session.log.some((line) => line.startsWith("settle"))) await turns();
    expect(attempts).toEqual([1, 2]);
    expect(session.log.at(-1)).toBe("settle x rejected no price");
  });

  it("accepts a request whose reply can be sent to nobody, and raises a warning", async () => {
    const { connection, session } = await toyConnected({}, { confirms: false });
    const warnings: ConnectionWarning[] = [];
    connection.on("warning", (warning) => warnings.push(warning));
    connection.respond(QUOTES, () => "too late");
    await turns();
    session.to(QUOTES).deliver("x", { more: asked });
    await turns();
    session.refuse("too late");
    await turns(3);
    expect(session.log.at(-1)).toBe("settle x accepted");
    expect(warnings).toMatchObject([{ code: "REPLY_REFUSED", message: expect.stringMatching(/queue:\/\/answers/) }]);
  });

  it("answers within the transaction that accepts the request", async () => {
    const { connection, session } = await toyConnected();
    connection.respond(QUOTES, () => "y", { transacted: true });
    await turns();
    session.to(QUOTES).deliver("x", { more: asked });
    await turns(5);
    expect(session.log.slice(1)).toEqual(["begin", "tx send y", "tx settle x accepted", "commit"]);
  });

  it("is done when it is closed", async () => {
    const { connection } = await toyConnected();
    const responder = connection.respond(QUOTES, () => "y");
    await responder.ready;
    await responder.close();
    await responder.done;
    expect(connection.stats().consumers).toBe(0);
  });

  it("is made with a function only", async () => {
    const { connection } = await toyConnected();
    expect(() => connection.respond(QUOTES, "y" as never)).toThrow(/is given a function/);
  });

  it("is not made with options run() refuses, and consumes nothing then", async () => {
    const { connection } = await toyConnected();
    expect(() => connection.respond("q", () => "x", { concurrency: 0 })).toThrow(/concurrency/);
    expect(() => connection.respond("q", () => "x", { redelivery: { max: -1 } })).toThrow(/max/);
    expect(connection.stats().consumers).toBe(0);
  });
});

/** Each with the warnings of the connection. */
async function warned(habits: Parameters<typeof toyConnected>[1] = {}) {
  const toy = await toyConnected({}, habits);
  const warnings: ConnectionWarning[] = [];
  toy.connection.on("warning", (warning) => warnings.push(warning));
  const settled = async () => {
    while (!toy.session.log.some((line) => /settle|commit/.test(line))) await turns();
    return toy.session.log.at(-1);
  };
  return { ...toy, warnings, settled };
}

describe("a reply that cannot be written", () => {
  it.each([
    ["a BigInt within an object", { n: 5n }],
    ["a Promise that was not awaited, within an object", { reply: Promise.resolve(1) }],
    ["a symbol", Symbol("x") as never],
  ])("is the handler's mistake: %s makes the request come again, then a dead letter", async (_, body) => {
    const { connection, session, warnings, settled } = await warned();
    let calls = 0;
    const answer = () => {
      calls += 1;
      return body;
    };
    connection.respond(QUOTES, answer, { redelivery: { max: 1, initialDelayMs: 0 } });
    await turns();
    session.to(QUOTES).deliver("x", { more: asked });
    expect(await settled()).toMatch(/^settle x rejected The (body|value)/);
    expect([calls, warnings]).toEqual([2, []]);
  });
});

describe("the reply-to of a request", () => {
  it.each([
    ["a list", "queue://PAYMENTS,queue://AUDIT"],
    ["a list by bare names", "PAYMENTS,AUDIT"],
    ["options", "queue://answers?consumer.prefetchSize=1"],
    ["no destination", "ftp://answers"],
  ])("is not answered when it has %s: REPLY_REFUSED, and the request is done", async (_, replyTo) => {
    const { connection, session, warnings, settled } = await warned();
    connection.respond(QUOTES, () => "secret");
    await turns();
    session.to(QUOTES).deliver("x", { more: { replyTo } });
    expect(await settled()).toBe("settle x accepted");
    expect(session.sent).toEqual([]);
    expect(warnings).toMatchObject([{ code: "REPLY_REFUSED", message: expect.stringContaining(replyTo) }]);
  });

  it("is answered only when the replyTo function says true, whatever else it returns", async () => {
    const { connection, session, warnings } = await warned();
    const asking: string[] = [];
    const verdicts: unknown[] = [true, false, "yes", Promise.resolve(true)];
    const replyTo = (destination: string) => {
      asking.push(destination);
      return verdicts[asking.length - 1] as boolean;
    };
    connection.respond(QUOTES, (message) => `re: ${message.text()}`, { replyTo });
    await turns();
    for (const body of ["1", "2", "3", "4"]) session.to(QUOTES).deliver(body, { more: { replyTo: "/queue/a" } });
    while (!session.log.includes("settle 4 accepted")) await turns();
    expect(asking).toEqual(Array(4).fill("queue://a"));
    expect(session.sent).toEqual(["re: 1"]);
    expect(warnings.map(({ code }) => code)).toEqual(Array(3).fill("REPLY_REFUSED"));
  });

  it("whose replyTo function throws makes the request come again, then a dead letter", async () => {
    const { connection, session, settled } = await warned();
    const replyTo = () => {
      throw new Error("no list of partners");
    };
    connection.respond(QUOTES, () => "y", { replyTo });
    await turns();
    session.to(QUOTES).deliver("x", { more: asked });
    expect(await settled()).toBe("settle x rejected no list of partners");
    expect(() => connection.respond(QUOTES, () => "y", { replyTo: "queue://a" as never })).toThrow(
      /replyTo is a function/,
    );
  });
});

describe("a transacted reply to a requester that is gone", () => {
  it("is REPLY_REFUSED, and the request is accepted, as without a transaction", async () => {
    const { connection, session, warnings, settled } = await warned();
    let calls = 0;
    const answer = () => {
      calls += 1;
      session.transactions.at(-1)?.refuses.add("y");
      return "y";
    };
    connection.respond(QUOTES, answer, { transacted: true });
    await turns();
    session.to(QUOTES).deliver("x", { more: asked });
    expect(await settled()).toBe("commit");
    expect(session.log.slice(1)).toEqual(["begin", "tx send y", "rollback", "begin", "tx settle x accepted", "commit"]);
    expect(warnings).toMatchObject([{ code: "REPLY_REFUSED" }]);
    expect(calls).toBe(1);
  });

  it("lets the handler do again what it did in the transaction, which was rolled back with the reply", async () => {
    const { connection, session, settled } = await warned();
    const answer = async (_: unknown, { transaction }: { transaction: Transaction | undefined }) => {
      session.transactions.at(-1)?.refuses.add("y");
      await transaction?.send("queue://audit", "seen");
      return "y";
    };
    connection.respond(QUOTES, answer, { transacted: true });
    await turns();
    session.to(QUOTES).deliver("x", { more: asked });
    expect(await settled()).toBe("commit");
    expect(session.log.slice(1)).toEqual([
      ...["begin", "tx send seen", "tx send y", "rollback"],
      ...["begin", "tx send seen", "tx settle x accepted", "commit"],
    ]);
  });
});
