import { afterEach, describe, expect, it } from "vitest";
import { InvalidArgumentError, MessageTooLargeError, SendRejectedError } from "../../../../../src/errors/errors.ts";
import type { MessagingSession } from "../../../../../src/messaging/port/messaging-session.ts";
import { lossOf, settled, TestSend } from "../messaging-steps.ts";
import { ARTEMIS, attempt, CLASSIC, frame, StompPeer } from "../stomp-peer.ts";

const open: AsyncDisposable[] = [];
async function connected(server = CLASSIC, version = "1.2") {
  const peer = await StompPeer.greeting(server, version);
  open.push(peer);
  const session = await attempt(peer.endpoint);
  return { session, peer: peer.connection };
}
afterEach(async () => {
  for (const peer of open.splice(0)) await peer[Symbol.asyncDispose]();
});

function sendAll(session: MessagingSession, count: number): TestSend[] {
  const sends = Array.from({ length: count }, (_, index) => new TestSend(`message ${index}`, { id: `id-${index}` }));
  for (const send of sends) session.send(send);
  return sends;
}

describe("sends", () => {
  it("are confirmed by their receipts, in any order, and make the session useful", async () => {
    const { session, peer } = await connected();
    const sends = sendAll(session, 3);
    const last = await peer.frame("SEND", 2);
    expect(sends.map((send) => send.written)).toEqual([1, 1, 1]);
    expect(session.useful).toBe(false);
    peer.receipt(last);
    expect(await sends[2]?.outcome).toEqual({ kind: "confirmed" });
    expect(session.useful).toBe(true);
    expect(sends.map((send) => send.outcomes.length)).toEqual([0, 0, 1]);
    for (const sent of peer.all("SEND").slice(0, 2)) peer.receipt(sent);
    expect(await sends[0]?.outcome).toEqual({ kind: "confirmed" });
    expect(await sends[1]?.outcome).toEqual({ kind: "confirmed" });
  });

  it("are written in the order of the calls, with a receipt each, in few pieces", async () => {
    const { session, peer } = await connected();
    await settled();
    const before = peer.chunks;
    sendAll(session, 200);
    await peer.frame("SEND", 199);
    const sent = peer.all("SEND");
    expect(sent.map(({ body }) => body.toString())).toEqual(sent.map((_, index) => `message ${index}`));
    expect(new Set(sent.map(({ headers }) => headers["receipt"])).size).toBe(200);
    // 200 frames are 600 writes of stompit's; the socket joins those of one turn.
    expect(peer.chunks - before).toBeLessThanOrEqual(3);
  });

  it.each([
    ["text with every escape", "a:b\n\r\\c", "1.2"],
    ["text with a NUL", "a\0b", "1.2"],
    ["nothing", "", "1.2"],
    ["bytes", Buffer.from([0, 10, 13, 0, 255]), "1.2"],
    ["bytes over 1.1", Buffer.from([0, 10, 13, 0, 255]), "1.1"],
    ["more than one write", Buffer.alloc(300_000, "x"), "1.2"],
  ])("carry %s unchanged", async (_, body, version) => {
    const { session, peer } = await connected(CLASSIC, version);
    session.send(new TestSend(body));
    const sent = await peer.frame("SEND");
    expect(sent.body.equals(Buffer.from(body))).toBe(true);
  });

  it("carry properties escaped", async () => {
    const { session, peer } = await connected();
    const properties = { "a:b": "c:d\ne\rf\\g", blank: " x ", empty: "", ünï: "€😀" };
    session.send(new TestSend("x", { properties }));
    expect((await peer.frame("SEND")).headers).toMatchObject(properties);
  });

  it("are written again from the same bytes, with a new receipt", async () => {
    const { session, peer } = await connected();
    const send = new TestSend("x", { ttlMs: 60_000, properties: { n: 1 } });
    session.send(send);
    const first = await peer.frame("SEND");
    const again = await connected();
    const { encoded } = send;
    again.session.send(send);
    const second = await again.peer.frame("SEND");
    expect(send.encoded).toBe(encoded);
    expect({ ...second.headers, receipt: "" }).toEqual({ ...first.headers, receipt: "" });
    expect(second.body).toEqual(first.body);
  });

  it("are encoded anew for a broker of another kind", async () => {
    const { session, peer } = await connected();
    const send = new TestSend("x");
    session.send(send);
    expect((await peer.frame("SEND")).headers["destination"]).toBe("/queue/orders");
    const artemis = await connected(ARTEMIS);
    artemis.session.send(send);
    expect((await artemis.peer.frame("SEND")).headers["destination"]).toBe("orders");
  });

  it("that nobody waits for any more are not written", async () => {
    const { session, peer } = await connected();
    const dropped = new TestSend("dropped");
    dropped.abandoned = true;
    session.send(dropped);
    session.send(new TestSend("sent"));
    expect((await peer.frame("SEND")).body.toString()).toBe("sent");
    expect([dropped.written, dropped.outcomes.length]).toEqual([0, 0]);
  });

  it.each([
    ["a reserved name", { receipt: "x" }, CLASSIC, "1.2"],
    ["a header line that Classic would close for", { long: "€".repeat(3500) }, CLASSIC, "1.2"],
    ["escapes that make it too long for Classic", { long: ":".repeat(5200) }, CLASSIC, "1.2"],
    [
      "more headers than Classic takes",
      Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`p${i}`, 1])),
      CLASSIC,
      "1.2",
    ],
    ["a carriage return over 1.1", { a: "b\rc" }, CLASSIC, "1.1"],
  ])("with %s fail alone, before anything is written", async (_, properties, server, version) => {
    const { session, peer } = await connected(server, version);
    const send = new TestSend("x", { properties });
    session.send(send);
    expect(send.outcomes).toEqual([]);
    const outcome = await send.outcome;
    expect(outcome).toMatchObject({ kind: "failed", error: { code: "INVALID_ARGUMENT" } });
    expect(send.written).toBe(0);
    session.send(new TestSend("next"));
    expect((await peer.frame("SEND")).body.toString()).toBe("next");
  });

  it("carry to Artemis what is too long for Classic", async () => {
    const { session, peer } = await connected(ARTEMIS);
    session.send(new TestSend("x", { properties: { long: "€".repeat(3500) } }));
    expect((await peer.frame("SEND")).headers["long"]).toHaveLength(3500);
  });
});

describe("an ERROR that names a receipt", () => {
  it("rejects that send alone, with the broker's words", async () => {
    const { session, peer } = await connected();
    const sends = sendAll(session, 3);
    await peer.frame("SEND", 2);
    const [first, second, third] = peer.all("SEND");
    if (!first || !second || !third) throw new Error("missing");
    peer.receipt(first);
    const trace = `javax.jms.ResourceAllocationException: Usage Manager Store is Full\n\tat a.b.C(D.java:1)`;
    const named = { "receipt-id": second.headers["receipt"] ?? "", message: "Usage Manager Store is Full" };
    peer.write(frame("ERROR", named, trace));
    peer.receipt(third);
    expect(await sends[0]?.outcome).toEqual({ kind: "confirmed" });
    expect(await sends[2]?.outcome).toEqual({ kind: "confirmed" });
    const refused = await sends[1]?.outcome;
    const error = refused?.kind === "failed" ? refused.error : undefined;
    expect(error).toBeInstanceOf(SendRejectedError);
    expect(error).toMatchObject({ id: "id-1", code: "SEND_REJECTED", inDoubt: false, retryable: true });
    expect(error?.message).toMatch(
      /refused message id-1 to queue:\/\/orders: .*Usage Manager Store is Full\. There is no room/,
    );
    expect(String(error?.cause)).toContain("D.java:1");
  });

  it("is followed by the end of the session when the broker closes, as Artemis does", async () => {
    const { session, peer } = await connected(ARTEMIS);
    const [refused, waiting] = sendAll(session, 2);
    const { headers } = await peer.frame("SEND");
    const text = "AMQ229032: User: scott does not have permission='SEND' on address orders";
    peer.socket.end(
      frame("ERROR", { message: text.replaceAll(":", ""), "receipt-id": headers["receipt"] ?? "" }, text),
    );
    const outcome = await refused?.outcome;
    expect(outcome).toMatchObject({ kind: "failed", error: { code: "SEND_REJECTED" } });
    expect(outcome?.kind === "failed" && outcome.error.message).toMatch(/: AMQ229032: User: \*\*\* does not/);
    expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST", retryable: true });
    expect(waiting?.outcomes).toEqual([]);
  });

  it("ends the session on Artemis at once, so that the errors it sends to all that follows blame nobody", async () => {
    const { session, peer } = await connected(ARTEMIS);
    const [refused, innocent] = sendAll(session, 2);
    const second = await peer.frame("SEND", 1);
    const [first] = peer.all("SEND");
    const error = (sent: typeof first, message: string) =>
      frame("ERROR", { message, "receipt-id": sent?.headers["receipt"] ?? "" });
    peer.write(error(first, "AMQ229032 no permission") + error(second, "AMQ339010 Connection is not valid."));
    expect(await refused?.outcome).toMatchObject({ kind: "failed", error: { code: "SEND_REJECTED" } });
    expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST" });
    await settled();
    expect(innocent?.outcomes).toEqual([]);
  });
});

it("a throw out of messaging ends the session and nothing else", async () => {
  const { session, peer } = await connected();
  const send = new TestSend("x");
  const cause = new Error("a mistake");
  send.onOutcome = () => {
    throw cause;
  };
  session.send(send);
  peer.receipt(await peer.frame("SEND"));
  expect(await lossOf(session)).toMatchObject({ code: "INTERNAL", cause });
  session.send(new TestSend("late"));
  expect(() => session.destroy(new InvalidArgumentError("again"))).not.toThrow();
});

describe("an ERROR that names nobody and says too large", () => {
  const tooLarge = frame("ERROR", { message: "The maximum data length was exceeded" });

  it("rejects the largest send that waits, and ends the session with the others open", async () => {
    const { session, peer } = await connected();
    const sends = [10, 3000, 200].map((bytes) => new TestSend(Buffer.alloc(bytes), { id: `${bytes}` }));
    for (const send of sends) session.send(send);
    await peer.frame("SEND", 2);
    peer.socket.end(tooLarge);
    const outcome = await sends[1]?.outcome;
    const error = outcome?.kind === "failed" ? outcome.error : undefined;
    expect(error).toBeInstanceOf(MessageTooLargeError);
    expect(error).toMatchObject({ id: "3000", retryable: false, message: expect.stringMatching(/of 3000 bytes/) });
    await lossOf(session);
    expect([sends[0]?.outcomes, sends[2]?.outcomes]).toEqual([[], []]);
  });

  it("rejects nothing when no send waits, or when it says something else", async () => {
    for (const error of [tooLarge, frame("ERROR", { message: "The maximum header length was exceeded" })]) {
      const { session, peer } = await connected();
      const send = new TestSend("x");
      session.send(send);
      const written = await peer.frame("SEND");
      if (error === tooLarge) peer.receipt(written);
      peer.socket.end(error);
      expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST" });
      expect(send.outcomes.filter(({ kind }) => kind === "failed")).toEqual([]);
    }
  });
});

describe("a send that is refused for want of room", () => {
  it.each([
    [
      CLASSIC,
      "Persistent store is Full, 100% of 4194304. Stopping producer (ID:a) to prevent flooding queue://full",
      true,
    ],
    [CLASSIC, "Usage Manager Memory Limit reached. Stopping producer", true],
    [ARTEMIS, "AMQ339011 Error sending message CoreMessage[messageID=48]", true],
    [CLASSIC, "User scott is not authorized to write to: queue://full", false],
    [CLASSIC, "Unsupported message type 'picture'", false],
  ])("by %s with %s is worth repeating: %s", async (server, message, retryable) => {
    const { session, peer } = await connected(server);
    // With an id of the caller's it asks Artemis for a receipt.
    const send = new TestSend("x", { id: "mine" });
    session.send(send);
    const { headers } = await peer.frame("SEND");
    peer.write(frame("ERROR", { "receipt-id": headers["receipt"] ?? "", message }));
    expect(await send.outcome).toMatchObject({ kind: "failed", error: { code: "SEND_REJECTED", retryable } });
  });
});
