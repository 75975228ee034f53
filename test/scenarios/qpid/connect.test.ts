/** What Qpid JMS's failover tests say of connecting and reconnecting (Q1-Q21), over scripted peers. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { MasterSlaveError, NoActiveEndpointError } from "../../../src/errors/errors.ts";
import { AmqpPeer } from "../../support/peers/amqp-peer.ts";
import { connectionTo } from "../../support/peers/scripted-peer.ts";
import { StompPeer } from "../../support/peers/stomp-peer.ts";
import { next } from "../../support/stories.ts";
import { forbidUnhandledRejections, rejectionOf } from "../../support/toy-connection.ts";

forbidUnhandledRejections();

const containerIdInUse = { "invalid-field": "container-id" };

/** Refuses one client after the login, in its open. */
function refuse(peer: AmqpPeer, condition: string, info?: Readonly<Record<string, unknown>>): void {
  peer.expectSasl().accept();
  peer.expectOpen().refuse(condition, "not you", info);
}

function endOf(connection: ReturnType<typeof connectionTo>): Promise<MasterSlaveError> {
  return new Promise((resolve) => connection.once("failed", resolve));
}

describe("the first connect", () => {
  it("ends with the security error of an open that is refused as unauthorized, and asks no further peer", async () => {
    const [first, second] = await AmqpPeer.pair();
    refuse(first, "amqp:unauthorized-access");

    const error = await rejectionOf(connectionTo([first, second]).connect());
    expect(error).toMatchObject({ code: "AUTHENTICATION_FAILED", retryable: false });
    await first.done;
    expect([first.connections, second.connections]).toEqual([1, 0]);
  });

  it.each([1, 2, 3])("ends with the security error of SASL outcome %i, and asks no further peer", async (code) => {
    const [first, second] = await AmqpPeer.pair();
    first.expectSasl().refuse(code);

    const error = await rejectionOf(connectionTo([first, second]).connect());
    expect(error).toMatchObject({ code: "AUTHENTICATION_FAILED", retryable: false });
    await first.done;
    expect([first.connections, second.connections]).toEqual([1, 0]);
  });

  it("goes to the next peer when SASL says that it is unavailable for now", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectSasl().refuse(4);
    second.expectConnection();

    const connection = await connectionTo([first, second]).connect();
    expect(connection.endpoint).toMatchObject({ port: second.port });
    await Promise.all([first.done, second.done]);
  });

  it.each([
    ["amqp:invalid-field", containerIdInUse],
    ["amqp:invalid-field", undefined],
    ["amqp:not-found", undefined],
    ["amqp:connection:forced", undefined],
  ] as const)("goes to the next peer when the open is refused with %s %j", async (condition, info) => {
    const [first, second] = await AmqpPeer.pair();
    refuse(first, condition, info);
    second.expectConnection();

    const connection = await connectionTo([first, second]).connect();
    expect(connection.endpoint).toMatchObject({ port: second.port });
    await Promise.all([first.done, second.done]);
  });

  it("goes to the next peer when one closes right after the SASL header", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectHeader("sasl").drop();
    second.expectConnection();

    const connection = await connectionTo([first, second]).connect();
    expect(connection.endpoint).toMatchObject({ port: second.port });
    await Promise.all([first.done, second.done]);
  });

  it("goes on from a URI behind which nobody listens to the one that is good", async () => {
    const [first, second] = await AmqpPeer.pair();
    await first.refuse();
    second.expectConnection();

    const connection = connectionTo([first, second]);
    const attempts: unknown[] = [];
    connection.on("attempt", ({ endpoint }) => attempts.push(endpoint.port));
    await connection.connect();
    expect(attempts).toHaveLength(2);
    expect(connection.endpoint).toMatchObject({ port: second.port });
  });

  it("gives up a peer whose socket is accepted and never answered, and ends at the limit", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectHeader("sasl").stayQuiet();

    const connection = connectionTo([peer], { attemptTimeout: 50, maxReconnectAttempts: 1 });
    const error = await rejectionOf<NoActiveEndpointError>(connection.connect());
    expect(error).toMatchObject({ code: "NO_ACTIVE_ENDPOINT", attempts: [{ code: "ATTEMPT_TIMEOUT" }] });
  });

  it.each([
    [1, 5],
    [3, 15],
  ])("with startupMaxReconnectAttempts=5 asks %i URIs %i times in all", async (uris, connects) => {
    const peers = (await AmqpPeer.trio()).slice(0, uris);
    const limits = { startupMaxReconnectAttempts: 5, maxReconnectDelay: 5 };

    const error = await rejectionOf<NoActiveEndpointError>(connectionTo(peers, limits).connect());
    expect(error.attempts).toHaveLength(uris);
    expect(peers.reduce((sum, { connections }) => sum + connections, 0)).toBe(connects);
  });

  it("counts a round over all peers as one attempt, also when they refuse after the login", async () => {
    const peers = await AmqpPeer.trio();
    for (const peer of peers) refuse(peer, "amqp:not-found");
    const limits = { startupMaxReconnectAttempts: 1 };

    const error = await rejectionOf<NoActiveEndpointError>(connectionTo(peers, limits).connect());
    expect(error.attempts.map(({ code }) => code)).toEqual(Array(3).fill("ENDPOINT_REJECTED"));
    await Promise.all(peers.map(({ done }) => done));
    expect(peers.map(({ connections }) => connections)).toEqual([1, 1, 1]);
  });

  it("is not delayed by initialReconnectDelay", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();
    // An hour: it would not be over in the test's time.
    await connectionTo([peer], { initialReconnectDelay: 3_600_000 }).connect();
    await peer.done;
  });

  it("tells a refusal to the listener of `failed` too, and the connection is closed with it", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectSasl().refuse(1);

    const connection = connectionTo([peer]);
    const failed = endOf(connection);
    const error = await rejectionOf(connection.connect());
    expect(await failed).toBe(error);
    expect(await connection.closed).toBe(error);
  });
});

describe("after a drop", () => {
  it.each([1, 2, 3])(
    "SASL outcome %i from all for authRetryMs fails the connection, and its consumers end",
    async (code) => {
      const [first, second, third] = await AmqpPeer.trio();
      first.expectConnection();
      first.expectAttach("receiver", "q").answer();
      for (const peer of [second, third]) peer.expectSasl().refuse(code);

      const connection = connectionTo([first, second, third], { authRetryMs: 500 });
      const failed = endOf(connection);
      await connection.connect();
      const consumer = connection.consume("q");
      const reading = rejectionOf(consumer.next());
      await consumer.ready;
      first.dropAll();
      expect(await failed).toMatchObject({ code: "AUTHENTICATION_FAILED" });
      expect(await reading).toBe(await failed);
      expect(connection.state.name).toBe("closed");
      await Promise.all([second.done, third.done]);
      expect([second.connections, third.connections]).toEqual([1, 1]);
    },
  );

  it("SASL that is unavailable for now sends it to the next peer, and its consumer resumes", async () => {
    const [first, second, third] = await AmqpPeer.trio();
    first.expectConnection();
    first.expectAttach("receiver", "q").answer();
    first.expectCredit().drop();
    second.expectSasl().refuse(4);
    third.expectConnection();
    third.expectAttach("receiver", "q").answer();
    third.expectCredit().deliver("one");

    const connection = await connectionTo([first, second, third]).connect();
    const { value } = await connection.consume("q").next();
    expect(value.message.text()).toBe("one");
    await Promise.all([first.done, second.done, third.done]);
  });

  it.each([
    ["amqp:invalid-field", containerIdInUse],
    ["amqp:invalid-field", undefined],
    ["amqp:connection:forced", undefined],
  ] as const)("an open refused with %s %j sends it to the next peer", async (condition, info) => {
    const [first, second, third] = await AmqpPeer.trio();
    first.expectConnection();
    refuse(second, condition, info);
    third.expectConnection();

    const connection = connectionTo([first, second, third]);
    const restored = next(connection, "restored");
    await connection.connect();
    await first.done;
    first.dropAll();
    expect(await restored).toMatchObject({ endpoint: { port: third.port } });
    await Promise.all([second.done, third.done]);
  });

  it("the first round waits for initialReconnectDelay, and no peer of it for another", async () => {
    const [first, second, third] = await AmqpPeer.trio();
    first.expectConnection();
    refuse(second, "amqp:not-found");
    third.expectConnection();

    const delays = { initialReconnectDelay: 100, reconnectDelay: 3_600_000 };
    const connection = connectionTo([first, second, third], delays);
    const restored = next(connection, "restored");
    await connection.connect();
    await first.done;
    first.dropAll();
    await sleep(20);
    expect(second.connections).toBe(0);
    // The second refused and the third was asked at once: reconnectDelay, an hour, is between rounds.
    expect(await restored).toMatchObject({ endpoint: { port: third.port } });
    await Promise.all([second.done, third.done]);
  });

  it("rounds that fail wait for reconnectDelay, whatever initialReconnectDelay was", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    refuse(second, "amqp:not-found");
    second.expectConnection();

    const connection = connectionTo([first, second], { initialReconnectDelay: 1, reconnectDelay: 300 });
    const restored = next(connection, "restored");
    await connection.connect();
    await first.done;
    first.dropAll();
    const { endpoint, outageMs } = (await restored) as { endpoint: object; outageMs: number };
    expect(endpoint).toMatchObject({ port: second.port });
    // The first is before a round of its own; the second less what jitter takes off.
    expect(outageMs).toBeGreaterThan(1 + 300 * 0.9 - 5);
    await second.done;
  });

  it("peers that refuse use up maxReconnectAttempts, a round each, and then it fails", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    for (let round = 0; round < 3; round++) refuse(second, "amqp:not-found");

    const connection = connectionTo([first, second], { maxReconnectAttempts: 3, maxReconnectDelay: 5 });
    const failed = endOf(connection);
    await connection.connect();
    await first.done;
    first.dropAll();
    expect(await failed).toMatchObject({ code: "NO_ACTIVE_ENDPOINT", attempts: [{}, { code: "ENDPOINT_REJECTED" }] });
    await second.done;
    expect(second.connections).toBe(3);
  });

  it("the credentials are asked for again, and their new password is what the next peer hears", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectSasl({ username: "scott", password: "tiger-1" }).accept();
    first.expectOpen().answer();
    second.expectSasl({ username: "scott", password: "tiger-2" }).accept();
    second.expectOpen().answer();

    let password = "tiger-1";
    const credentials = () => ({ username: "scott", password });
    const connection = connectionTo([first, second], { credentials });
    const restored = next(connection, "restored");
    await connection.connect();
    await first.done;
    password = "tiger-2";
    first.dropAll();
    await restored;
    await second.done;
  });

  it("over STOMP the credentials are asked for again too", async () => {
    const [first, second] = await StompPeer.pair();
    first.expectConnect({ login: "scott", passcode: "tiger-1" }).connected();
    second.expectConnect({ login: "scott", passcode: "tiger-2" }).connected();

    let passcode = "tiger-1";
    const credentials = () => ({ username: "scott", password: passcode });
    const connection = connectionTo([first, second], { credentials });
    const restored = next(connection, "restored");
    await connection.connect();
    await first.done;
    passcode = "tiger-2";
    first.dropAll();
    await restored;
    await second.done;
  });
});
