import type { AddressInfo } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { openStompSession } from "../../../../src/adapters/stomp/open-session.ts";
import { HANDSHAKE_FAILURES, type HandshakeFailureKind } from "../../../../src/adapters/stomp/opening/failures.ts";
import { AttemptError, AuthenticationError, InvalidArgumentError } from "../../../../src/errors/errors.ts";
import { selfSigned } from "../../../support/certificate.ts";
import { ARTEMIS, attempt, CLASSIC, frame, PeerConnection, SETTINGS, StompPeer } from "./stomp-peer.ts";

const peers: StompPeer[] = [];
async function listen(script?: (connection: PeerConnection) => void | Promise<void>): Promise<StompPeer> {
  const peer = await StompPeer.listen(script);
  peers.push(peer);
  return peer;
}
afterEach(async () => {
  for (const peer of peers.splice(0)) await peer[Symbol.asyncDispose]();
});

async function failureOf(promise: Promise<unknown>): Promise<AttemptError> {
  const error = await promise.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AttemptError);
  return error as AttemptError;
}

const openWire = Buffer.concat([Buffer.from([0, 0, 1, 0x2c, 1]), Buffer.from("ActiveMQ"), Buffer.alloc(32)]);
const tlsAlert = Buffer.from([0x15, 3, 3, 0, 2, 2, 70]);
const afterConnect = (answer: (connection: PeerConnection) => void) => async (connection: PeerConnection) => {
  await connection.frame("CONNECT");
  answer(connection);
};
const end = ({ socket }: PeerConnection) => void socket.end();
const reset = ({ socket }: PeerConnection) => void socket.resetAndDestroy();

/** What the peer does, the row of the table it must end in, and what the error must say. */
const ROWS: readonly [string, HandshakeFailureKind, RegExp, (connection: PeerConnection) => void | Promise<void>][] = [
  ["closes at once", "closed", /closed the connection .*or it is a TLS port/, end],
  ["resets at once", "closed", /closed the connection/, reset],
  ["closes after CONNECT", "closed", /closed the connection/, afterConnect(end)],
  ["resets after CONNECT", "closed", /closed the connection/, afterConnect(reset)],
  [
    "closes within CONNECTED",
    "closed",
    /closed the connection/,
    afterConnect((connection) => {
      connection.write("CONNECTED\nversion:1.2\nser");
      end(connection);
    }),
  ],
  ["answers garbage", "notStomp", /begins "SQL> ready/, afterConnect((peer) => peer.write("SQL> ready\r\n"))],
  ["sends a frame before CONNECTED", "notStomp", /RECEIPT/, afterConnect((peer) => peer.write(frame("RECEIPT")))],
  [
    "gives CONNECTED a body",
    "notStomp",
    /body/,
    afterConnect((peer) => peer.write(frame("CONNECTED", { version: "1.2" }, "x"))),
  ],
  [
    "answers as HTTP",
    "otherProtocol",
    /speaks HTTP/,
    afterConnect((peer) => peer.write("HTTP/1.1 400 Bad Request\r\n\r\n")),
  ],
  [
    "speaks OpenWire unasked",
    "otherProtocol",
    /speaks OpenWire, use the STOMP or AMQP port/,
    (peer) => peer.write(openWire),
  ],
  [
    "answers as OpenWire",
    "otherProtocol",
    /speaks OpenWire/,
    afterConnect((peer) => {
      peer.write(openWire);
      end(peer);
    }),
  ],
  [
    "answers as AMQP 1.0",
    "otherProtocol",
    /speaks AMQP 1.0/,
    afterConnect((peer) => peer.write(Buffer.from([65, 77, 81, 80, 3, 1, 0, 0]))),
  ],
  ["answers with a TLS alert", "tls", /speaks TLS, use stomp\+ssl/, afterConnect((peer) => peer.write(tlsAlert))],
  ["speaks STOMP 1.0", "oldVersion", /here 1\.0/, afterConnect((peer) => peer.write(frame("CONNECTED")))],
  [
    "speaks a version nobody asked for",
    "oldVersion",
    /here 2\.0/,
    afterConnect((peer) => peer.write(frame("CONNECTED", { version: "2.0" }))),
  ],
  [
    "refuses the credentials as Classic does",
    "badCredentials",
    /refused the login: the user name or the password is wrong/,
    afterConnect((peer) => {
      const text = "User name [scott] or password is invalid.";
      peer.write(frame("ERROR", { "content-type": "text/plain", message: text }, text));
      end(peer);
    }),
  ],
  [
    "refuses the credentials as Artemis does",
    "badCredentials",
    /refused the login/,
    afterConnect((peer) => {
      const text = "Security Error occurred: User name [scott] or password is invalid";
      peer.write(frame("ERROR", { message: text, "content-length": String(text.length) }, text));
      end(peer);
    }),
  ],
  [
    "wants a client certificate as Classic does",
    "badCredentials",
    /refused the login: no user is known by the client certificate, or none was sent/,
    afterConnect((peer) => {
      peer.write(frame("ERROR", { message: "Unable to authenticate transport without SSL certificate." }));
      end(peer);
    }),
  ],
  [
    "refuses a client id in use as Classic does",
    "clientIdInUse",
    /another live connection uses this clientId: .*Client: me already connected/,
    afterConnect((peer) => {
      const text = "Broker: a - Client: me already connected from tcp://127.0.0.1:38392";
      const trace = `jakarta.jms.InvalidClientIDException: ${text}\n\tat org.apache.activemq.security.SimpleAuthenticationBroker.addConnection(A.java:77)`;
      peer.write(frame("ERROR", { message: text }, trace));
      end(peer);
    }),
  ],
  ["refuses without a reason", "refused", /no reason given/, afterConnect((peer) => peer.write(frame("ERROR")))],
  [
    "refuses at great length",
    "refused",
    /: x+…$/,
    afterConnect((peer) => peer.write(frame("ERROR", { message: "x".repeat(20_000) }, "y".repeat(200_000)))),
  ],
];

describe("an attempt at a peer", () => {
  it.each(ROWS)("that %s fails as the table says: %s", async (_, kind, text, script) => {
    const peer = await listen(script);
    const error = await failureOf(attempt(peer.endpoint));
    const { code, verdict } = HANDSHAKE_FAILURES[kind];
    expect(error).toMatchObject({ code, verdict, retryable: verdict === "next" });
    expect(error.message).toMatch(text);
    expect(error.message.length).toBeLessThan(600);
    expect(error.endpoint).toEqual({ scheme: "stomp", host: "127.0.0.1", port: peer.endpoint.port });
    await peer.connection.until(
      () => peer.connection.socket.destroyed || peer.connection.socket.readableEnded,
      "close",
    );
  });

  it("covers every row of the table", () => {
    const elsewhere: HandshakeFailureKind[] = ["noCredentials", "unsendable"];
    expect(new Set([...ROWS.map(([, kind]) => kind), ...elsewhere])).toEqual(new Set(Object.keys(HANDSHAKE_FAILURES)));
  });

  it("that refuses TCP fails with ENDPOINT_REFUSED", async () => {
    const peer = await StompPeer.listen();
    const { endpoint } = peer;
    await peer[Symbol.asyncDispose]();
    expect(await failureOf(attempt(endpoint))).toMatchObject({ code: "ENDPOINT_REFUSED", verdict: "next" });
  });

  it("that speaks no TLS fails with TLS_FAILED when TLS is asked for", async () => {
    const peer = await listen((connection) => connection.write("ERROR\n\n\0"));
    const error = await failureOf(attempt({ ...peer.endpoint, scheme: "stomp+ssl" }));
    expect(error).toMatchObject({ code: "TLS_FAILED", verdict: "next" });
  });

  it("that speaks TLS only fails by that name when STOMP is asked for", async () => {
    const server = createTlsServer({});
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const error = await failureOf(attempt({ scheme: "stomp", host: "127.0.0.1", port, options: {} }));
    expect(["TLS_FAILED", "ENDPOINT_CLOSED"]).toContain(error.code);
    server.close();
  });

  it.each([
    ["silent", () => {}],
    ["silent within CONNECTED", afterConnect((connection) => connection.write("CONNECTED\nversion:1.2\n"))],
    ["silent within ERROR", afterConnect((connection) => connection.write("ERROR\nmessage:no\n\nbecause"))],
  ])("that stays %s ends at once with the reason of the signal", async (_, script) => {
    const peer = await listen(script);
    const limit = new AbortController();
    const outcome = failureOf(attempt(peer.endpoint, {}, limit.signal));
    await connectedTo(peer);
    await peer.connection.frame("CONNECT");
    const reason = new AttemptError("ATTEMPT_TIMEOUT", "Too slow", { endpoint: peer.endpoint });
    limit.abort(reason);
    expect(await outcome).toBe(reason);
    // What was not read yet makes a reset of it.
    const { socket } = peer.connection;
    await peer.connection.until(() => socket.readableEnded || socket.destroyed, "close");
  });

  it("says that it was given up when the signal's reason is not one of our errors", async () => {
    const peer = await listen();
    const limit = new AbortController();
    const outcome = attempt(peer.endpoint, {}, limit.signal);
    await connectedTo(peer);
    limit.abort("enough");
    await expect(outcome).rejects.toMatchObject({ code: "ABORTED", cause: "enough" });
  });
});

describe("the order of an attempt", () => {
  it("writes nothing before its turn, and asks for the credentials only then", async () => {
    const peer = await listen(afterConnect((connection) => connection.connected()));
    let asked = 0;
    let speak = () => {};
    const turn = new Promise<void>((resolve) => {
      speak = resolve;
    });
    const open = openStompSession({
      ...SETTINGS,
      credentials: () => {
        asked++;
        return undefined;
      },
    });
    const session = open(peer.endpoint, { signal: AbortSignal.timeout(10_000), turn: () => turn });
    await connectedTo(peer);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(peer.connection.bytes.length).toBe(0);
    expect(asked).toBe(0);
    speak();
    (await session).destroy(new InvalidArgumentError("enough"));
    expect(asked).toBe(1);
  });

  it("fails while it waits for its turn when the peer goes away", async () => {
    const peer = await listen(reset);
    const open = openStompSession(SETTINGS);
    const session = open(peer.endpoint, { signal: AbortSignal.timeout(10_000), turn: () => new Promise(() => {}) });
    expect(await failureOf(session)).toMatchObject({ code: "ENDPOINT_CLOSED", verdict: "next" });
  });

  it("sends no credentials to a port that has shown another protocol", async () => {
    const peer = await listen((connection) => connection.write(openWire));
    const open = openStompSession(SETTINGS);
    const session = open(peer.endpoint, {
      signal: AbortSignal.timeout(10_000),
      turn: () => new Promise((resolve) => setTimeout(resolve, 50)),
    });
    expect(await failureOf(session)).toMatchObject({ code: "WRONG_PROTOCOL" });
    expect(peer.connection.bytes.length).toBe(0);
  });

  it("opens nothing when the signal has fired before", async () => {
    const peer = await listen();
    await expect(attempt(peer.endpoint, {}, AbortSignal.abort("no"))).rejects.toMatchObject({ code: "ABORTED" });
    expect(peer.connections).toHaveLength(0);
  });
});

describe("CONNECT", () => {
  it("carries version, host, heart-beat, client id and credentials", async () => {
    const peer = await listen(afterConnect((connection) => connection.connected()));
    const session = await attempt(peer.endpoint, { clientId: "me", heartbeatMs: 1500 });
    const { headers } = await peer.connection.frame("CONNECT");
    expect(headers).toEqual({
      "accept-version": "1.1,1.2",
      host: "127.0.0.1",
      "heart-beat": "1500,1500",
      login: "scott",
      passcode: "tiger secret",
      "client-id": "me",
    });
    session.destroy(new InvalidArgumentError("enough"));
  });

  it("carries no login when there are no credentials", async () => {
    const peer = await listen(afterConnect((connection) => connection.connected()));
    const session = await attempt(peer.endpoint, { credentials: () => undefined });
    const { headers } = await peer.connection.frame("CONNECT");
    expect(Object.keys(headers)).toEqual(["accept-version", "host", "heart-beat"]);
    session.destroy(new InvalidArgumentError("enough"));
  });

  it.each([
    ["a token", { token: "t0ken" }, { login: "token", passcode: "t0ken" }],
    ["a token of a user", { token: "t0ken", username: "ada" }, { login: "ada", passcode: "t0ken" }],
  ])("carries %s as the password", async (_, login, expected) => {
    const peer = await listen(afterConnect((connection) => connection.connected()));
    const session = await attempt(peer.endpoint, { credentials: () => login });
    expect((await peer.connection.frame("CONNECT")).headers).toMatchObject(expected);
    session.destroy(new InvalidArgumentError("enough"));
  });

  it("carries no login, or the name alone, where the client certificate says who it is", async () => {
    const { cert, key } = await selfSigned("IP:127.0.0.1");
    const headers: object[] = [];
    const server = createTlsServer({ cert, key }, (socket) => {
      const connection = new PeerConnection(socket);
      connection.frame("CONNECT").then((connect) => {
        headers.push(connect.headers);
        connection.connected();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const endpoint = { scheme: "stomp+ssl", host: "127.0.0.1", port, options: {} } as const;
    for (const login of [{ external: true }, { external: true, username: "ada" }] as const) {
      const session = await attempt(endpoint, { credentials: () => login, tls: { ca: cert } });
      session.destroy(new InvalidArgumentError("enough"));
    }
    server.close();
    expect(headers.map((each) => Object.keys(each).filter((name) => /login|passcode/.test(name)))).toEqual([
      [],
      ["login"],
    ]);
    const bare = await listen();
    const error = await failureOf(attempt(bare.endpoint, { credentials: () => ({ external: true }) }));
    expect(error).toMatchObject({ code: "AUTHENTICATION_FAILED", verdict: "stop" });
    expect(error.message).toMatch(/use stomp\+ssl/);
  });

  it("asks for the credentials at every attempt, with the endpoint", async () => {
    const peer = await listen(reset);
    const asked: number[] = [];
    const open = openStompSession({
      ...SETTINGS,
      credentials: async ({ port }) => {
        asked.push(port);
        return undefined;
      },
    });
    const quiet = await listen();
    for (let round = 0; round < 2; round++) {
      const limit = AbortSignal.timeout(100);
      await open(quiet.endpoint, { signal: limit, turn: async () => {} }).catch(() => {});
    }
    expect(asked).toEqual([quiet.endpoint.port, quiet.endpoint.port]);
    expect(peer.connections).toHaveLength(0);
  });

  it("fails with CREDENTIALS_UNAVAILABLE when the credentials function throws", async () => {
    const peer = await listen();
    const cause = new Error("vault is sealed");
    const credentials = () => {
      throw cause;
    };
    const error = await failureOf(attempt(peer.endpoint, { credentials }));
    expect(error).toMatchObject({ code: "CREDENTIALS_UNAVAILABLE", verdict: "next", cause });
  });

  it.each([
    ["line feed", "hunter2\n"],
    ["carriage return", "hunter2\rx"],
    ["NUL", "hunter2\0"],
    ["lone surrogate", "hunter2\ud800"],
  ])("is not written with a %s in the password, which no error shows", async (_, password) => {
    const peer = await listen();
    const error = await failureOf(attempt(peer.endpoint, { credentials: () => ({ username: "scott", password }) }));
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain("hunter2");
    expect(peer.connection.bytes.length).toBe(0);
  });

  it("is not written with a line break in the client id", () => {
    expect(() => openStompSession({ ...SETTINGS, clientId: "a\nb" })).toThrow(InvalidArgumentError);
  });

  it("tells nobody the credentials when the broker repeats them", async () => {
    const peer = await listen(
      afterConnect((connection) => connection.write(frame("ERROR", { message: "no room for scott" }, "tiger secret!"))),
    );
    const error = await failureOf(attempt(peer.endpoint));
    expect(error.message).toMatch(/no room for \*\*\*: \*\*\*!/);
    expect(String(error.cause)).not.toMatch(/scott|tiger/);
  });
});

describe("CONNECTED", () => {
  it.each([
    [CLASSIC, { product: "activemq", version: "6.1.8" }],
    [ARTEMIS, { product: "artemis", version: "2.55.0" }],
  ])("from %s tells the broker", async (server, broker) => {
    const peer = await listen(afterConnect((connection) => connection.connected(server)));
    const session = await attempt(peer.endpoint);
    expect(session.broker).toEqual(broker);
    expect(session.useful).toBe(false);
    session.destroy(new InvalidArgumentError("enough"));
  });

  it("takes version 1.1", async () => {
    const peer = await listen(afterConnect((connection) => connection.connected(CLASSIC, "1.1")));
    const session = await attempt(peer.endpoint);
    session.destroy(new InvalidArgumentError("enough"));
    expect((await session.ended).error.message).toBe("enough");
  });
});

async function connectedTo(peer: StompPeer): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (peer.connections.length === 0) {
    if (performance.now() > deadline) throw new Error("nobody connected");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
