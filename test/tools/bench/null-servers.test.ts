/** That the null servers of the bench speak their protocols: this package's clients get every confirmation and every message. */
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { serveAmqp } from "../../../bench/null-server/amqp-null-server.ts";
import type { ServingNull } from "../../../bench/null-server/null-server-options.ts";
import { serveStomp } from "../../../bench/null-server/stomp-null-server.ts";
import { connect as connectTo } from "../../../src/index.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

function opened<T extends ServingNull>(server: T): T {
  open.push({ [Symbol.asyncDispose]: () => server.close() });
  return server;
}

const SERVERS = [
  ["stomp", "classic", serveStomp],
  ["stomp", "artemis", serveStomp],
  ["amqp", "classic", serveAmqp],
  ["amqp", "artemis", serveAmqp],
] as const;

describe.each(SERVERS)("the null server of %s as %s", (protocol, pose, serve) => {
  async function client(bodyBytes = 100) {
    const { port } = opened(await serve({ pose, bodyBytes }));
    const credentials = { username: "app", password: "any" };
    const connection = await connectTo(`${protocol}://127.0.0.1:${port}`, { credentials });
    open.push(connection);
    return connection;
  }

  it("calls itself what it poses as", async () => {
    const connection = await client();
    const { endpoint } = await connection.send("queue://q", "x");
    expect(endpoint.port).toBeGreaterThan(0);
    expect(connection.broker?.product).toBe(pose === "classic" ? "activemq" : "artemis");
  });

  it("confirms every send of a window beyond its credit, small and large", async () => {
    const connection = await client();
    const bodies = [Buffer.alloc(100, "x"), Buffer.alloc(200_000, "\n")];
    const sends = Array.from({ length: 1_300 }, (_, n) => connection.send("queue://q", bodies[n % 500 ? 0 : 1] ?? ""));
    expect(new Set((await Promise.all(sends)).map(({ id }) => id)).size).toBe(1_300);
  });

  it("feeds a consumer for as long as it settles, and stops when it leaves", async () => {
    const connection = await client(300);
    const consumer = connection.consume("queue://q", { prefetch: 10 });
    let received = 0;
    for await (const delivery of consumer) {
      expect(delivery.message.bytes()).toHaveLength(300);
      expect(await delivery.accept()).toBe("settled");
      received += 1;
      if (received === 700) break;
    }
    await connection.send("queue://q", "still here");
    expect(received).toBe(700);
  });
});

describe("the null server of stomp", () => {
  it("answers what came in one read in one piece, however the bytes are cut", async () => {
    const { port } = opened(await serveStomp({ pose: "classic", bodyBytes: 10 }));
    const socket = connect({ port, host: "127.0.0.1" });
    const send = (n: number) => `SEND\ndestination:/queue/q\nreceipt:r-${n}\ncontent-length:3\n\na\0b\0\n`;
    const text = `CONNECT\naccept-version:1.2\n\n\0${Array.from({ length: 50 }, (_, n) => send(n)).join("")}`;
    for (let at = 0; at < text.length; at += 7) socket.write(text.slice(at, at + 7));
    let received = "";
    for await (const chunk of socket) {
      received += chunk;
      if (received.includes("receipt-id:r-49")) break;
    }
    expect(received.match(/receipt-id:r-\d+/g)).toHaveLength(50);
  });
});
