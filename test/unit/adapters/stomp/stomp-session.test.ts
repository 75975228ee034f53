import { afterEach, describe, expect, it } from "vitest";
import { ConnectionClosedError, InvalidArgumentError, SessionLostError } from "../../../../src/errors/errors.ts";
import { lossOf, settled, TestConsumer, TestSend } from "./messaging-steps.ts";
import { attempt, CLASSIC, frame, type PeerConnection, StompPeer } from "./stomp-peer.ts";

const open: AsyncDisposable[] = [];
async function connected(heartbeat = "0,0", heartbeatMs = 0) {
  const peer = await StompPeer.greeting(CLASSIC, "1.2", heartbeat);
  open.push(peer);
  const session = await attempt(peer.endpoint, { heartbeatMs });
  return { session, peer: peer.connection };
}
afterEach(async () => {
  for (const peer of open.splice(0)) await peer[Symbol.asyncDispose]();
});

const never = new AbortController().signal;

describe("the end of a session", () => {
  it.each<[string, RegExp, string, (peer: PeerConnection) => void]>([
    ["closes", /closed the connection/, "SESSION_LOST", ({ socket }) => void socket.end()],
    ["resets", /broke|closed/, "SESSION_LOST", ({ socket }) => void socket.resetAndDestroy()],
    ["closes within a frame", /closed the connection/, "SESSION_LOST", ({ socket }) => void socket.end("MESSAGE\nsub")],
    ["closes within a body", /closed the connection/, "SESSION_LOST", ({ socket }) => void socket.end("ERROR\n\nbec")],
    [
      "sends an ERROR that names nothing",
      /without saying of what: shutting down/,
      "SESSION_LOST",
      (peer) => peer.write(frame("ERROR", { message: "shutting down" })),
    ],
    [
      "sends an ERROR that names nothing of ours",
      /without saying of what: x/,
      "SESSION_LOST",
      (peer) => peer.write(frame("ERROR", { message: "x", "receipt-id": "77" })),
    ],
    ["sends garbage", /broke the rules of STOMP/, "PROTOCOL_ERROR", (peer) => peer.write("SQL> ready\n\n\0")],
    [
      "sends an endless header",
      /broke the rules of STOMP/,
      "PROTOCOL_ERROR",
      (peer) => peer.write(`MESSAGE\na:${"x".repeat(1_100_000)}`),
    ],
  ])("comes when the peer %s", async (_, text, code, act) => {
    const { session, peer } = await connected();
    const send = new TestSend("x");
    session.send(send);
    await peer.frame("SEND");
    act(peer);
    const error = await lossOf(session);
    expect(error).toBeInstanceOf(SessionLostError);
    expect(error).toMatchObject({ code, retryable: true });
    expect(error.message).toMatch(text);
    expect(error.message.length).toBeLessThan(600);
    // stompit leaves its marks on the errors it passes on.
    expect(Object.keys(error)).not.toContain("isTransportError");
    expect(send.outcomes).toEqual([]);
    await peer.until(() => peer.socket.destroyed || peer.socket.readableEnded, "close");
  });

  it("confirms what was answered before the peer closed", async () => {
    const { session, peer } = await connected();
    const sends = Array.from({ length: 500 }, () => new TestSend("x"));
    for (const send of sends) session.send(send);
    await peer.frame("SEND", 499);
    const receipts = peer
      .all("SEND")
      .map(({ headers }) => frame("RECEIPT", { "receipt-id": headers["receipt"] ?? "" }));
    peer.socket.end(receipts.join(""));
    await lossOf(session);
    expect(sends.filter(({ outcomes }) => outcomes.length === 1)).toHaveLength(500);
  });

  it("keeps at most 64 KiB of what an ERROR says", async () => {
    const { session, peer } = await connected();
    peer.write(frame("ERROR", { message: "no" }, "y".repeat(300_000)));
    const error = await lossOf(session);
    expect(String(error.cause).length).toBeLessThanOrEqual(65 * 1024);
    expect(String(error.cause).length).toBeGreaterThan(60 * 1024);
  });

  it("is decided by the first signal", async () => {
    const { session } = await connected();
    session.destroy(new InvalidArgumentError("first"));
    session.destroy(new InvalidArgumentError("second"));
    const before = performance.now();
    const { error, atMs } = await session.ended;
    expect(error.message).toBe("first");
    expect(atMs).toBeLessThanOrEqual(before);
    await settled();
    expect((await session.ended).error.message).toBe("first");
  });

  it("leaves no timer and no socket behind, and takes nothing more", async () => {
    await settled();
    const idle = process.getActiveResourcesInfo().sort();
    const peer = await StompPeer.greeting(CLASSIC, "1.2", "200,200");
    const session = await attempt(peer.endpoint, { heartbeatMs: 200 });
    const consumer = new TestConsumer(session);
    session.destroy(new InvalidArgumentError("enough"));
    session.send(new TestSend("late"));
    session.subscribe(
      { destination: { kind: "queue", name: "q" }, prefetch: 1 },
      { onReady() {}, onDelivery() {}, onBrowsed() {}, onReleasing() {}, onGivenBack() {}, onRefused() {} },
    );
    await consumer.subscription.close();
    await session.close(never);
    await peer[Symbol.asyncDispose]();
    await settled();
    const left = process.getActiveResourcesInfo().sort();
    expect(left.filter((name) => name !== "Timeout" && name !== "Immediate")).toEqual(
      idle.filter((name) => name !== "Timeout" && name !== "Immediate"),
    );
    expect(left.filter((name) => name === "Timeout").length).toBeLessThanOrEqual(
      idle.filter((name) => name === "Timeout").length,
    );
  });
});

describe("closing", () => {
  it("disconnects, and is over with the receipt", async () => {
    const { session, peer } = await connected();
    const closed = session.close(never);
    const disconnect = await peer.frame("DISCONNECT");
    session.send(new TestSend("late"));
    peer.receipt(disconnect);
    await closed;
    expect(await lossOf(session)).toBeInstanceOf(ConnectionClosedError);
    await peer.until(() => peer.socket.readableEnded || peer.socket.destroyed, "close");
    expect(peer.all("SEND")).toEqual([]);
  });

  it("writes what was sent before it", async () => {
    const { session, peer } = await connected();
    for (let n = 0; n < 20; n++) session.send(new TestSend(`${n}`));
    void session.close(never);
    await peer.frame("DISCONNECT");
    expect(peer.all("SEND")).toHaveLength(20);
  });

  it("does not wait past its signal for a silent peer", async () => {
    const { session, peer } = await connected();
    const limit = new AbortController();
    const closed = session.close(limit.signal);
    await peer.frame("DISCONNECT");
    limit.abort();
    await closed;
    expect(await lossOf(session)).toBeInstanceOf(ConnectionClosedError);
  });

  it("is over at once when its signal has fired, and when the peer goes away", async () => {
    const first = await connected();
    await first.session.close(AbortSignal.abort());
    const second = await connected();
    const closed = second.session.close(never);
    await second.peer.frame("DISCONNECT");
    second.peer.socket.destroy();
    await closed;
  });

  it("hands nothing over and settles nothing any more", async () => {
    const { session, peer } = await connected();
    const consumer = new TestConsumer(session);
    const subscribe = await peer.frame("SUBSCRIBE");
    const message = (n: number) =>
      frame("MESSAGE", { subscription: subscribe.headers["id"] ?? "", "message-id": `${n}`, ack: `${n}` });
    peer.write(message(1));
    const delivery = await consumer.delivery(0);
    const closed = session.close(never);
    const disconnect = await peer.frame("DISCONNECT");
    expect(consumer.subscription.settle(delivery, { kind: "accepted" })).toBe("stale");
    peer.write(message(2));
    peer.receipt(disconnect);
    await closed;
    expect(consumer.deliveries).toHaveLength(1);
    expect(peer.all("ACK")).toEqual([]);
  });
});

describe("heart-beats", () => {
  it("go out before their time is up", async () => {
    const { peer } = await connected("200,200", 200);
    const before = peer.chunks;
    // Six intervals by a timer of this process, which is as late as the session's own.
    await new Promise<void>((resolve) => {
      let intervals = 0;
      const timer = setInterval(() => {
        peer.write("\n");
        if (++intervals < 6) return;
        clearInterval(timer);
        resolve();
      }, 200);
    });
    expect(peer.chunks - before).toBeGreaterThan(6);
    expect(peer.bytes.subarray(-6).toString()).toBe("\n\n\n\n\n\n");
  });

  it("notice a silent peer, and only a silent one", async () => {
    const { session, peer } = await connected("100,100", 100);
    const beats = setInterval(() => peer.write("\n"), 90);
    let over = false;
    void session.ended.then(() => {
      over = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(over).toBe(false);
    clearInterval(beats);
    const error = await lossOf(session);
    expect(error).toMatchObject({ code: "HEARTBEAT_LOST", retryable: true });
    expect(Object.keys(error)).not.toContain("isTransportError");
  });

  it.each([
    ["the peer offers none", "0,0", 50],
    ["we want none", "50,50", 0],
  ])("are not waited for when %s", async (_, offered, wanted) => {
    const { session } = await connected(offered, wanted);
    let over = false;
    void session.ended.then(() => {
      over = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(over).toBe(false);
  });

  it.each(["0,0", "60000,60000"])("go out at our own interval, whatever the peer asks for: %s", async (offered) => {
    const { peer } = await connected(offered, 150);
    const before = peer.chunks;
    await peer.until(() => peer.chunks >= before + 2, "two beats");
    expect(peer.bytes.subarray(-2).toString()).toBe("\n\n");
  });

  it("are waited for as long as the slower side wants", async () => {
    const { session } = await connected("400,400", 50);
    const start = performance.now();
    const { atMs } = await session.ended;
    expect(atMs - start).toBeGreaterThan(700);
  });
});

describe("what Classic holds back until it is acknowledged", () => {
  /** All that we write once the peer has written `text`, within a while. */
  async function answerTo(peer: PeerConnection, text: string): Promise<string> {
    const chunks: Buffer[] = [];
    peer.socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    peer.write(text);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return Buffer.concat(chunks).toString();
  }

  it("is let go of by a line end, while there is a subscription", async () => {
    const { session, peer } = await connected();
    new TestConsumer(session);
    const { headers } = await peer.frame("SUBSCRIBE");
    const message = { subscription: headers["id"] ?? "", "message-id": "1", destination: "/queue/q", ack: "1" };
    expect(await answerTo(peer, frame("MESSAGE", message, "x"))).toBe("\n");
  });

  it("is nothing without one: there is one answer at a time", async () => {
    const { session, peer } = await connected();
    const send = new TestSend("x");
    session.send(send);
    const { headers } = await peer.frame("SEND");
    expect(await answerTo(peer, frame("RECEIPT", { "receipt-id": headers["receipt"] ?? "" }))).toBe("");
    expect(send.outcomes).toEqual([{ kind: "confirmed" }]);
  });
});
