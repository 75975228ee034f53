import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { openAmqpSession } from "../../../../../src/adapters/amqp/open-session.ts";
import { AttemptError, AuthenticationError, ConnectionClosedError } from "../../../../../src/errors/errors.ts";
import type { Endpoint } from "../../../../../src/uri/endpoint.ts";
import {
  contextOf,
  failureOf,
  LOGIN,
  openingPeer,
  openOn,
  type Peer,
  rawPeer,
  rheaPeer,
  SETTINGS,
  scriptedPeer,
  timers,
  until,
  wire,
} from "../scripted-peer.ts";

const hello = Buffer.concat([wire.saslHeader, wire.mechanisms("PLAIN", "ANONYMOUS")]);
const refusal = { properties: { "amqp:connection-establishment-failed": true } };

describe("the AMQP handshake", () => {
  it("resolves with a session when the peer has opened", async () => {
    const peer = await openingPeer(wire.open({ properties: { product: "ActiveMQ", version: "6.1.8" } }));
    const session = await openOn(peer);
    expect(session.broker).toEqual({ product: "activemq", version: "6.1.8" });
    expect(session.useful).toBe(false);
  });

  it("sends a name and a password outside ASCII unchanged", async () => {
    const peer = await rheaPeer();
    const logins: unknown[] = [];
    peer.container.sasl_server_mechanisms.enable_plain((username: string, password: string) => {
      logins.push({ username, password });
      return true;
    });
    await openOn(peer, { credentials: async () => ({ username: "zoë", password: "pässwörd€" }) });
    expect(logins).toEqual([{ username: "zoë", password: "pässwörd€" }]);
  });

  it("logs in as ANONYMOUS without credentials, and never with them", async () => {
    const peer = await rheaPeer();
    peer.container.sasl_server_mechanisms.enable_anonymous();
    await openOn(peer);
    const failure = await failureOf(peer, { credentials: () => LOGIN });
    expect(failure).toBeInstanceOf(AuthenticationError);
    expect((failure as Error).message).not.toContain(LOGIN.password);
  });

  it("goes by the client id, and by a random name without one", async () => {
    const peer = await rheaPeer();
    await openOn(peer, { clientId: "orders-1" });
    await openOn(peer);
    await openOn(peer);
    const names = peer.connections.map(({ container_id }) => container_id);
    expect(names[0]).toBe("orders-1");
    expect(new Set(names).size).toBe(3);
  });

  it("writes nothing before its turn", async () => {
    const received: Buffer[] = [];
    const peer = await rawPeer((socket) => socket.on("data", (chunk) => received.push(chunk)));
    let speak = () => {};
    const turn = new Promise<void>((resolve) => {
      speak = resolve;
    });
    const controller = new AbortController();
    const attempt = failureOf(peer, {}, { signal: controller.signal, turn: () => turn });
    await until(() => peer.sockets.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(received).toEqual([]);
    speak();
    await until(() => received.length > 0);
    expect(received[0]).toEqual(wire.saslHeader);
    controller.abort(new ConnectionClosedError("enough"));
    expect(await attempt).toMatchObject({ code: "CONNECTION_CLOSED", message: "enough" });
  });

  it("asks for the credentials at every attempt, and tries the next endpoint when they cannot be had", async () => {
    const peer = await rheaPeer();
    const cause = new Error("the vault is sealed");
    const asked: Endpoint[] = [];
    const credentials = (endpoint: Endpoint) => {
      asked.push(endpoint);
      throw cause;
    };
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await failureOf(peer, { credentials })).toMatchObject({
        code: "CREDENTIALS_UNAVAILABLE",
        verdict: "next",
        cause,
      });
    }
    expect(asked).toEqual([peer.endpoint, peer.endpoint]);
  });

  it("refuses credentials that PLAIN cannot carry", async () => {
    const peer = await rheaPeer();
    const failure = await failureOf(peer, { credentials: () => ({ username: "a\0b", password: "secret" }) });
    expect(failure).toBeInstanceOf(AuthenticationError);
    expect(String(failure)).not.toContain("secret");
  });

  it.each([
    ["before it speaks", (): Promise<Peer> => rawPeer(() => {}), () => new Promise<void>(() => {})],
    ["while the peer is silent", (): Promise<Peer> => rawPeer(() => {}), () => Promise.resolve()],
    ["in the middle of the login", (): Promise<Peer> => scriptedPeer(hello), () => Promise.resolve()],
    ["while a refusing peer owes its close", () => openingPeer(wire.open(refusal)), () => Promise.resolve()],
  ])("rejects at once when its signal fires %s, and leaves nothing open", async (_when, start, turn) => {
    const peer = await start();
    const before = timers();
    const controller = new AbortController();
    const attempt = failureOf(peer, { heartbeatMs: 1000 }, { signal: controller.signal, turn });
    await until(() => peer.sockets.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const reason = new AttemptError("ATTEMPT_TIMEOUT", "too late", { endpoint: peer.endpoint });
    controller.abort(reason);
    expect(await attempt).toBe(reason);
    await until(() => peer.sockets.every((socket) => socket.readableEnded || socket.destroyed));
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it("wraps a reason that is not ours", async () => {
    const peer = await rawPeer(() => {});
    expect(await failureOf(peer, {}, contextOf(AbortSignal.timeout(30)))).toMatchObject({ code: "ABORTED" });
  });

  it("fails when the peer goes away while it waits for its turn", async () => {
    const peer = await rawPeer((socket) => socket.resetAndDestroy());
    const attempt = failureOf(peer, {}, { ...contextOf(), turn: () => new Promise(() => {}) });
    expect(await attempt).toMatchObject({ code: "ENDPOINT_CLOSED", verdict: "next" });
  });

  it("reports what a broker names as alternates, and never leaves TLS for them", async () => {
    const list = [
      { "network-host": "b.example", port: 5673, hostname: "b", scheme: "amqp" },
      { "network-host": "::1", port: 5674 },
      { "network-host": "c.example", port: "nonsense" },
    ];
    const peer = await rheaPeer({ properties: { "failover-server-list": list } });
    const named: Endpoint[] = [];
    await openOn(peer, { onAlternates: (endpoints) => named.push(...endpoints) });
    expect(named).toEqual([
      { scheme: "amqp", host: "b.example", port: 5673, options: {} },
      { scheme: "amqp", host: "::1", port: 5674, options: {} },
    ]);
  });

  it("says that another connection uses the clientId, when the broker names the container-id", async () => {
    const info = { "invalid-field": "container-id" };
    const peer = await openingPeer(wire.open(refusal), wire.close({ condition: "amqp:invalid-field", info }));
    const failure = await failureOf(peer, { clientId: "billing" });
    expect(failure).toMatchObject({
      verdict: "next",
      message: expect.stringContaining("another live connection uses this clientId"),
    });
  });

  it("reports the target of a redirect", async () => {
    const info = { "network-host": "other.example", port: 5673 };
    const peer = await openingPeer(wire.open(refusal), wire.close({ condition: "amqp:connection:redirect", info }));
    const named: Endpoint[] = [];
    const failure = await failureOf(peer, { onAlternates: (endpoints) => named.push(...endpoints) });
    expect(failure).toMatchObject({ code: "ENDPOINT_REJECTED", verdict: "next" });
    expect(named).toEqual([{ scheme: "amqp", host: "other.example", port: 5673, options: {} }]);
  });

  it("fails the attempt when the listener for alternates throws", async () => {
    const peer = await rheaPeer({ properties: { "failover-server-list": [{ "network-host": "b", port: 1 }] } });
    const onAlternates = () => {
      throw new Error("listener");
    };
    expect(await failureOf(peer, { onAlternates })).toMatchObject({ code: "INTERNAL" });
  });

  it("passes on what the dial found", async () => {
    const peer = await rawPeer(() => {});
    await peer.close();
    const probe = connect(peer.endpoint.port, "127.0.0.1");
    probe.on("error", () => {});
    const failure = await openAmqpSession(SETTINGS)(peer.endpoint, contextOf()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ENDPOINT_REFUSED", verdict: "next" });
  });
});
