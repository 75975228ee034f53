/** What ActiveMQ's failover tests say of messages when the master dies: over an embedded group. */
import { describe, expect, it } from "vitest";
import { next, proxied, storyConnection, storyGroup } from "../../support/stories.ts";
import { forbidUnhandledRejections } from "../../support/toy-connection.ts";

forbidUnhandledRejections();

describe.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
  it("a peer that stops reading while we write is noticed, and all that was sent arrives at the next", async () => {
    const group = await storyGroup(protocol);
    const { uri, proxies } = await proxied(group, protocol);
    const options = { heartbeatMs: 200, attemptTimeout: 500 };
    const connection = await storyConnection(uri, options).connect();
    await connection.send("queue://q", "before");
    const interrupted = next(connection, "interrupted");
    proxies[0]?.blackHole();
    // More than the buffers of two sockets hold.
    const bodies = Array.from({ length: 40 }, (_, n) => `${n} ${"x".repeat(250_000)}`);
    const sends = bodies.map((body) => connection.send("queue://q", body));
    expect(await interrupted).toMatchObject({ cause: { code: "HEARTBEAT_LOST" } });
    await group.failover();
    await Promise.all(sends);
    const stored = (await group.messages("q")).map(({ text }) => text?.split(" ")[0]);
    const once = stored.filter((number, index) => stored.indexOf(number) === index);
    expect(once).toEqual(["before", ...bodies.map((_, n) => String(n))]);
  });

  it("a topic's subscribers and its publisher go on when the master is killed in mid-stream", async () => {
    const group = await storyGroup(protocol);
    const connections = [1, 2, 3].map(() => storyConnection(group.uri(protocol)));
    const [publisher, ...subscribers] = await Promise.all(connections.map((connection) => connection.connect()));
    const heard = subscribers.map(() => new Set<string>());
    subscribers.forEach((subscriber, index) => {
      const note = (text: string) => heard[index]?.add(text);
      void subscriber.consume("topic://prices").run((message) => void note(message.text()));
    });
    const restored = connections.map((connection) => next(connection, "restored"));
    let sent = 0;
    const publish = async () => {
      await publisher?.send("topic://prices", `${sent++}`);
    };
    for (let n = 0; n < 50; n++) await publish();
    await group.failover();
    await Promise.all(restored);
    const first = sent;
    while (heard.some((texts) => ![...texts].some((text) => Number(text) >= first))) await publish();
    expect(connections.map((connection) => connection.stats().failovers)).toEqual([1, 1, 1]);
  });

  it("many clients survive many drops of their connections, and lose no message", async () => {
    const group = await storyGroup(protocol);
    const { uri, proxies } = await proxied(group, protocol);
    const clients = await Promise.all(
      Array.from({ length: 8 }, () =>
        storyConnection(uri, { minConnectTime: 0, maxReconnectDelay: 20, poisonAfter: 1_000 }).connect(),
      ),
    );
    const worked = new Set<string>();
    for (const client of clients) {
      void client.consume("queue://work", { prefetch: 5 }).run((message) => void worked.add(message.text()));
    }
    const sends: Promise<unknown>[] = [];
    for (let drop = 0; drop < 10; drop++) {
      clients.forEach((client, index) => {
        for (let n = 0; n < 5; n++) sends.push(client.send("queue://work", `${drop}-${index}-${n}`));
      });
      await new Promise((resolve) => setTimeout(resolve, 10));
      for (const proxy of proxies) proxy.dropConnections("reset");
    }
    await Promise.all(sends);
    while (worked.size < 400) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(worked.size).toBe(400);
  });
});
