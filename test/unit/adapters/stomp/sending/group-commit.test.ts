import { afterEach, describe, expect, it, vi } from "vitest";
import { MessageTooLargeError, SendRejectedError } from "../../../../../src/errors/errors.ts";
import type { MessageOptions } from "../../../../../src/messaging/messages/outgoing-message.ts";
import type { AdapterSettings } from "../../../../../src/messaging/port/adapter-settings.ts";
import type { MessagingSession } from "../../../../../src/messaging/port/messaging-session.ts";
import { lossOf, settled, TestConsumer, TestSend } from "../messaging-steps.ts";
import { attempt, CLASSIC, frame, type PeerConnection, type PeerFrame, StompPeer } from "../stomp-peer.ts";

const open: AsyncDisposable[] = [];
/** Long enough not to come in a test. */
const BEATS = 60_000;

async function connected(settings: Partial<AdapterSettings> = {}, server = CLASSIC, beats = BEATS) {
  const peer = await StompPeer.greeting(server, "1.2", `${beats},${beats}`);
  open.push(peer);
  const session = await attempt(peer.endpoint, { groupCommit: true, heartbeatMs: BEATS, ...settings });
  return { session, peer: peer.connection };
}
afterEach(async () => {
  vi.useRealTimers();
  for (const peer of open.splice(0)) await peer[Symbol.asyncDispose]();
});

function sendAll(session: MessagingSession, bodies: string, options: MessageOptions = {}): TestSend[] {
  const sends = [...bodies].map((body) => new TestSend(body, { id: `id-${body}`, ...options }));
  for (const send of sends) session.send(send);
  return sends;
}

/** What has come since CONNECT, a word a frame: a SEND by its body, with "?" where it asks for a receipt. */
function words(peer: PeerConnection): string {
  const word = ({ command, headers, body }: PeerFrame) => {
    const name = command === "SEND" ? `${body}` : command;
    const of = headers["transaction"] === undefined ? "" : `@${headers["transaction"].replace("group-", "")}`;
    return `${name}${of}${headers["receipt"] === undefined ? "" : "?"}`;
  };
  return peer.frames.slice(1).map(word).join(" ");
}

const outcomesOf = (sends: readonly TestSend[]) =>
  sends.map(({ outcomes }) => outcomes.map(({ kind }) => kind).join()).join(" ");
const unnamed = (message: string) => frame("ERROR", { message });
const named = (to: PeerFrame, message: string) =>
  frame("ERROR", { message, "receipt-id": to.headers["receipt"] ?? "" });
const isSend = (body: string) => (sent: PeerFrame) => `${sent.body}` === body;

/** The last frame that asks for a receipt, as soon as there are `count` frames beside CONNECT. */
async function asking(peer: PeerConnection, count: number): Promise<PeerFrame> {
  await peer.until(() => peer.frames.length > count, `${count} frames: ${words(peer)}`);
  const last = peer.frames.filter(({ headers }) => headers["receipt"] !== undefined).at(-1);
  if (!last) throw new Error("nothing asks");
  return last;
}

/** The group of `first` is past its fence, and `second` was waiting by then. */
async function fenced(first: string, second: string) {
  const { session, peer } = await connected();
  const sends = sendAll(session, first);
  const fence = await asking(peer, first.length + 2);
  sends.push(...sendAll(session, second));
  await turns();
  peer.receipt(fence);
  return { session, peer, sends };
}

describe("group commit", () => {
  it("writes one send at a time as without it", async () => {
    const bytes: string[] = [];
    for (const groupCommit of [true, false]) {
      const { session, peer } = await connected({ groupCommit });
      for (const body of "abc") {
        const [send] = sendAll(session, body);
        peer.receipt(await asking(peer, peer.all("SEND").length + 1));
        expect(await send?.outcome).toEqual({ kind: "confirmed" });
      }
      expect(words(peer)).toBe("a? b? c?");
      bytes.push(peer.bytes.toString().replace(/host.*/g, ""));
    }
    expect(bytes[0]).toBe(bytes[1]);
  });

  it("stores the sends of one turn in one transaction, committed once its fence says that none was refused", async () => {
    const { session, peer } = await connected();
    const sends = sendAll(session, "abc");
    const fence = await asking(peer, 5);
    expect(words(peer)).toBe("BEGIN@0 a@0 b@0 c@0 BEGIN@1?");
    expect(sends.map(({ written }) => written)).toEqual([1, 1, 1]);
    peer.receipt(fence);
    const commit = await asking(peer, 6);
    expect(words(peer)).toContain("BEGIN@1? COMMIT@0?");
    expect([outcomesOf(sends).trim(), session.useful]).toEqual(["", false]);
    peer.receipt(commit);
    await sends[2]?.outcome;
    expect([outcomesOf(sends), session.useful]).toEqual(["confirmed confirmed confirmed", true]);
  });

  it("gathers what comes meanwhile, in order, and what is sent upon a confirmation with it", async () => {
    const { session, peer } = await connected();
    const [first] = sendAll(session, "a");
    const single = await asking(peer, 1);
    sendAll(session, "bc");
    await settled();
    expect(words(peer)).toBe("a?");
    void first?.outcome.then(() => sendAll(session, "d"));
    peer.receipt(single);
    const fence = await asking(peer, 6);
    expect(words(peer)).toBe("a? BEGIN@0 b@0 c@0 d@0 BEGIN@1?");
    sendAll(session, "ef");
    peer.receipt(fence);
    peer.receipt(await asking(peer, 7));
    await asking(peer, 10);
    expect(words(peer)).toBe("a? BEGIN@0 b@0 c@0 d@0 BEGIN@1? COMMIT@0? e@1 f@1 BEGIN@2?");
  });

  it("bounds a group by count and bytes, and sends by itself what is larger", async () => {
    const { session, peer } = await connected();
    for (let n = 0; n < 200; n++) session.send(new TestSend("x"));
    peer.receipt(await asking(peer, 130));
    expect(peer.all("SEND")).toHaveLength(128);
    peer.receipt(await asking(peer, 131));
    await asking(peer, 131 + 73);
    const more = await connected();
    for (const size of [100_000, 100_000, 100_000, 300_000]) more.session.send(new TestSend(Buffer.alloc(size)));
    more.peer.receipt(await asking(more.peer, 4));
    more.peer.receipt(await asking(more.peer, 5));
    await asking(more.peer, 7);
    expect(more.peer.frames.slice(4).map(({ command, body }) => [command, body.length])).toEqual([
      ["BEGIN", 0],
      ["COMMIT", 0],
      ["SEND", 100_000],
      ["BEGIN", 0],
    ]);
  });

  it("has the next group follow behind COMMIT when as much waits as half of it, committed once nothing else commits", async () => {
    const { session, peer, sends } = await fenced("abcd", "ef");
    const behind = await asking(peer, 10);
    expect(words(peer)).toBe("BEGIN@0 a@0 b@0 c@0 d@0 BEGIN@1? COMMIT@0? e@1 f@1 BEGIN@2?");
    const third = sendAll(session, "g");
    // No broker answers so: it would be the second group's turn before the first one's end.
    peer.receipt(behind);
    await settled();
    expect(words(peer)).toMatch(/BEGIN@2\?$/);
    const commit = peer.all("COMMIT")[0];
    if (commit) peer.receipt(commit);
    await asking(peer, 13);
    expect(words(peer)).toMatch(/BEGIN@2\? COMMIT@1\? g@2 BEGIN@3\?$/);
    expect(outcomesOf([...sends, ...third]).trim()).toBe("confirmed confirmed confirmed confirmed");
  });

  it("lets less than half a group wait for the end of COMMIT", async () => {
    const { peer } = await fenced("abc", "d");
    const commit = await asking(peer, 6);
    await settled();
    expect(words(peer)).toMatch(/COMMIT@0\?$/);
    peer.receipt(commit);
    await asking(peer, 7);
    expect(words(peer)).toMatch(/COMMIT@0\? d\?$/);
  });

  it("stores nothing of a group behind a COMMIT that is refused before what that was to store", async () => {
    const { peer, sends } = await fenced("ab", "cd");
    const behind = await asking(peer, 8);
    peer.write(named(peer.all("COMMIT")[0] ?? behind, "a member was refused"));
    await asking(peer, 10);
    expect(words(peer)).toMatch(/c@1 d@1 BEGIN@2\? a\? b\?$/);
    peer.receipt(behind);
    await asking(peer, 13);
    expect(words(peer)).toMatch(/a\? b\? ABORT@1 c\? d\?$/);
    for (const send of peer.all("SEND").slice(-4)) peer.receipt(send);
    await sends[3]?.outcome;
    expect(outcomesOf(sends)).toBe("confirmed confirmed confirmed confirmed");
  });

  it("takes an ERROR that comes before the end of COMMIT for its group's, not for that behind it", async () => {
    const { peer, sends } = await fenced("ab", "cd");
    const behind = await asking(peer, 8);
    peer.write(unnamed("told late"));
    const commit = peer.all("COMMIT")[0];
    if (commit) peer.receipt(commit);
    await asking(peer, 10);
    expect(words(peer)).toMatch(/BEGIN@2\? a\? b\?$/);
    peer.receipt(behind);
    await asking(peer, 13);
    expect(words(peer)).toMatch(/a\? b\? ABORT@1 c\? d\?$/);
    for (const send of peer.all("SEND").slice(-4)) peer.receipt(send);
    await sends[3]?.outcome;
    expect(outcomesOf(sends)).toBe("confirmed confirmed confirmed confirmed");
  });

  it.each([
    ["not persistent", { persistent: false }],
    ["to be delivered later", { delayMs: 60_000 }],
  ])("writes at once what is %s, in its place behind a group", async (_, options) => {
    const { session, peer } = await connected();
    sendAll(session, "ab");
    const fence = await asking(peer, 4);
    sendAll(session, "xy", options);
    sendAll(session, "cd");
    await settled();
    expect(words(peer)).toBe("BEGIN@0 a@0 b@0 BEGIN@1?");
    peer.receipt(fence);
    peer.receipt(await asking(peer, 5));
    await asking(peer, 10);
    expect(words(peer)).toBe("BEGIN@0 a@0 b@0 BEGIN@1? COMMIT@0? x? y? c@1 d@1 BEGIN@2?");
  });

  it("sends singly, and at once, what an earlier session left in doubt", async () => {
    const { session, peer } = await connected();
    for (const body of "abc") session.send(Object.assign(new TestSend(body), { inDoubt: body !== "c" }));
    await asking(peer, 3);
    expect(words(peer)).toBe("a? b? c?");
  });

  it.each([
    ["a connection that has it off", { groupCommit: false }, CLASSIC, BEATS],
    ["a broker that does not beat, and would not notice our end", {}, CLASSIC, 0],
  ])("is not used on %s", async (_, settings, server, beats) => {
    const { session, peer } = await connected(settings, server, beats);
    sendAll(session, "abc");
    await asking(peer, 3);
    expect(words(peer)).toBe("a? b? c?");
  });

  it("skips what was given up before it was written", async () => {
    const { session, peer } = await connected();
    sendAll(session, "a");
    const single = await asking(peer, 1);
    const [, c] = sendAll(session, "bcd");
    if (c) c.abandoned = true;
    for (let n = 0; n < 5_000; n++) session.send(Object.assign(new TestSend("gone"), { abandoned: true }));
    peer.receipt(single);
    await asking(peer, 5);
    expect(words(peer)).toBe("a? BEGIN@0 b@0 d@0 BEGIN@1?");
    expect(c?.written).toBe(0);
  });

  it("fails what cannot be encoded alone", async () => {
    const { session, peer } = await connected();
    const bad = new TestSend("x", { properties: { receipt: "x" } });
    const [a] = sendAll(session, "a");
    session.send(bad);
    const [b] = sendAll(session, "b");
    peer.receipt(await asking(peer, 4));
    peer.receipt(await asking(peer, 5));
    await b?.outcome;
    expect(outcomesOf([a, bad, b] as TestSend[])).toBe("confirmed failed confirmed");
    expect(bad.written).toBe(0);
  });
});

describe("a refused member of a group", () => {
  it("has the group aborted, its members sent singly in order, and rejects alone", async () => {
    const { session, peer } = await connected();
    const sends = sendAll(session, "abc");
    const fence = await asking(peer, 5);
    sendAll(session, "de");
    peer.write(unnamed("not authorized"));
    peer.receipt(fence);
    await asking(peer, 12);
    expect(words(peer)).toBe("BEGIN@0 a@0 b@0 c@0 BEGIN@1? ABORT@0 a? b? c? d@1 e@1 BEGIN@2?");
    const [a, b, c] = peer.all("SEND").slice(3);
    if (!a || !b || !c) throw new Error("missing");
    peer.receipt(a);
    peer.write(named(b, "not authorized"));
    peer.receipt(c);
    await sends[2]?.outcome;
    expect(outcomesOf(sends)).toBe("confirmed failed confirmed");
    expect(sends[1]?.outcomes[0]).toMatchObject({ error: expect.any(SendRejectedError) });
    expect(sends.map(({ written }) => written)).toEqual([2, 2, 2]);
  });

  it.each([
    ["told late: COMMIT is refused", (commit: PeerFrame) => [named(commit, "rollback only")]],
    ["told with the refusal of COMMIT", (commit: PeerFrame) => [unnamed("no"), named(commit, "rollback only")]],
    ["told after it", (commit: PeerFrame) => [named(commit, "rollback only"), unnamed("no")]],
    [
      "told late, and COMMIT confirmed",
      (commit: PeerFrame) => [unnamed("no"), frame("RECEIPT", { "receipt-id": commit.headers["receipt"] ?? "" })],
    ],
  ])("%s", async (_, answers) => {
    const { session, peer } = await connected();
    const sends = sendAll(session, "ab");
    peer.receipt(await asking(peer, 4));
    peer.write(...answers(await asking(peer, 5)));
    await asking(peer, 7);
    expect(words(peer)).toBe("BEGIN@0 a@0 b@0 BEGIN@1? COMMIT@0? a? b?");
    for (const single of peer.all("SEND").slice(2)) peer.receipt(single);
    await sends[1]?.outcome;
    expect(outcomesOf(sends)).toBe("confirmed confirmed");
  });

  it("that its caller has given up is not sent again, and its session says that it has it no more", async () => {
    const { session, peer } = await connected();
    const [a, b] = sendAll(session, "ab");
    const fence = await asking(peer, 4);
    if (a) a.abandoned = true;
    peer.write(unnamed("no"));
    peer.receipt(fence);
    await asking(peer, 6);
    expect(words(peer)).toBe("BEGIN@0 a@0 b@0 BEGIN@1? ABORT@0 b?");
    expect(outcomesOf([a, b] as TestSend[]).trim()).toBe("failed");
  });

  it("that is too large ends the session and blames nobody else; by itself it is found", async () => {
    const { session, peer } = await connected();
    const small = new TestSend("small", { persistent: false });
    const large = new TestSend("x".repeat(100));
    for (const send of [small, large, new TestSend("y")]) session.send(send);
    await asking(peer, 5);
    peer.write(unnamed("The maximum data length was exceeded"));
    expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST" });
    expect([small.outcomes, large.outcomes]).toEqual([[], []]);
    const again = await connected();
    large.inDoubt = true;
    again.session.send(large);
    await asking(again.peer, 1);
    again.peer.write(unnamed("The maximum data length was exceeded"));
    expect(await large.outcome).toMatchObject({ error: expect.any(MessageTooLargeError) });
  });

  it("is told apart from a refused pattern, by their order", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session, "queue://orders.>");
    const sends = sendAll(session, "ab");
    const fence = await asking(peer, 7);
    peer.write(unnamed("not authorized to read"));
    await consumer.until(() => consumer.refusals.length === 1);
    peer.write(unnamed("not authorized to write"));
    peer.receipt(fence);
    await asking(peer, 10);
    expect(words(peer)).toMatch(/ABORT@0 a\? b\?$/);
    expect(outcomesOf(sends).trim()).toBe("");
  });

  it("is not blamed for one of several patterns: the session ends", async () => {
    const { session, peer } = await connected();
    const sends = sendAll(session, "ab");
    const fence = await asking(peer, 4);
    new TestConsumer(session, "queue://orders.>");
    new TestConsumer(session, "queue://prices.>");
    peer.receipt(fence);
    await asking(peer, 11);
    peer.write(unnamed("not authorized to read"));
    expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST" });
    expect(outcomesOf(sends).trim()).toBe("");
  });

  it("does not take an ERROR of an acknowledgement for its own", async () => {
    const { session, peer } = await connected();
    sendAll(session, "ab");
    await asking(peer, 4);
    peer.write(unnamed("Unexpected ACK received for message-id [m]"));
    expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST" });
  });

  it("leaves a fence that is refused by name without a transaction for the next group", async () => {
    const { session, peer } = await connected();
    sendAll(session, "ab");
    peer.write(named(await asking(peer, 4), "no more transactions"));
    for (const single of [await asking(peer, 6), await asking(peer, 7)]) peer.receipt(single);
    sendAll(session, "cd");
    await asking(peer, 11);
    expect(words(peer)).toBe("BEGIN@0 a@0 b@0 BEGIN@1? ABORT@0 a? b? BEGIN@1 c@1 d@1 BEGIN@2?");
  });
});

describe("with group commit", () => {
  it("nobody is told when the session ends", async () => {
    const { session, peer } = await connected();
    const sends = sendAll(session, "ab");
    peer.receipt(await asking(peer, 4));
    await asking(peer, 5);
    const later = sendAll(session, "c");
    peer.socket.destroy();
    await lossOf(session);
    await settled();
    expect(outcomesOf([...sends, ...later]).trim()).toBe("");
    expect(later[0]?.written).toBe(0);
  });

  it("close() writes what was sent in its turn, and nothing after DISCONNECT", async () => {
    const { session, peer } = await connected();
    sendAll(session, "a");
    const closed = session.close(AbortSignal.timeout(5_000));
    sendAll(session, "b");
    peer.receipt(await asking(peer, 2));
    expect(words(peer)).toBe("a? DISCONNECT?");
    await closed;
  });

  it("a transaction is committed behind what was sent before outside of it", async () => {
    const { session, peer } = await connected();
    const transaction = session.begin();
    const begun = await asking(peer, 1);
    sendAll(session, "ab");
    const fence = await asking(peer, 5);
    peer.receipt(begun);
    const commit = transaction.commit();
    await settled();
    sendAll(session, "cd");
    await settled();
    expect(words(peer)).toBe("BEGIN@tx1? BEGIN@0 a@0 b@0 BEGIN@1?");
    peer.receipt(fence);
    peer.receipt(await asking(peer, 6));
    const committed = await peer.frame("COMMIT", 1);
    await asking(peer, 10);
    expect(words(peer)).toBe("BEGIN@tx1? BEGIN@0 a@0 b@0 BEGIN@1? COMMIT@0? COMMIT@tx1? c@1 d@1 BEGIN@2?");
    peer.receipt(committed);
    expect(await commit).toEqual({ kind: "committed" });
  });

  it("a commit that waits for them when the session ends is rolled back", async () => {
    const { session, peer } = await connected();
    const transaction = session.begin();
    sendAll(session, "ab");
    await asking(peer, 5);
    peer.receipt(await peer.frame("BEGIN"));
    await settled();
    const commit = transaction.commit();
    await settled();
    peer.socket.destroy();
    expect(await commit).toMatchObject({ kind: "rolled-back", error: { code: "TRANSACTION_INTERRUPTED" } });
  });

  it("acknowledgements and subscriptions do not wait", async () => {
    const { session, peer } = await connected();
    sendAll(session, "ab");
    await asking(peer, 4);
    const consumer = new TestConsumer(session);
    const { headers } = await peer.frame("SUBSCRIBE");
    peer.write(
      frame(
        "MESSAGE",
        { subscription: headers["id"] ?? "", "message-id": "m", ack: "1", destination: "/queue/orders" },
        "x",
      ),
    );
    consumer.subscription.settle(await consumer.delivery(0), { kind: "accepted" });
    await peer.frame("ACK");
    expect(peer.all("COMMIT")).toEqual([]);
  });

  it("a send that the broker holds back holds up no other for long", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const { session, peer } = await connected();
    const [a] = sendAll(session, "a");
    const single = await asking(peer, 1);
    sendAll(session, "bc");
    await peer.until(() => vi.getTimerCount() > 0, "wait");
    await vi.advanceTimersByTimeAsync(1_100);
    await asking(peer, 3);
    sendAll(session, "de");
    await asking(peer, 5);
    expect(words(peer)).toBe("a? b? c? d? e?");
    peer.receipt(single);
    await a?.outcome;
    sendAll(session, "fg");
    await asking(peer, 9);
    expect(words(peer)).toBe("a? b? c? d? e? BEGIN@0 f@0 g@0 BEGIN@1?");
  });

  it("a broker that stops in the middle of a group loses the session, and groups are off from then on", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const warnings: string[] = [];
    const { session, peer } = await connected({ onWarning: ({ code }) => warnings.push(code) });
    sendAll(session, "abc");
    await asking(peer, 5);
    await vi.advanceTimersByTimeAsync(5_100);
    expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST", message: expect.stringMatching(/no room/) });
    expect(warnings).toEqual(["GROUP_COMMIT_OFF"]);
  });

  it.each([
    ["body", "MESSAGE\nsubscription:1\nmessage-id:m\ndestination:/queue/q\ncontent-length:99999\n\nbeginning"],
    ["header", "RECEIPT\nreceipt-id"],
  ])("a broker whose answer waits behind an unfinished %s is not taken for one that has stopped", async (_, begun) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const warnings: string[] = [];
    const { session, peer } = await connected({ onWarning: ({ code }) => warnings.push(code) });
    new TestConsumer(session, "queue://q");
    const sends = sendAll(session, "abc");
    await asking(peer, 6);
    peer.write(begun);
    await turns();
    await vi.advanceTimersByTimeAsync(5_100);
    await turns();
    expect([warnings, outcomesOf(sends), peer.socket.destroyed]).toEqual([[], "  ", false]);
  });

  it("a COMMIT that takes its time is not taken for a broker that has stopped over the group behind it", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { session, peer } = await fenced("ab", "cd");
    await asking(peer, 8);
    await vi.advanceTimersByTimeAsync(20_000);
    const [commit] = peer.all("COMMIT");
    if (commit) peer.receipt(commit);
    await peer.until(() => session.useful, "a confirmation");
    await vi.advanceTimersByTimeAsync(4_000);
    await turns();
    expect(peer.socket.destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await lossOf(session)).toMatchObject({ message: expect.stringMatching(/no room/) });
  });

  it("a broker that answers others is not taken for one that has stopped", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { session, peer } = await connected();
    sendAll(session, "x", { persistent: false });
    sendAll(session, "abc");
    await asking(peer, 6);
    const [x] = peer.all("SEND").filter(isSend("x"));
    for (const answered of [x, undefined]) {
      await vi.advanceTimersByTimeAsync(4_000);
      if (answered) peer.receipt(answered);
      await turns();
    }
    expect(session.useful).toBe(true);
    let over = false;
    void session.ended.then(() => {
      over = true;
    });
    await turns();
    expect(over).toBe(false);
  });
});

/** Some turns of the loop, whatever the timers are. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
