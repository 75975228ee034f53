/** The public, protocol-free layer: a URI, an `open` of one's own, and nothing of STOMP or AMQP. */
import { describe, expect, it, onTestFinished } from "vitest";
import { MasterSlaveTransport } from "../../../src/transport/index.ts";
import { ToyClient, type ToySession } from "../../support/toy-client.ts";
import { rejection, until } from "../../support/toy-group.ts";
import { type ToyServer, toyServer } from "../../support/toy-server.ts";

function toyTransport(servers: readonly ToyServer[], query = "") {
  const client = new ToyClient();
  const hosts = servers.map(({ endpoint }) => `tcp://127.0.0.1:${endpoint.port}`);
  const transport = new MasterSlaveTransport<ToySession>({
    group: `masterslave:(${hosts})${query}`,
    open: client.open,
  });
  onTestFinished(() => transport.close(AbortSignal.timeout(1_000)));
  return { transport, client };
}

describe("MasterSlaveTransport of a URI", () => {
  it("holds a session of a protocol it does not know, over a failover", async () => {
    const [a, b] = [await toyServer("welcome"), await toyServer("refuse")];
    const { transport, client } = toyTransport([a, b]);
    const restored = new Promise<ToySession>((resolve) => transport.on("restored", ({ session }) => resolve(session)));
    await transport.connect();
    await client.sessions[0]?.ping();
    await a.refuse();
    await b.listen();
    await (await restored).ping();
    expect(transport.state).toMatchObject({ name: "connected", endpoint: { scheme: "tcp", port: b.endpoint.port } });
  });

  it("follows the options of the URI: connectTimeoutMs", async () => {
    const { transport } = toyTransport([await toyServer("silent"), await toyServer("refuse")], "?connectTimeoutMs=100");
    expect(await rejection(transport.connect())).toMatchObject({ code: "CONNECT_TIMEOUT" });
  });

  it("follows the options of the URI: maxReconnectAttempts and initialConnect", async () => {
    const servers = [await toyServer("close"), await toyServer("refuse")];
    const limited = toyTransport(servers, "?maxReconnectAttempts=3&initialReconnectDelay=1");
    expect(await rejection(limited.transport.connect())).toMatchObject({ code: "NO_ACTIVE_ENDPOINT" });
    expect(limited.client.dials).toHaveLength(6);
    const failFast = toyTransport(servers, "?initialConnect=fail-fast");
    expect(await rejection(failFast.transport.connect())).toMatchObject({ attempts: { length: 2 } });
    expect(failFast.client.dials).toHaveLength(2);
  });

  it("lets the options in code beat the URI's", async () => {
    const client = new ToyClient();
    const { endpoint } = await toyServer({ answersAfterMs: 150 });
    const transport = new MasterSlaveTransport<ToySession>({
      group: `tcp://127.0.0.1:${endpoint.port}?connectTimeoutMs=20`,
      open: client.open,
      options: { connectTimeoutMs: 0 },
    });
    onTestFinished(() => transport.close(AbortSignal.timeout(1_000)));
    await transport.connect();
    await until(() => transport.state.name === "connected");
  });

  it("throws at once for a URI it cannot read", () => {
    expect(() => new MasterSlaveTransport({ group: "masterslave:(", open: new ToyClient().open })).toThrowError(
      expect.objectContaining({ code: "INVALID_URI" }),
    );
  });
});
