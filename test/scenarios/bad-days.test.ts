/** Bad input and bad days over the real protocols: each ends in a typed error, and nothing is left behind. */
import { describe, expect, it } from "vitest";
import type { NoActiveEndpointError } from "../../src/errors/errors.ts";
import { next, proxied, storyConnection, storyGroup } from "../support/stories.ts";
import { forbidUnhandledRejections, rejectionOf } from "../support/toy-connection.ts";
import { turns } from "../support/toy-messaging-session.ts";

forbidUnhandledRejections();

/** Sockets and timers that keep a process alive. */
const handles = () =>
  process.getActiveResourcesInfo().filter((kind) => /^(TCPSocketWrap|TCPConnectWrap|Timeout)$/.test(kind)).length;

async function untilHandles(most: number): Promise<number> {
  for (let tries = 0; tries < 200 && handles() > most; tries++) await new Promise((resolve) => setTimeout(resolve, 5));
  return handles();
}

describe.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
  it("stops at once for wrong credentials: no further endpoint is asked, nothing of the password is told", async () => {
    const group = await storyGroup(protocol, { credentials: { username: "user", password: "right" } });
    const { uri, proxies } = await proxied(group, protocol);
    const wrong = { username: "user", password: "wr0ng-pass" };
    const error = await rejectionOf(storyConnection(uri, { credentials: wrong }).connect());
    expect(error).toMatchObject({ code: "AUTHENTICATION_FAILED", retryable: false });
    expect(proxies.map(({ attempts }) => attempts)).toEqual([1, 0]);
    expect(`${error.stack}`).not.toContain("wr0ng-pass");
    const connection = await storyConnection(uri, {
      credentials: () => ({ username: "user", password: "right" }),
    }).connect();
    expect(connection.state.name).toBe("connected");
  });

  it("lists every endpoint and its reason when all are down and the attempts are used up", async () => {
    const group = await storyGroup(protocol);
    const { uri, proxies } = await proxied(group, protocol);
    await proxies[0]?.refuse();
    await proxies[1]?.closeAtOnce();
    const error = await rejectionOf<NoActiveEndpointError>(storyConnection(uri, { maxReconnectAttempts: 2 }).connect());
    expect(error).toMatchObject({ code: "NO_ACTIVE_ENDPOINT", retryable: true });
    expect(error.attempts.map(({ code, endpoint }) => [code, endpoint?.port])).toEqual([
      ["ENDPOINT_REFUSED", proxies[0]?.port],
      ["ENDPOINT_CLOSED", proxies[1]?.port],
    ]);
    for (const { port } of proxies) expect(error.message).toContain(`\n  ${protocol}://127.0.0.1:${port} `);
  });

  it("is aborted or closed while it connects to a peer that says nothing", async () => {
    const group = await storyGroup(protocol);
    const { uri, proxies } = await proxied(group, protocol);
    for (const proxy of proxies) await proxy.staySilent();
    const abort = new AbortController();
    const [aborted, closed] = [storyConnection(uri), storyConnection(uri)];
    const outcomes = [aborted.connect({ signal: abort.signal }), closed.connect()].map(rejectionOf);
    const held = rejectionOf(closed.send("queue://q", "held"));
    while (proxies.some(({ connections }) => connections < 1)) await new Promise((resolve) => setTimeout(resolve, 5));
    abort.abort();
    await closed.close();
    expect((await Promise.all([...outcomes, held])).map(({ code }) => code)).toEqual([
      "ABORTED",
      "CONNECTION_CLOSED",
      "CONNECTION_CLOSED",
    ]);
    while (proxies.some(({ connections }) => connections > 0)) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it("refuses a message larger than the broker takes, and confirms what was sent around it", async () => {
    const group = await storyGroup(protocol, { maxMessageBytes: 10_000 });
    const connection = await storyConnection(group.uri(protocol), { minConnectTime: 0 }).connect();
    const before = connection.send("queue://q", "before");
    const large = rejectionOf(connection.send("queue://q", "x".repeat(20_000)));
    const after = connection.send("queue://q", "after");
    await Promise.all([before, after]);
    expect((await large).code).toMatch(/^(MESSAGE_TOO_LARGE|SEND_REJECTED|POISON_SEND)$/);
    const stored = (await group.messages("q")).map(({ text }) => text);
    expect([...new Set(stored)]).toEqual(["before", "after"]);
  });

  it("rejects what cannot be settled twice, or after close(), and the broker gets it back", async () => {
    const group = await storyGroup(protocol);
    const connection = await storyConnection(group.uri(protocol)).connect();
    await connection.send("queue://q", "one");
    const { value } = await connection.consume("queue://q").next();
    await connection.close({ drainTimeoutMs: 0 });
    expect(await value.accept()).toBe("stale");
    expect(await rejectionOf(value.accept())).toMatchObject({ code: "ALREADY_SETTLED" });
    expect(await rejectionOf(connection.send("queue://q", "late"))).toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(await group.messages("q")).toHaveLength(1);
  });

  it("closes in the middle of an outage: held sends are told, and nothing is left open", async () => {
    const group = await storyGroup(protocol);
    const { uri, proxies } = await proxied(group, protocol);
    await turns();
    const before = handles();
    const connection = await storyConnection(uri).connect();
    const reading = connection.consume("queue://q").next();
    const interrupted = next(connection, "interrupted");
    for (const proxy of proxies) await proxy.refuse();
    for (const proxy of proxies) proxy.dropConnections("reset");
    await interrupted;
    const held = rejectionOf(connection.send("queue://q", "held", { timeoutMs: 60_000, ttlMs: 60_000 }));
    await connection.close({ drainTimeoutMs: 20 });
    expect(await held).toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(await reading).toEqual({ done: true, value: undefined });
    expect(await untilHandles(before)).toBeLessThanOrEqual(before);
  });

  it("closes on a peer that has fallen silent, in bounded time, and leaves nothing open", async () => {
    const group = await storyGroup(protocol);
    const { uri, proxies } = await proxied(group, protocol);
    await turns();
    const before = handles();
    const connection = await storyConnection(uri, { heartbeatMs: 0 }).connect();
    const consumer = connection.consume("queue://q");
    await Promise.all([consumer.ready, connection.send("queue://q", "in the light")]);
    for (const proxy of proxies) proxy.blackHole();
    const send = rejectionOf(connection.send("queue://q", "in the dark"));
    await turns();
    await connection.close({ drainTimeoutMs: 50 });
    expect(await send).toMatchObject({ code: "SEND_IN_DOUBT" });
    for (const proxy of proxies) await proxy.pass();
    expect(await untilHandles(before)).toBeLessThanOrEqual(before);
  });

  it("drains what a handler holds when it closes, to the broker's satisfaction", async () => {
    const group = await storyGroup(protocol);
    const connection = await storyConnection(group.uri(protocol)).connect();
    for (const body of ["a", "b", "c"]) await connection.send("queue://in", body);
    let started = () => {};
    const working = new Promise<void>((resolve) => (started = resolve));
    const running = connection.consume("queue://in", { prefetch: 2 }).run(async (message) => {
      started();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await connection.send("queue://out", message.text().toUpperCase());
    });
    await working;
    await connection.close();
    await running;
    const bodies = async (queue: string) => (await group.messages(queue)).map(({ text }) => text);
    expect(await bodies("out")).toEqual(["A"]);
    expect((await bodies("in")).sort()).toEqual(["b", "c"]);
  });
});
