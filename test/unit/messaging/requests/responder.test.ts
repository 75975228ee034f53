import { describe, expect, it } from "vitest";
import type { ConnectionWarning } from "../../../../src/messaging/port/adapter-settings.ts";
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

  it("counts a request as done whose reply nobody can be sent, and warns", async () => {
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
