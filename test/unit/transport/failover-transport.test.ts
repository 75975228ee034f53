/** The life of a transport: connecting and its limits, failing, closing from every state. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  AbortError,
  AuthenticationError,
  ConnectionClosedError,
  ConnectTimeoutError,
  NoActiveEndpointError,
} from "../../../src/errors/errors.ts";
import { blackHole } from "../../../src/testing/black-hole.ts";
import { ToyClient, toyEndpoint } from "../../support/toy-client.ts";
import { rejection, toyGroup, until } from "../../support/toy-group.ts";
import { type ToyMode, toyServer } from "../../support/toy-server.ts";

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);
beforeAll(() => {
  process.on("unhandledRejection", onUnhandled);
});
afterAll(async () => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.removeListener("unhandledRejection", onUnhandled);
  expect(unhandled).toEqual([]);
});

/** How many sockets and timers are open now, by kind. */
function leftovers(): Record<"TCPSocketWrap" | "Timeout", number> {
  const kinds = process.getActiveResourcesInfo();
  const count = (kind: string) => kinds.filter((other) => other === kind).length;
  return { TCPSocketWrap: count("TCPSocketWrap"), Timeout: count("Timeout") };
}

const soon = () => AbortSignal.timeout(1_000);

describe("connect()", () => {
  it.each<ToyMode | "refuse">(["refuse", "close", "reset", "silent", "half", "garbage", "openwire"])(
    "reaches the second endpoint when the first is: %s",
    async (mode) => {
      const [first, second] = [await toyServer(mode), await toyServer("welcome")];
      const { transport, names, client } = toyGroup([first, second], { attemptStagger: 80 });
      await transport.connect();
      expect(transport.state).toMatchObject({ name: "connected", endpoint: { port: second.endpoint.port } });
      expect(names()).toEqual(["established"]);
      expect(client.sessions).toHaveLength(1);
      await until(() => first.open.size === 0);
      expect(second.open.size).toBe(1);
    },
  );

  it("reaches the second endpoint when the first swallows every SYN, and dials it once", async () => {
    const [hole, second] = [await blackHole(), await toyServer("welcome")];
    onTestFinished(() => hole.close());
    const { transport, client } = toyGroup([{ endpoint: toyEndpoint(hole.port) }, second]);
    await transport.connect();
    expect(client.dials).toEqual([hole.port, second.endpoint.port]);
  });

  it("finds the active endpoint as soon as there is one", async () => {
    const servers = [await toyServer("refuse"), await toyServer("refuse")];
    const { transport } = toyGroup(servers);
    const connecting = transport.connect();
    await until(() => transport.state.name === "connecting" && transport.state.rounds > 2);
    expect(transport.state).toMatchObject({ lastError: { code: "NO_ACTIVE_ENDPOINT", attempts: { length: 2 } } });
    await servers[1]?.listen();
    await connecting;
    expect(transport.state).toMatchObject({ endpoint: { port: servers[1]?.endpoint.port } });
  });

  it("rejects a second call, and the first goes on", async () => {
    const server = await toyServer({ answersAfterMs: 50 });
    const { transport } = toyGroup([server]);
    const first = transport.connect();
    expect(await rejection(transport.connect())).toMatchObject({ code: "INVALID_ARGUMENT" });
    await first;
    expect(await rejection(transport.connect())).toMatchObject({ message: expect.stringContaining("connected") });
    expect(server.connects).toBe(1);
    await transport.close(AbortSignal.timeout(1_000));
    expect(await rejection(transport.connect())).toMatchObject({ code: "CONNECTION_CLOSED" });
  });

  it("settles although its listeners were removed", async () => {
    const server = await toyServer({ answersAfterMs: 50 });
    const { transport } = toyGroup([server]);
    const connecting = transport.connect();
    transport.removeAllListeners();
    await connecting;
    expect(transport.state.name).toBe("connected");
  });
});

describe("a first search that must end", () => {
  it("ends at refused credentials at once, without another endpoint", async () => {
    const [first, second] = [await toyServer("denied"), await toyServer("welcome")];
    const { transport, client, names } = toyGroup([first, second]);
    expect(await rejection(transport.connect())).toBeInstanceOf(AuthenticationError);
    expect(client.dials).toEqual([first.endpoint.port]);
    expect(names()).toEqual(["failed", "closed"]);
    expect(transport.state).toMatchObject({ name: "closed", lastError: { code: "AUTHENTICATION_FAILED" } });
  });

  it("ends when every endpoint speaks another protocol", async () => {
    const servers = [await toyServer("openwire"), await toyServer("openwire")];
    const { transport, client } = toyGroup(servers);
    const error = await rejection(transport.connect());
    expect(error).toMatchObject({ code: "NO_ACTIVE_ENDPOINT", retryable: false });
    expect(error.message).toContain("speaks OpenWire");
    expect(client.dials).toHaveLength(2);
  });

  it("goes on when one speaks another protocol and the other has yet to answer", async () => {
    const [wrong, slow] = [await toyServer("openwire"), await toyServer({ answersAfterMs: 400 })];
    const { transport } = toyGroup([wrong, slow], { attemptStagger: 40 });
    await transport.connect();
    expect(transport.state).toMatchObject({ endpoint: { port: slow.endpoint.port } });
  });

  it("ends after startupMaxRounds with one error that lists every endpoint and its reason", async () => {
    const servers = [await toyServer("refuse"), await toyServer("close"), await toyServer("silent")];
    const { transport, client, names } = toyGroup(servers, {
      startupMaxRounds: 3,
      attemptStagger: 40,
      attemptTimeout: 300,
    });
    const error = await rejection(transport.connect());
    expect(error).toBeInstanceOf(NoActiveEndpointError);
    expect(error).toMatchObject({
      code: "NO_ACTIVE_ENDPOINT",
      attempts: [
        { code: "ENDPOINT_REFUSED", endpoint: { port: servers[0]?.endpoint.port } },
        { code: "ENDPOINT_CLOSED", endpoint: { port: servers[1]?.endpoint.port } },
        { code: "ATTEMPT_TIMEOUT", endpoint: { port: servers[2]?.endpoint.port } },
      ],
    });
    for (const { endpoint } of servers) expect(error.message).toContain(`tcp://127.0.0.1:${endpoint.port} `);
    expect(client.dials.filter((port) => port === servers[0]?.endpoint.port)).toHaveLength(3);
    expect(names()).toEqual(["failed", "closed"]);
    expect(transport.state.name).toBe("closed");
  });

  it("asks each endpoint once when it may fail once, and waits for a slow answer", async () => {
    const [refused, slow] = [await toyServer("refuse"), await toyServer({ answersAfterMs: 300 })];
    const { transport, client } = toyGroup([refused, slow], { startupMaxRounds: 1, attemptStagger: 40 });
    await transport.connect();
    expect(client.dials).toEqual([refused.endpoint.port, slow.endpoint.port]);
  });

  it.each([
    ["a search without end", Number.POSITIVE_INFINITY],
    ["initialConnect=fail-fast, whose one round is not over", 1],
  ])("ends %s at connectTimeoutMs and lists what each endpoint said last", async (_, startupMaxRounds) => {
    const servers = [await toyServer("refuse"), await toyServer("silent")];
    const { transport, names } = toyGroup(servers, { attemptStagger: 40, startupMaxRounds });
    const error = await rejection(transport.connect({ connectTimeoutMs: 300 }));
    expect(error).toBeInstanceOf(ConnectTimeoutError);
    expect(error).toMatchObject({
      code: "CONNECT_TIMEOUT",
      attempts: [{ code: "ENDPOINT_REFUSED" }, { code: "ATTEMPT_TIMEOUT" }],
    });
    for (const { endpoint } of servers) expect(error.message).toContain(`\n  tcp://127.0.0.1:${endpoint.port} `);
    expect(error.message).toContain("has not answered yet (connected, its handshake unanswered)");
    expect(names()).toEqual(["failed", "closed"]);
    await until(() => servers[1]?.open.size === 0);
  });

  it("lists an endpoint that connectTimeoutMs left no time for as not tried", async () => {
    const servers = [await toyServer("silent"), await toyServer("welcome")];
    const { transport } = toyGroup(servers, { attemptStagger: 0 });
    const error = await rejection(transport.connect({ connectTimeoutMs: 100 }));
    expect(error).toMatchObject({ attempts: [{ code: "ATTEMPT_TIMEOUT" }, { code: "ATTEMPT_TIMEOUT" }] });
    expect(error.message).toContain(`tcp://127.0.0.1:${servers[1]?.endpoint.port} was not tried yet`);
  });

  it("takes a connectTimeoutMs of 0 for none, and any large one for a long one", async () => {
    for (const connectTimeoutMs of [0, Number.POSITIVE_INFINITY, 2 ** 40]) {
      const { transport } = toyGroup([await toyServer({ answersAfterMs: 60 })]);
      await transport.connect({ connectTimeoutMs });
      expect(transport.state.name).toBe("connected");
    }
  });

  it("forgets connectTimeoutMs and the signal once it is connected", async () => {
    const controller = new AbortController();
    const { transport } = toyGroup([await toyServer("welcome")]);
    await transport.connect({ connectTimeoutMs: 100, signal: controller.signal });
    controller.abort();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(transport.state.name).toBe("connected");
  });

  it("does not begin with a signal that has fired", async () => {
    const server = await toyServer("welcome");
    const { transport, client, names } = toyGroup([server]);
    const reason = new Error("changed my mind");
    const error = await rejection(transport.connect({ signal: AbortSignal.abort(reason) }));
    expect(error).toBeInstanceOf(AbortError);
    expect(error.cause).toBe(reason);
    expect(client.dials).toEqual([]);
    expect(names()).toEqual(["failed", "closed"]);
  });

  it.each<ToyMode | "refuse">(["silent", "refuse", "half"])(
    "ends when the signal fires meanwhile: %s",
    async (mode) => {
      const server = await toyServer(mode);
      const { transport, names } = toyGroup([server], { attemptStagger: 40 });
      const controller = new AbortController();
      const connecting = transport.connect({ signal: controller.signal });
      await until(() => transport.state.name === "connecting" && transport.state.rounds > 0);
      controller.abort(new Error("enough"));
      expect(await rejection(connecting)).toMatchObject({ code: "ABORTED", cause: { message: "enough" } });
      expect(names()).toEqual(["failed", "closed"]);
      await until(() => server.open.size === 0);
    },
  );
});

describe("refused credentials after the first session", () => {
  it("end the transport at once with authRetryMs=0", async () => {
    const [first, second] = [await toyServer("welcome"), await toyServer("refuse")];
    const { transport, names, outcomes } = toyGroup([first, second], { authRetryMs: 0 });
    await transport.connect();
    first.mode = "denied";
    first.drop();
    await until(() => transport.state.name === "closed");
    expect(names()).toEqual(["established", "interrupted", "failed", "closed"]);
    expect(transport.state).toMatchObject({ lastError: { code: "AUTHENTICATION_FAILED" } });
    expect(outcomes(first)).toEqual(["session", "AUTHENTICATION_FAILED"]);
  });

  it("may be right again a second later, and the next endpoint is asked first then", async () => {
    const [first, second] = [await toyServer("welcome"), await toyServer("refuse")];
    const { transport, names, outcomes } = toyGroup([first, second]);
    await transport.connect();
    first.mode = "denied";
    first.drop();
    await until(() => outcomes(first).length > 1);
    first.mode = "welcome";
    await until(() => transport.state.name === "connected");
    expect(names()).toEqual(["established", "interrupted", "restored"]);
    expect(outcomes(first)).toEqual(["session", "AUTHENTICATION_FAILED", "session"]);
    expect(outcomes(second)).toEqual(["ENDPOINT_REFUSED"]);
  });
});

describe("rounds after a loss", () => {
  it("end after maxReconnectRounds", async () => {
    const [first, second] = [await toyServer("welcome"), await toyServer("refuse")];
    const { transport, names, client } = toyGroup([first, second], { maxReconnectRounds: 2 });
    await transport.connect();
    await first.refuse();
    await until(() => transport.state.name === "closed");
    expect(names()).toEqual(["established", "interrupted", "failed", "closed"]);
    expect(transport.state).toMatchObject({ lastError: { code: "NO_ACTIVE_ENDPOINT", attempts: { length: 2 } } });
    expect(client.dialsOf(first)).toBe(3);
  });

  it("are none with a limit of 0: the loss is the failure", async () => {
    const server = await toyServer("welcome");
    const { transport, names, client } = toyGroup([server], { maxReconnectRounds: 0 });
    await transport.connect();
    server.drop();
    await until(() => transport.state.name === "closed");
    expect(names()).toEqual(["established", "failed", "closed"]);
    expect(transport.state).toMatchObject({
      lastError: { code: "NO_ACTIVE_ENDPOINT", cause: { code: "SESSION_LOST" } },
    });
    expect(client.dials).toHaveLength(1);
  });

  it("slow down when the broker accepts and drops at once: no hot loop", async () => {
    const server = await toyServer("drop");
    const { transport } = toyGroup([server], {
      minConnectTime: 5_000,
      initialReconnectDelay: 20,
      maxReconnectDelay: 60_000,
      backOffFactor: 2,
    });
    await transport.connect();
    await new Promise((resolve) => setTimeout(resolve, 700));
    // 20, 40, 80, 160, 320 ms and the first: without a memory it would be hundreds.
    expect(server.connects).toBeGreaterThan(2);
    expect(server.connects).toBeLessThan(9);
  });

  it("begin anew without a wait after a session that was of use", async () => {
    const server = await toyServer("welcome");
    const { transport, client } = toyGroup([server], {
      minConnectTime: 60_000,
      initialReconnectDelay: 30_000,
      maxReconnectDelay: 30_000,
    });
    await transport.connect();
    for (let loss = 1; loss <= 3; loss += 1) {
      await client.sessions.at(-1)?.ping();
      server.drop();
      await until(() => client.sessions.length === loss + 1);
    }
  });
});

describe("close()", () => {
  it("ends an idle transport, and connect() then rejects", async () => {
    const { transport, names, close } = toyGroup([await toyServer("welcome")]);
    await close();
    expect(transport.state).toEqual({ name: "closed", lastError: undefined });
    expect(names()).toEqual(["closed"]);
    expect(await rejection(transport.connect())).toMatchObject({ code: "CONNECTION_CLOSED" });
  });

  it.each<ToyMode | "refuse">(["silent", "half", "refuse", { answersAfterMs: 20 }])(
    "ends connecting, which rejects, and leaves nothing: %j",
    async (mode) => {
      const server = await toyServer(mode);
      const { transport, names, close } = toyGroup([server], { attemptStagger: 40 });
      const connecting = rejection(transport.connect());
      await until(() => server.connects > 0 || mode === "refuse");
      await close();
      expect(await connecting).toBeInstanceOf(ConnectionClosedError);
      expect(names()).toEqual(["closed"]);
      await until(() => server.open.size === 0);
    },
  );

  it("leaves a session in order, and calls no loss of it", async () => {
    const server = await toyServer("welcome");
    const { transport, names, close } = toyGroup([server]);
    await transport.connect();
    await close();
    expect(names()).toEqual(["established", "closed"]);
    expect(transport.state).toEqual({ name: "closed", lastError: undefined });
    await until(() => server.open.size === 0);
    expect(server.connects).toBe(1);
  });

  it("destroys a session that does not leave in time", async () => {
    const server = await toyServer("welcome");
    const { transport, client } = toyGroup([server]);
    await transport.connect();
    for (const socket of server.open) socket.pause();
    await transport.close(AbortSignal.timeout(50));
    expect(transport.state.name).toBe("closed");
    expect(client.sessions[0]?.socket.destroyed).toBe(true);
  });

  it("ends an outage, in a round and in the wait between two", async () => {
    for (const maxReconnectDelay of [1, 60_000]) {
      const server = await toyServer("welcome");
      const { transport, names, close } = toyGroup([server], { initialReconnectDelay: 60_000, maxReconnectDelay });
      await transport.connect();
      await server.refuse();
      await until(() => transport.state.name === "interrupted" && transport.state.rounds > 0);
      await close();
      expect(names()).toEqual(["established", "interrupted", "closed"]);
      expect(transport.state).toEqual({ name: "closed", lastError: undefined });
    }
  });

  it("closes once, however often it is called, and every call ends with the state closed", async () => {
    const server = await toyServer("welcome");
    const { transport, names } = toyGroup([server]);
    await transport.connect();
    const states: string[] = [];
    const closing = [1, 2, 3].map(() => transport.close(soon()).then(() => states.push(transport.state.name)));
    expect(transport.state.name).toBe("closing");
    await Promise.all(closing);
    await transport.close(soon());
    expect(states).toEqual(["closed", "closed", "closed"]);
    expect(names()).toEqual(["established", "closed"]);
  });

  it("keeps the failure as the last error when it comes after one", async () => {
    const { transport, names, close } = toyGroup([await toyServer("denied")]);
    await rejection(transport.connect());
    await close();
    expect(transport.state).toMatchObject({ lastError: { code: "AUTHENTICATION_FAILED" } });
    expect(names()).toEqual(["failed", "closed"]);
  });

  it.each(["established", "interrupted", "restored", "attempt", "failed"] as const)(
    "may be called by a listener of %s",
    async (event) => {
      const server = await toyServer("welcome");
      const { transport, told } = toyGroup([server], { maxReconnectRounds: event === "failed" ? 0 : 10 });
      let closing: Promise<void> | undefined;
      transport.on(event, () => {
        closing ??= transport.close(soon());
      });
      const connecting = transport.connect().catch((error: unknown) => error);
      await until(() => told.length > 0);
      server.drop();
      await until(() => transport.state.name === "closed");
      await closing;
      await connecting;
      expect(closing).toBeDefined();
      expect(told.filter(({ name }) => name === "closed")).toHaveLength(1);
      expect(told.at(-1)?.name).toBe("closed");
      await until(() => server.open.size === 0);
    },
  );

  it("may be called by an abort listener of an attempt that is given up because connecting failed", async () => {
    const client = new ToyClient();
    const { open } = client;
    let closing: Promise<void> | undefined;
    const { transport, names } = toyGroup(
      [await toyServer("silent")],
      {},
      Object.assign(client, {
        open: ((endpoint, context) => {
          context.signal.addEventListener("abort", () => (closing ??= transport.close(soon())));
          return open(endpoint, context);
        }) satisfies ToyClient["open"],
      }),
    );
    const failure = await rejection(transport.connect({ connectTimeoutMs: 50 }));
    expect(failure).toBeInstanceOf(ConnectTimeoutError);
    await until(() => closing !== undefined);
    await closing;
    expect(transport.state).toEqual({ name: "closed", lastError: failure });
    expect(names()).toEqual(["failed", "closed"]);
  });

  it("ends although a session breaks its word and rejects", async () => {
    const server = await toyServer("welcome");
    const client = new ToyClient();
    const { transport, names } = toyGroup([server], {}, client);
    await transport.connect();
    const [session] = client.sessions;
    if (session) session.close = () => Promise.reject(new Error("a mistake of the session's"));
    await transport.close(soon());
    expect(names()).toEqual(["established", "closed"]);
    await until(() => server.open.size === 0);
  });

  it("leaves neither timer nor socket behind, from any state", async () => {
    const before = leftovers();
    for (const mode of ["welcome", "silent", "refuse", "half"] as const) {
      const [server, standby] = [await toyServer(mode), await toyServer("silent")];
      const { transport, close } = toyGroup([server, standby], { attemptStagger: 20 });
      const connecting = transport.connect({ connectTimeoutMs: 60_000 }).catch(() => {});
      await until(() => transport.state.name === "connected" || standby.connects > 0);
      await close();
      await connecting;
      await Promise.all([server.refuse(), standby.refuse()]);
    }
    // Timers of the tests before may end meanwhile.
    await until(() => leftovers().TCPSocketWrap <= before.TCPSocketWrap && leftovers().Timeout <= before.Timeout);
  });
});
