/** Secrets of a connection that is open: wherever one looks, they are not there; and an attempt that waits for them says so. */
import { createServer, type Socket } from "node:net";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { createConnection } from "../../../src/connect/connect.ts";
import { embeddedGroup } from "../../../src/testing/index.ts";
import { forbidUnhandledRejections, rejectionOf } from "../../support/toy-connection.ts";

forbidUnhandledRejections();
const SECRET = "s3cr3t-pass";

describe.each(["stomp", "amqp"] as const)("a connection by %s", (protocol) => {
  it("shows no secret while it is open, nor after it was refused", async () => {
    const credentials = { username: "user", password: SECRET };
    const group = await embeddedGroup({ protocols: [protocol], inProcess: true, credentials });
    onTestFinished(() => group.close());
    const connection = createConnection(group.uri(protocol), { credentials });
    await connection.connect();
    await connection.send("queue://q", "x");
    const refused = createConnection(group.uri(protocol), {
      credentials: { username: "user", password: `not-${SECRET}` },
    });
    const failure = await rejectionOf(refused.connect());
    expect(failure).toMatchObject({ code: "AUTHENTICATION_FAILED" });
    for (const seen of [connection, connection.state, connection.stats(), refused, failure]) {
      expect(inspect(seen, { depth: 12, showHidden: true })).not.toContain(SECRET);
      expect(JSON.stringify(seen)).not.toContain(SECRET);
    }
    await connection.close();
  });

  it("says that it waits for its credentials, or for a peer that may be a TLS port", async () => {
    const open = new Set<Socket>();
    const server = createServer((socket) => open.add(socket.on("error", () => {}).resume()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      for (const socket of open) socket.destroy();
      server.close();
    });
    const address = server.address();
    const uri = `${protocol}://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    const options = { initialConnect: "fail-fast", attemptTimeout: 100 } as const;
    const hanging = createConnection(uri, { ...options, credentials: () => new Promise<never>(() => {}) });
    expect((await rejectionOf(hanging.connect())).message).toMatch(
      /attemptTimeout=100 ms \(connected, the credentials not yet given\)/,
    );
    const silent = createConnection(uri, options);
    expect((await rejectionOf(silent.connect())).message).toMatch(/its handshake unanswered: it may be a TLS port/);
  });
});
