/** What ActiveMQ's failover tests say of connecting, waiting and giving up. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { NoActiveEndpointError } from "../../../src/errors/errors.ts";
import { AmqpPeer } from "../../support/peers/amqp-peer.ts";
import { connectionTo } from "../../support/peers/scripted-peer.ts";
import { StompPeer } from "../../support/peers/stomp-peer.ts";
import { next, storyConnection } from "../../support/stories.ts";
import { forbidUnhandledRejections, rejectionOf } from "../../support/toy-connection.ts";

forbidUnhandledRejections();

describe("a host that is not there", () => {
  it("is tried as often as the attempts allow, and then connect() rejects and names it", async () => {
    const connection = storyConnection("stomp://nobody.invalid:61613", {
      maxReconnectAttempts: 3,
      maxReconnectDelay: 1,
    });
    let attempts = 0;
    connection.on("attempt", () => attempts++);
    const error = await rejectionOf<NoActiveEndpointError>(connection.connect());
    expect(error.attempts).toMatchObject([{ code: "ENDPOINT_UNKNOWN" }]);
    expect(error.message).toContain("nobody.invalid");
    expect(attempts).toBe(3);
  });

  it("that a broker names does no harm: the others are asked as before", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection({
      properties: { "failover-server-list": [{ "network-host": "nobody.invalid", port: 5672 }] },
    });
    peer.expectConnection();

    const connection = connectionTo([peer], { maxReconnectDelay: 5 });
    const restored = next(connection, "restored");
    await connection.connect();
    peer.dropAll();
    expect(await restored).toMatchObject({ endpoint: { port: peer.port } });
    await peer.done;
  });
});

describe.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
  const listen = () => (protocol === "stomp" ? StompPeer.listen() : AmqpPeer.listen());

  it("a peer that accepts and never speaks is passed by, and is not left with more than one attempt", async () => {
    const silent = createServer();
    let dialled = 0;
    silent.on("connection", (socket) => {
      dialled += 1;
      socket.on("error", () => {}).resume();
    });
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const active = await listen();

    const uri = `${protocol}://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const connection = connectionTo([{ uri }, active], { attemptStagger: 20, maxReconnectDelay: 5 });
    let turnedAway = 0;
    connection.on("attempt", ({ endpoint }) => {
      if (endpoint.port !== active.port) return;
      turnedAway += 1;
      // A standby for twenty rounds, and then it has taken over.
      if (turnedAway === 20) active.expectConnection();
    });
    await connection.connect();
    expect(connection.endpoint).toMatchObject({ port: active.port });
    expect(dialled).toBe(1);
  });

  it("more than a thousand rounds may fail before a peer is there", async () => {
    const peer = await listen();
    const connection = connectionTo([peer], { maxReconnectDelay: 1, useExponentialBackOff: false });
    let attempts = 0;
    connection.on("attempt", () => {
      attempts += 1;
      if (attempts === 1003) peer.expectConnection();
    });
    await connection.connect();
    expect(attempts).toBe(1004);
  });

  it("interrupted and restored are not told where there was nothing to reconnect", async () => {
    const peer = await listen();
    peer.expectConnection();
    const connection = connectionTo([peer], { initialReconnectDelay: 3_600_000 });
    const told: string[] = [];
    for (const event of ["established", "interrupted", "restored"] as const)
      connection.on(event, () => told.push(event));
    await connection.connect();
    await connection.close();
    expect(told).toEqual(["established"]);
  });
});

describe("timeout", () => {
  it("limits a send and not the connecting; the send fails, and the next one is confirmed", async () => {
    const peer = await AmqpPeer.listen();
    const connection = connectionTo([peer], { timeout: 100, maxReconnectDelay: 5 });
    const connecting = connection.connect();
    const error = await rejectionOf(connection.send("q", "too early"));
    expect(error).toMatchObject({ code: "SEND_TIMEOUT", inDoubt: false });
    peer.expectConnection();
    peer.expectAttach("sender", "q").grant();
    peer.expectTransfer("in time").accept();
    await connecting;
    await connection.send("q", "in time", { timeoutMs: 10_000 });
    await peer.done;
  });
});

describe("a consumer and a producer that the broker refuses", () => {
  it("are not asked for again by the next session", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectAttach("receiver", "in").refuse("amqp:unauthorized-access");
    first.expectDetach().stayQuiet();
    first.expectAttach("sender", "out").refuse("amqp:unauthorized-access");
    first.expectDetach().stayQuiet();
    second.expectConnection();
    second.expectAttach("sender", "allowed").grant();
    second.expectTransfer("one").accept();

    const connection = await connectionTo([first, second]).connect();
    expect(await rejectionOf(connection.consume("in").ready)).toMatchObject({ code: "SUBSCRIPTION_REFUSED" });
    expect(await rejectionOf(connection.producer("out").send("x"))).toMatchObject({ code: "SEND_REJECTED" });
    await first.done;
    first.dropAll();
    await connection.send("allowed", "one");
    // Anything else that came over the second session would fail the script.
    await second.done;
  });
});

describe("every way to receive", () => {
  it("ends when the connection fails, and hangs on no dead transport", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();
    for (const name of ["a", "b", "c", "d"]) peer.expectAttach("receiver", name).answer();
    const connection = await connectionTo([peer], { maxReconnectAttempts: 1 }).connect();
    const [a, b, c] = ["a", "b", "c"].map((name) => connection.consume(name));
    const waits = [a?.next(), b?.receive(), c?.receive({ timeoutMs: 60_000 })].map((wait) =>
      rejectionOf(Promise.resolve(wait)),
    );
    const running = rejectionOf(connection.consume("d").run(() => {}));
    await peer.done;
    peer.dropAll();
    const failure = await connection.closed;
    expect(await Promise.all([...waits, running])).toEqual(Array(4).fill(failure));
    expect(await a?.next()).toEqual({ done: true, value: undefined });
    expect(await b?.receive()).toBeUndefined();
  });
});
