import { connect } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { openAmqpSession } from "../../../../src/adapters/amqp/open-session.ts";
import {
  AttemptError,
  AuthenticationError,
  ConnectionClosedError,
  type ErrorCode,
  type Verdict,
} from "../../../../src/errors.ts";
import type { Endpoint } from "../../../../src/uri/endpoint.ts";
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
} from "./scripted-peer.ts";

const hello = Buffer.concat([wire.saslHeader, wire.mechanisms("PLAIN", "ANONYMOUS")]);
const refusal = { properties: { "amqp:connection-establishment-failed": true } };
const openWire = Buffer.concat([Buffer.from([0, 0, 1, 0, 1]), Buffer.from("ActiveMQ"), Buffer.alloc(40)]);

function halfFrameThenReset(): Promise<Peer> {
  return rawPeer((socket) => {
    socket.write(hello.subarray(0, 12));
    setTimeout(() => socket.resetAndDestroy(), 20);
  });
}

const ROWS: readonly (readonly [string, () => Promise<Peer>, ErrorCode, Verdict, RegExp])[] = [
  [
    "SASL outcome 1",
    () => scriptedPeer(hello, wire.outcome(1)),
    "AUTHENTICATION_FAILED",
    "stop",
    /nobody without a login/,
  ],
  ["SASL outcome 2", () => scriptedPeer(hello, wire.outcome(2)), "AUTHENTICATION_FAILED", "stop", /outcome 2/],
  ["SASL outcome 3", () => scriptedPeer(hello, wire.outcome(3)), "AUTHENTICATION_FAILED", "stop", /outcome 3/],
  ["SASL outcome 4", () => scriptedPeer(hello, wire.outcome(4)), "ENDPOINT_REJECTED", "next", /unavailable for now/],
  [
    "no usable mechanism",
    () => scriptedPeer(Buffer.concat([wire.saslHeader, wire.mechanisms("GSSAPI")])),
    "AUTHENTICATION_FAILED",
    "stop",
    /GSSAPI/,
  ],
  ...(
    [
      ["amqp:unauthorized-access", "AUTHENTICATION_FAILED", "stop"],
      ["amqp:connection:forced", "ENDPOINT_REJECTED", "next"],
      ["amqp:invalid-field", "ENDPOINT_REJECTED", "next"],
      ["amqp:not-found", "ENDPOINT_REJECTED", "next"],
      ["amqp:resource-limit-exceeded", "ENDPOINT_REJECTED", "next"],
      ["amqp:connection:redirect", "ENDPOINT_REJECTED", "next"],
      ["amqp:illegal-state", "ENDPOINT_REJECTED", "next"],
    ] as const
  ).flatMap(([condition, code, verdict]) => {
    const close = wire.close({ condition, description: "not you" });
    const text = new RegExp(`${condition}: not you`);
    return [
      [
        `a refusing open, then close with ${condition}`,
        () => openingPeer(wire.open(refusal), close),
        code,
        verdict,
        text,
      ],
      [`open and close at once with ${condition}`, () => openingPeer(wire.open(), close), code, verdict, text],
    ] as const;
  }),
  [
    "a close without error",
    () => openingPeer(wire.open(), wire.close()),
    "ENDPOINT_REJECTED",
    "next",
    /does not say why/,
  ],
  ["a FIN at once", () => rawPeer((socket) => socket.end()), "ENDPOINT_CLOSED", "next", /before the AMQP handshake/],
  ["a FIN after the SASL header", () => scriptedPeer("end"), "ENDPOINT_CLOSED", "next", /before the AMQP handshake/],
  [
    "a reset after the SASL header",
    () => scriptedPeer("reset"),
    "ENDPOINT_CLOSED",
    "next",
    /before the AMQP handshake/,
  ],
  ["a FIN after the login", () => scriptedPeer(hello, wire.outcome(0), "end"), "ENDPOINT_CLOSED", "next", /handshake/],
  ["a reset in a frame", halfFrameThenReset, "ENDPOINT_CLOSED", "next", /handshake/],
  [
    "garbage",
    () => rawPeer((socket) => socket.write("how do you do?")),
    "PROTOCOL_ERROR",
    "next",
    /not speak AMQP 1.0/,
  ],
  ["no SASL layer", () => scriptedPeer(wire.amqpHeader), "PROTOCOL_ERROR", "next", /SASL layer/],
  ["AMQP 0-9-1", () => scriptedPeer(Buffer.from("AMQP\0\0\x09\x01", "latin1")), "WRONG_PROTOCOL", "next", /0-9-1/],
  [
    "OpenWire",
    () => rawPeer((socket) => socket.write(openWire)),
    "WRONG_PROTOCOL",
    "next",
    /use the STOMP or AMQP port/,
  ],
  ["STOMP", () => scriptedPeer(Buffer.from("ERROR\nmessage:what?\n\n\0")), "WRONG_PROTOCOL", "next", /speaks STOMP/],
  [
    "HTTP",
    () => scriptedPeer(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")),
    "WRONG_PROTOCOL",
    "next",
    /speaks HTTP/,
  ],
  [
    "a TLS alert and a FIN",
    () => rawPeer((socket) => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 40]))),
    "WRONG_PROTOCOL",
    "next",
    /speaks TLS/,
  ],
];

describe("the AMQP handshake", () => {
  it.each(ROWS)("fails the attempt on %s", async (_what, start, code, verdict, text) => {
    const print = vi.spyOn(console, "error");
    const peer = await start();
    const failure = await failureOf(peer);
    expect(failure).toBeInstanceOf(code === "AUTHENTICATION_FAILED" ? AuthenticationError : AttemptError);
    expect(failure).toMatchObject({ code, verdict, endpoint: { host: "127.0.0.1", port: peer.endpoint.port } });
    expect((failure as Error).message).toMatch(text);
    await until(() => peer.sockets.every((socket) => socket.destroyed || socket.readableEnded));
    expect(print).not.toHaveBeenCalled();
  });

  it("resolves with a session when the peer has opened", async () => {
    const peer = await openingPeer(wire.open({ properties: { product: "ActiveMQ", version: "6.1.8" } }));
    const session = await openOn(peer);
    expect(session.broker).toEqual({ product: "activemq", version: "6.1.8" });
    expect(session.useful).toBe(false);
  });

  it("carries a name and a password outside ASCII whole", async () => {
    const peer = await rheaPeer();
    const logins: unknown[] = [];
    peer.container.sasl_server_mechanisms.enable_plain((username: string, password: string) => {
      logins.push({ username, password });
      return true;
    });
    await openOn(peer, { credentials: async () => ({ username: "zoë", password: "pässwörd€" }) });
    expect(logins).toEqual([{ username: "zoë", password: "pässwörd€" }]);
  });

  it("logs in as nobody without credentials, and never when it has some", async () => {
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
