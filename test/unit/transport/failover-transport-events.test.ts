/** What a transport tells over several failovers: each thing once, in order, whatever its listeners do. */
import { describe, expect, it } from "vitest";
import { toyGroup, until } from "../../support/toy-group.ts";
import { toyServer } from "../../support/toy-server.ts";

describe("the events of a transport", () => {
  it("tell each occurrence once and in order over several failovers", async () => {
    const [a, b] = [await toyServer("welcome"), await toyServer("refuse")];
    const { transport, told, names, close } = toyGroup([a, b]);
    await transport.connect();
    let [active, standby] = [a, b];
    for (let failover = 1; failover <= 6; failover += 1) {
      await active.refuse();
      await until(() => transport.state.name === "interrupted" && transport.state.rounds > 1);
      await standby.listen();
      [active, standby] = [standby, active];
      await until(() => names().length === 1 + 2 * failover);
    }
    await close();
    const failovers = Array.from({ length: 6 }, () => ["interrupted", "restored"]).flat();
    expect(names()).toEqual(["established", ...failovers, "closed"]);
    const at = (event: "interrupted" | "restored") =>
      told.flatMap(({ name, payload }) => (name === event ? payload.endpoint.port : []));
    const [portA, portB] = [a.endpoint.port, b.endpoint.port];
    expect(at("interrupted")).toEqual([portA, portB, portA, portB, portA, portB]);
    expect(at("restored")).toEqual([portB, portA, portB, portA, portB, portA]);
  });

  it("find the state already changed", async () => {
    const server = await toyServer("welcome");
    const { transport, told, names, close } = toyGroup([server]);
    await transport.connect();
    server.drop();
    await until(() => names().includes("restored"));
    await close();
    expect(told.filter(({ name }) => name !== "attempt").map(({ name, state }) => [name, state])).toEqual([
      ["established", "connected"],
      ["interrupted", "interrupted"],
      ["restored", "connected"],
      ["closed", "closed"],
    ]);
  });

  it("tell the cause of a loss, and how long the outage was", async () => {
    const server = await toyServer("welcome");
    const { transport, told, names } = toyGroup([server]);
    await transport.connect();
    const from = performance.now();
    await server.refuse();
    await until(() => transport.state.name === "interrupted" && transport.state.rounds > 3);
    await server.listen();
    await until(() => names().includes("restored"));
    const mostMs = performance.now() - from;
    const [interrupted] = told.filter(({ name }) => name === "interrupted");
    expect(interrupted?.payload).toMatchObject({
      cause: { code: "SESSION_LOST" },
      endpoint: { port: server.endpoint.port },
    });
    const [restored] = told.flatMap(({ name, payload }) => (name === "restored" ? payload : []));
    expect(restored?.outageMs).toBeGreaterThan(0);
    expect(restored?.outageMs).toBeLessThanOrEqual(mostMs);
  });

  it("tell one attempt for every dial, the winner before its session", async () => {
    const [refused, silent, active] = [
      await toyServer("refuse"),
      await toyServer("silent"),
      await toyServer("welcome"),
    ];
    const { transport, told, client } = toyGroup([refused, silent, active], { attemptStagger: 50 });
    await transport.connect();
    const attempts = told.flatMap(({ name, payload }) =>
      name === "attempt"
        ? [[payload.endpoint.port, payload.outcome === "session" ? "session" : payload.outcome.code]]
        : [],
    );
    expect(attempts).toEqual([
      [refused.endpoint.port, "ENDPOINT_REFUSED"],
      [active.endpoint.port, "session"],
      [silent.endpoint.port, "ATTEMPT_SUPERSEDED"],
    ]);
    expect(client.dials).toHaveLength(3);
    expect(told.at(-1)?.name).toBe("established");
  });

  it("reach every listener though others throw and reject, and the connection goes on", async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error & { code?: string }) => {
      if (warning.code === "MASTERSLAVE_LISTENER") warnings.push(warning.message);
    };
    process.on("warning", onWarning);
    const server = await toyServer("welcome");
    const { transport, names, close } = toyGroup([server]);
    for (const event of ["established", "interrupted", "restored", "closed", "attempt"] as const) {
      transport.on(event, () => {
        throw new Error(`thrown at ${event}`);
      });
      transport.on(event, (async () => {
        throw new Error(`rejected at ${event}`);
      }) as () => void);
    }
    const late: string[] = [];
    transport.on("restored", () => late.push("restored"));
    await transport.connect();
    server.drop();
    await until(() => names().includes("restored"));
    await close();
    await until(() => warnings.some((text) => text.includes("rejected at closed")));
    process.removeListener("warning", onWarning);
    expect(names()).toEqual(["established", "interrupted", "restored", "closed"]);
    expect(late).toEqual(["restored"]);
    // Four events and two attempts, each with a throw and a rejection.
    expect(warnings).toHaveLength(12);
  });

  it("reach a once listener once, and one that was taken off not at all", async () => {
    const server = await toyServer("welcome");
    const { transport, names } = toyGroup([server]);
    const heard: string[] = [];
    const unheard = () => heard.push("removed");
    transport.once("restored", () => heard.push("once"));
    transport.on("restored", () => heard.push("on"));
    transport.on("restored", unheard).off("restored", unheard);
    await transport.connect();
    for (let loss = 1; loss <= 3; loss += 1) {
      server.drop();
      await until(() => names().filter((name) => name === "restored").length === loss);
    }
    expect(heard).toEqual(["once", "on", "on", "on"]);
  });

  it("find the alternates a broker told of behind the user's own", async () => {
    const [listed, alternate] = [await toyServer("welcome"), await toyServer("welcome")];
    const { transport, client, names } = toyGroup([listed]);
    await transport.connect();
    transport.addAlternates([alternate.endpoint, listed.endpoint]);
    await listed.refuse();
    await until(() => names().includes("restored"));
    expect(transport.state).toMatchObject({ endpoint: { port: alternate.endpoint.port } });
    expect(client.dials).toEqual([listed.endpoint.port, listed.endpoint.port, alternate.endpoint.port]);
  });

  it("stay flat in listeners, timers and sockets over two hundred failovers", async () => {
    const server = await toyServer("welcome");
    const { transport, client } = toyGroup([server]);
    await transport.connect();
    const kinds = () =>
      process.getActiveResourcesInfo().filter((kind) => /^(TCPSocketWrap|Timeout)$/.test(kind)).length;
    const before = kinds();
    for (let loss = 1; loss <= 200; loss += 1) {
      server.drop();
      await until(() => client.sessions.length === loss + 1);
    }
    await until(() => kinds() <= before);
    for (const event of transport.eventNames()) expect(transport.listenerCount(event)).toBe(1);
    expect(client.sessions.filter(({ socket }) => !socket.destroyed)).toHaveLength(1);
  });
});
