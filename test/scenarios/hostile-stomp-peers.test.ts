/** STOMP peers that break the rules, or only their usual manners: nothing hangs, nothing grows, nothing is thrown from the event loop. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { forbidProcessTrouble } from "../support/process-trouble.ts";
import { next, storyConnection } from "../support/stories.ts";
import { CLASSIC, frame, type PeerConnection, type PeerFrame, StompPeer } from "../unit/adapters/stomp/stomp-peer.ts";

forbidProcessTrouble();

const uriOf = ({ endpoint }: StompPeer) => `stomp://127.0.0.1:${endpoint.port}`;

async function listen(script: (connection: PeerConnection) => Promise<void>): Promise<StompPeer> {
  const peer = await StompPeer.listen(script);
  onTestFinished(() => peer[Symbol.asyncDispose]());
  return peer;
}

/** Answers CONNECT, and each request by `answer`, or with its receipt. */
function serve(answer: (to: PeerFrame, on: PeerConnection) => boolean, heartbeat = "0,0"): Promise<StompPeer> {
  return listen(async (on) => {
    await on.frame("CONNECT");
    on.connected(CLASSIC, "1.2", heartbeat);
    for (let nth = 1; !on.socket.destroyed; nth++) {
      await on.until(() => on.frames.length > nth || on.socket.destroyed, "another frame").catch(() => {});
      const to = on.frames[nth];
      if (to === undefined) return;
      if (!answer(to, on)) on.receipt(to);
    }
  });
}

describe("heart-beats", () => {
  it.each(["2147483647,0", "0,4294967296", "99999999999,99999999999"])(
    "holds a session whose peer names the intervals %s, longer than a timer can wait",
    async (heartbeat) => {
      const peer = await serve(() => false, heartbeat);
      const connection = storyConnection(uriOf(peer), { heartbeatMs: 5000 });
      const interruptions: unknown[] = [];
      connection.on("interrupted", (event) => interruptions.push(event));
      await connection.connect();
      const before = peer.connection.bytes.length;
      await sleep(200);
      expect(interruptions).toEqual([]);
      // Beats every millisecond would be hundreds.
      expect(peer.connection.bytes.length - before).toBeLessThan(5);
    },
  );
});

describe("refused credentials", () => {
  it.each([
    ["app", "password"],
    ["name", "wrong"],
    ["app", "a"],
    ["password", "or"],
  ])(
    "are recognised, and stop the search, when user %s and password %s are words of the refusal",
    async (username, password) => {
      const text = `User name [${username}] or password is invalid.`;
      const peer = await listen(async (on) => {
        await on.frame("CONNECT");
        on.write(frame("ERROR", { message: text }, `java.lang.SecurityException: ${text}`));
      });
      const connection = storyConnection(uriOf(peer), { credentials: { username, password } });
      await expect(connection.connect()).rejects.toMatchObject({ code: "AUTHENTICATION_FAILED" });
      expect(peer.connections).toHaveLength(1);
    },
  );
});

describe("receipts", () => {
  it("goes on with a peer that confirms everything twice", async () => {
    const peer = await serve((to, on) => {
      on.receipt(to);
      on.receipt(to);
      return true;
    });
    const connection = storyConnection(uriOf(peer));
    await connection.connect();
    await Promise.all(Array.from({ length: 20 }, (_, n) => connection.send("q", `message ${n}`)));
    expect(connection.stats()).toMatchObject({ confirmed: 20, failovers: 0 });
    expect(peer.connections).toHaveLength(1);
  });
});

describe("messages", () => {
  it("ends the session of a peer that sends far more than the prefetch, before they fill the memory", async () => {
    const peer = await serve((to, on) => {
      if (to.headers["destination"] !== "/queue/flood" || peer.connections.length > 1) return false;
      on.receipt(to);
      const headers = { subscription: to.headers["id"] ?? "", destination: "/queue/flood" };
      for (let n = 0; n < 5_000; n++)
        on.write(frame("MESSAGE", { ...headers, "message-id": `${n}`, ack: `${n}` }, "x"));
      return true;
    });
    const connection = storyConnection(uriOf(peer));
    const interrupted = next(connection, "interrupted");
    await connection.connect();
    connection.consume("flood", { prefetch: 1 });
    expect(await interrupted).toMatchObject({ cause: { code: "PROTOCOL_ERROR" } });
  });
});

describe("closing a consumer", () => {
  it("is over after two seconds when the peer beats but never answers UNSUBSCRIBE", async () => {
    const peer = await serve((to) => to.command === "UNSUBSCRIBE");
    const connection = storyConnection(uriOf(peer));
    await connection.connect();
    const consumer = connection.consume("q");
    await consumer.ready;
    await consumer.close();
    expect(connection.state.name).toBe("connected");
  });
});
