import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FaultProxy, faultProxy } from "../../../src/testing/index.ts";
import { type Echo, EchoClient, startEcho } from "./echo-peer.ts";

let echo: Echo;
let proxy: FaultProxy;
const clients: EchoClient[] = [];

beforeEach(async () => {
  echo = await startEcho();
  proxy = await faultProxy({ host: "127.0.0.1", port: echo.port });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await proxy.close();
  for (const socket of echo.sockets) socket.destroy();
  echo.server.close();
});

function newClient(): EchoClient {
  const client = new EchoClient(proxy.port);
  clients.push(client);
  return client;
}

describe("faultProxy to new connections", () => {
  it("passes both ways, ends included, and counts", async () => {
    const client = newClient();
    await client.says("hello");
    expect([client.text, proxy.connections, proxy.attempts]).toEqual(["hello", 1, 1]);
    client.socket.end();
    expect(await client.closed).toBe("closed");
    await vi.waitFor(() => expect(proxy.connections).toBe(0));
    await newClient().says("again");
    expect([proxy.connections, proxy.attempts]).toEqual([1, 2]);
  });

  it("refuses, leaving open ones alone, and listens again on the same port", async () => {
    const open = newClient();
    await open.says("a");
    await proxy.refuse();
    expect(await newClient().closed).toBe("ECONNREFUSED");
    await open.says("b");
    expect(proxy.attempts).toBe(1);
    await proxy.pass();
    await newClient().says("c");
  });

  it("closes at once", async () => {
    await proxy.closeAtOnce();
    const client = newClient();
    expect(await client.closed).toBe("closed");
    expect([client.ended, echo.sockets.length]).toEqual([true, 0]);
  });

  it("resets at once", async () => {
    await proxy.reset();
    expect(await newClient().closed).toBe("ECONNRESET");
    expect(echo.sockets).toEqual([]);
  });

  it("stays silent, and never reaches the target", async () => {
    await proxy.staySilent();
    const client = newClient();
    client.socket.write("anybody?");
    await client.hearsNothing();
    expect([echo.sockets.length, proxy.connections, proxy.attempts]).toEqual([0, 1, 1]);
  });

  it("answers garbage", async () => {
    await proxy.garbage(Buffer.from("\u0000\u0001rubbish"));
    const client = newClient();
    await vi.waitFor(() => expect(client.text).toBe("\u0000\u0001rubbish"));
    await proxy.garbage();
    const other = newClient();
    await vi.waitFor(() => expect(other.text).toMatch(/^HTTP\/1.1 400/));
  });

  it("passes half a handshake, then nothing", async () => {
    await proxy.halfHandshake(3);
    const client = newClient();
    client.socket.write("hello");
    await vi.waitFor(() => expect(client.text).toBe("hel"));
    client.socket.write("more");
    await client.hearsNothing();
    expect(echo.received).toBe(9);
    client.socket.end();
    await client.closed;
  });

  it("resets when the target refuses", async () => {
    echo.server.close();
    await once(echo.server, "close");
    expect(await newClient().closed).toBe("ECONNRESET");
  });
});

describe("faultProxy to open connections", () => {
  it("swallows both ways, one way, and resets what lost bytes when it passes again", async () => {
    const client = newClient();
    await client.says("a");
    proxy.blackHole("to-client");
    client.socket.write("bb");
    await client.hearsNothing();
    expect(echo.received).toBe(3);
    proxy.blackHole();
    client.socket.write("cc");
    await client.hearsNothing();
    expect(echo.received).toBe(3);
    await proxy.pass();
    expect(await client.closed).toBe("ECONNRESET");
    await newClient().says("d");
  });

  it("tells nobody of an end behind a black hole", async () => {
    const client = newClient();
    await client.says("a");
    proxy.blackHole();
    for (const socket of echo.sockets) socket.destroy();
    await client.hearsNothing();
    expect(client.ended).toBe(false);
  });

  it("keeps a connection that lost nothing in a black hole", async () => {
    const client = newClient();
    await client.says("a");
    proxy.blackHole();
    await client.hearsNothing();
    await proxy.pass();
    await client.says("b");
  });

  it("holds bytes back and lets them go, in order", async () => {
    const client = newClient();
    await client.says("a");
    proxy.hold();
    client.socket.write("b");
    client.socket.write("c");
    await client.hearsNothing();
    await proxy.pass();
    await vi.waitFor(() => expect(client.text).toBe("abc"));
  });

  it("delays each direction, keeping order and the end behind the bytes", async () => {
    const client = newClient();
    await client.says("a");
    proxy.delay(60, "to-target");
    const start = performance.now();
    await client.says("b");
    expect(performance.now() - start).toBeGreaterThanOrEqual(55);
    client.socket.write("c");
    client.socket.end("d");
    proxy.delay(0);
    expect(await client.closed).toBe("closed");
    expect(client.text).toBe("abcd");
  });

  it("keeps to a rate", async () => {
    proxy.rate(20_000, "to-client");
    const client = newClient();
    const start = performance.now();
    await client.says("x".repeat(4000));
    expect(performance.now() - start).toBeGreaterThanOrEqual(150);
    expect(client.text).toBe("x".repeat(4000));
  });

  it("does not gather without bound what the client does not read", async () => {
    const client = newClient();
    await client.says("a");
    proxy.rate(1000, "to-target");
    let unsent = 0;
    for (let count = 0; count < 200; count++) if (!client.socket.write(Buffer.alloc(64 * 1024))) unsent++;
    await new Promise((resolve) => setTimeout(resolve, 200));
    // What the kernels and the proxy do not take stays with the client.
    expect(client.socket.writableLength).toBeGreaterThan(1024 * 1024);
    expect(unsent).toBeGreaterThan(0);
  });

  it.each([
    ["close", "closed"],
    ["reset", "ECONNRESET"],
  ] as const)("cuts after exactly so many bytes with a %s", async (end, code) => {
    const client = newClient();
    await client.says("before");
    proxy.cutAfter(5, "to-target", end);
    client.socket.write("123");
    await vi.waitFor(() => expect(client.text).toBe("before123"));
    client.socket.write("45678");
    expect(await client.closed).toBe(code);
    expect(echo.received).toBe("before12345".length);
    await vi.waitFor(() => expect(echo.sockets.every((socket) => socket.destroyed)).toBe(true));
  });

  it("cuts the answer mid-frame", async () => {
    proxy.cutAfter(4, "to-client");
    const client = newClient();
    client.socket.write("CONNECTED");
    expect(await client.closed).toBe("closed");
    expect(client.text).toBe("CONN");
  });

  it.each([
    ["close", "closed"],
    ["reset", "ECONNRESET"],
  ] as const)("drops them with a %s and goes on with new ones", async (end, code) => {
    const client = newClient();
    await client.says("a");
    proxy.dropConnections(end);
    expect(await client.closed).toBe(code);
    await newClient().says("b");
  });
});

describe("faultProxy", () => {
  it("takes its target as an address or a URI", async () => {
    for (const target of [
      `127.0.0.1:${echo.port}`,
      `stomp://127.0.0.1:${echo.port}`,
      `amqp+ssl://[::1]:${echo.port}`,
    ]) {
      await (await faultProxy(target)).close();
    }
    for (const target of ["somewhere", "host:99999", "stomp://a:1,stomp://b:2", { host: "", port: 1 }]) {
      await expect(faultProxy(target)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });

  it("ends everything when it is closed, and refuses to be used after", async () => {
    const client = newClient();
    await client.says("a");
    await Promise.all([proxy.close(), proxy.close()]);
    expect(await client.closed).toBe("closed");
    expect(await newClient().closed).toBe("ECONNREFUSED");
    await expect(proxy.pass()).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  it("refuses arguments that are none", async () => {
    expect(() => proxy.delay(-1)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => proxy.rate(0)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => proxy.cutAfter(Number.NaN, "to-client")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
    await expect(proxy.halfHandshake(-1)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
