import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FaultProxy, faultProxy } from "../../../../src/testing/index.ts";
import { type Echo, EchoClient, startEcho } from "../echo-peer.ts";

let echo: Echo;
let proxy: FaultProxy;
let client: EchoClient;

beforeEach(async () => {
  echo = await startEcho();
  proxy = await faultProxy({ host: "127.0.0.1", port: echo.port });
  client = new EchoClient(proxy.port);
  await client.says("a");
});
afterEach(async () => {
  client.socket.destroy();
  await proxy.close();
  for (const socket of echo.sockets) socket.destroy();
  echo.server.close();
});

describe("a rate or a delay of the fault proxy", () => {
  it("lifts a rate at once with pass(), also from the bytes that wait and the end behind them", async () => {
    proxy.rate(10);
    client.socket.write("b".repeat(20_000));
    await client.hearsNothing();
    await proxy.pass();
    await vi.waitFor(() => expect(client.text.length).toBe(20_001), { timeout: 2000, interval: 5 });
    await client.says("c");
    client.socket.end();
    expect(await client.closed).toBe("closed");
  });

  it("lifts a delay at once with pass(), also from the bytes that wait", async () => {
    proxy.delay(60_000);
    client.socket.write("b");
    await client.hearsNothing();
    await proxy.pass();
    await vi.waitFor(() => expect(client.text).toBe("ab"), { timeout: 1000, interval: 5 });
    await client.says("c");
    expect(client.text).toBe("abc");
  });

  it("applies a new rate and a new delay to the bytes that wait, too", async () => {
    proxy.rate(10, "to-target");
    proxy.delay(60_000, "to-client");
    client.socket.write("b".repeat(2000));
    await client.hearsNothing();
    proxy.rate(1_000_000, "to-target");
    proxy.delay(20, "to-client");
    await vi.waitFor(() => expect(client.text.length).toBe(2001), { timeout: 2000, interval: 5 });
  });
});
