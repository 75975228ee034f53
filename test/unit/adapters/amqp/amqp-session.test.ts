import { describe, expect, it, vi } from "vitest";
import { AttemptError, ConnectionClosedError, SessionLostError } from "../../../../src/errors/errors.ts";
import type { Endpoint } from "../../../../src/uri/endpoint.ts";
import {
  brokerPeer,
  openingPeer,
  openOn,
  type RheaPeer,
  recordedSend,
  recordedSink,
  rheaPeer,
  timers,
  until,
  wire,
} from "./scripted-peer.ts";

describe("an AMQP session", () => {
  it("ends as lost with the broker's reason, and answers its close", async () => {
    const peer = await brokerPeer("ActiveMQ");
    const session = await openOn(peer);
    const answered = new Promise((resolve) => peer.container.on("connection_close", resolve));
    peer.connections[0]?.close({ condition: "amqp:connection:forced", description: "stopping" });
    const { error, atMs } = await session.ended;
    expect(error).toBeInstanceOf(SessionLostError);
    expect(error).toMatchObject({ code: "SESSION_LOST", retryable: true });
    expect(error.message).toContain("amqp:connection:forced: stopping");
    expect(atMs).toBeLessThanOrEqual(performance.now());
    await answered;
    await until(() => peer.sockets[0]?.destroyed === true);
  });

  it("ends as lost when the broker closes without a reason", async () => {
    const peer = await brokerPeer("ActiveMQ");
    const session = await openOn(peer);
    peer.connections[0]?.close();
    expect((await session.ended).error).toMatchObject({ code: "SESSION_LOST" });
  });

  it.each([
    ["closes its socket", (socket: import("node:net").Socket) => socket.end()],
    ["resets its socket", (socket: import("node:net").Socket) => socket.resetAndDestroy()],
  ])("ends as lost when the broker %s", async (_what, act) => {
    const peer = await brokerPeer("ActiveMQ");
    const session = await openOn(peer, { heartbeatMs: 1000 });
    const sink = recordedSink();
    session.subscribe({ destination: { kind: "queue", name: "q" }, prefetch: 10 }, sink);
    await sink.ready;
    for (const socket of peer.sockets) act(socket);
    expect((await session.ended).error).toMatchObject({ code: "SESSION_LOST" });
  });

  it("ends with a protocol error when the broker breaks the rules, and prints nothing", async () => {
    const print = vi.spyOn(console, "error");
    const peer = await openingPeer(wire.open());
    const session = await openOn(peer);
    peer.sockets[0]?.write(wire.open());
    expect((await session.ended).error).toMatchObject({ code: "PROTOCOL_ERROR" });
    expect(print).not.toHaveBeenCalled();
  });

  it("reports a redirect in the middle of a session", async () => {
    const peer = await brokerPeer("ActiveMQ");
    const named: Endpoint[] = [];
    const session = await openOn(peer, { onAlternates: (endpoints) => named.push(...endpoints) });
    const info = { "network-host": "other.example", port: 5673 };
    peer.connections[0]?.close({ condition: "amqp:connection:redirect", info });
    await session.ended;
    expect(named).toEqual([{ scheme: "amqp", host: "other.example", port: 5673, options: {} }]);
  });

  it("ends once, with the cause it was destroyed with", async () => {
    const peer = await brokerPeer("ActiveMQ");
    const session = await openOn(peer);
    const cause = new AttemptError("ATTEMPT_SUPERSEDED", "another was first", { endpoint: peer.endpoint });
    session.destroy(cause);
    session.destroy(new ConnectionClosedError("later"));
    peer.sockets[0]?.destroy();
    expect((await session.ended).error).toBe(cause);
  });

  it("leaves no timer and no socket behind", async () => {
    const peer = await brokerPeer("ActiveMQ");
    const before = timers();
    const session = await openOn(peer, { heartbeatMs: 1000 });
    session.send(recordedSend("queue://q", "x"));
    await until(() => session.useful);
    session.destroy(new ConnectionClosedError("enough"));
    await until(() => peer.sockets[0]?.destroyed === true);
    await peer.close();
    expect(timers()).toBeLessThanOrEqual(before);
    expect(process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap")).toEqual([]);
  });

  it("closes in an orderly way", async () => {
    const peer = await brokerPeer("ActiveMQ");
    const closed: unknown[] = [];
    peer.container.on("connection_close", ({ connection }) => closed.push(connection.error));
    const session = await openOn(peer);
    await session.close(new AbortController().signal);
    expect((await session.ended).error).toBeInstanceOf(ConnectionClosedError);
    expect(closed).toEqual([undefined]);
    await until(() => peer.sockets[0]?.destroyed === true);
  });

  it("closes by destroying when the broker does not answer in time", async () => {
    const peer = await openingPeer(wire.open());
    const session = await openOn(peer);
    const controller = new AbortController();
    const closing = session.close(controller.signal);
    controller.abort();
    await closing;
    expect((await session.ended).error).toMatchObject({ code: "CONNECTION_CLOSED" });
    await expect(session.close(controller.signal)).resolves.toBeUndefined();
  });

  it("advertises the heart-beat it wants, and leaves the check to its socket", async () => {
    const peer = await openingPeer(wire.open());
    const sent: Buffer[] = [];
    const session = await openOn(peer, { heartbeatMs: 60 });
    peer.sockets[0]?.on("data", (chunk) => sent.push(chunk));
    const { error } = await session.ended;
    expect(error).toMatchObject({ code: "HEARTBEAT_LOST" });
    // rhea's own check would have sent a close first: there is nothing but our own beats.
    expect(Buffer.concat(sent).toString("hex")).toMatch(/^(0000000802000000)*$/);
  });

  it("is told of beats by the broker at the interval it asked for, and stays", async () => {
    const peer = await rheaPeer();
    const session = await openOn(peer, { heartbeatMs: 100 });
    expect(peer.connections[0]?.idle_time_out).toBe(100);
    let over = false;
    void session.ended.then(() => {
      over = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(over).toBe(false);
  });

  it("beats for a broker that asks for it, also when it wants no beats itself", async () => {
    const peer = await openingPeer(wire.open({ idle_time_out: 80 }));
    const sent: Buffer[] = [];
    await openOn(peer);
    peer.sockets[0]?.on("data", (chunk) => sent.push(chunk));
    await until(() => sent.length >= 3);
    expect(sent[0]).toEqual(Buffer.from([0, 0, 0, 8, 2, 0, 0, 0]));
  });

  it.each([
    ["none", {}],
    ["one in a long time", { idle_time_out: 60_000 }],
  ])("beats in two thirds of its own interval for a broker that asks for %s", async (_, asked) => {
    const peer = await openingPeer(wire.open(asked));
    const sent: Buffer[] = [];
    const session = await openOn(peer, { heartbeatMs: 600 });
    const from = performance.now();
    peer.sockets[0]?.on("data", (chunk) => sent.push(chunk));
    await until(() => sent.length >= 2);
    // 0.8 s by design; by rhea alone never, or after half a minute.
    expect(performance.now() - from).toBeGreaterThan(700);
    expect(sent[0]).toEqual(Buffer.from([0, 0, 0, 8, 2, 0, 0, 0]));
    session.destroy(new ConnectionClosedError("the test is over"));
  });

  it("is destroyed by an exception in a sink, with that as its cause", async () => {
    const peer = await brokerPeer("ActiveMQ");
    const session = await openOn(peer);
    const cause = new Error("a sink threw");
    const sink = {
      ...recordedSink(),
      onReady() {
        throw cause;
      },
    };
    session.subscribe({ destination: { kind: "queue", name: "q" }, prefetch: 10 }, sink);
    expect((await session.ended).error).toMatchObject({ code: "INTERNAL", cause });
  });

  it("ignores sends and subscriptions after its end", async () => {
    const peer = await brokerPeer("ActiveMQ");
    const session = await openOn(peer);
    session.destroy(new ConnectionClosedError("enough"));
    const send = recordedSend("queue://q", "x");
    session.send(send);
    const subscription = session.subscribe({ destination: { kind: "queue", name: "q" }, prefetch: 1 }, recordedSink());
    await subscription.close();
    expect(send.written).toBe(false);
  });
});

describe("what Classic holds back until it is acknowledged", () => {
  const EMPTY_FRAME = Buffer.from([0, 0, 0, 8, 2, 0, 0, 0]);

  /** All that we write once the peer has done something, within a while. */
  async function answerTo(peer: RheaPeer, act: () => void): Promise<Buffer> {
    const chunks: Buffer[] = [];
    peer.sockets[0]?.on("data", (chunk: Buffer) => chunks.push(chunk));
    act();
    await new Promise((resolve) => setTimeout(resolve, 100));
    return Buffer.concat(chunks);
  }

  async function subscribed(product: string) {
    const peer = await brokerPeer(product);
    let deliver = () => {};
    peer.container.on("sender_open", ({ sender }) => {
      deliver = () => sender.send({ body: "x" });
    });
    const session = await openOn(peer);
    const sink = recordedSink();
    session.subscribe({ destination: { kind: "queue", name: "q" }, prefetch: 10 }, sink);
    await sink.ready;
    // What follows the attach is read before it counts.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return { peer, sink, deliver: () => deliver() };
  }

  it("is acknowledged by an empty frame, while there is a subscription", async () => {
    const { peer, sink, deliver } = await subscribed("ActiveMQ");
    expect(await answerTo(peer, deliver)).toEqual(EMPTY_FRAME);
    expect(sink.deliveries).toHaveLength(1);
  });

  it("is not needed for a broker that holds nothing back", async () => {
    const { peer, sink, deliver } = await subscribed("apache-activemq-artemis");
    expect(await answerTo(peer, deliver)).toHaveLength(0);
    expect(sink.deliveries).toHaveLength(1);
  });

  it("is not needed without a subscription: there is one answer at a time", async () => {
    const peer = await brokerPeer("ActiveMQ");
    const session = await openOn(peer);
    const send = recordedSend("queue://q", "x");
    const written = await answerTo(peer, () => session.send(send));
    expect(await send.outcome).toEqual({ kind: "confirmed" });
    expect(written.includes(EMPTY_FRAME)).toBe(false);
  });
});
