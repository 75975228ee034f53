/** What a user gives and what can throw: each callback and getter, with what becomes of its throw. None ends a connection. */
import { describe, expect, it } from "vitest";
import * as amqp from "../../../src/connect/amqp.ts";
import { connect, createConnection } from "../../../src/connect/connect.ts";
import * as stomp from "../../../src/connect/stomp.ts";
import type { Connection } from "../../../src/messaging/connection/connection.ts";
import { embeddedGroup } from "../../../src/testing/index.ts";
import { forbidUnhandledRejections, rejectionOf, toyConnected } from "../../support/toy-connection.ts";
import { turns } from "../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const URI = "masterslave:(stomp://a.example:1,stomp://b.example:2)";
const MISTAKE = new Error("a mistake of the user's");
const fail = (): never => {
  throw MISTAKE;
};
/** An object whose properties of these names throw when they are read. */
const throwing = (...names: string[]): object =>
  Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, { get: fail, enumerable: true }])));

describe("options that are none, or whose getters throw", () => {
  it.each([stomp.connect, amqp.connect, connect])("are INVALID_ARGUMENT at once in connect()", async (call) => {
    for (const options of [null, 5, "x", throwing("signal"), throwing("clientId")])
      expect(await rejectionOf(call(URI, options as never))).toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("are INVALID_ARGUMENT at once in createConnection()", () => {
    for (const options of [null, 5, throwing("tls"), throwing("credentials")])
      expect(() => createConnection(URI, options as never)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
  });

  it.each<[string, (connection: Connection) => unknown]>([
    ["send()", (c) => c.send("q", "x", throwing("ttlMs"))],
    ["send() with properties", (c) => c.send("q", "x", { properties: throwing("a") as never })],
    ["request()", (c) => c.request("q", "x", throwing("timeoutMs"))],
    ["consume()", (c) => c.consume("q", throwing("prefetch"))],
    ["consume() with deduplicate", (c) => c.consume("q", { deduplicate: throwing("max") as never })],
    ["browse()", (c) => c.browse("q", throwing("selector"))],
    ["respond()", (c) => c.respond("q", () => "y", throwing("concurrency"))],
    ["unsubscribe()", (c) => c.unsubscribe("name", throwing("shared"))],
    ["transaction()", (c) => c.transaction(() => {}, throwing("retries"))],
    ["receive()", (c) => c.consume("queue://other").receive(throwing("timeoutMs"))],
    ["run()", (c) => c.consume("queue://other").run(() => {}, throwing("transacted"))],
    ["drain()", (c) => c.consume("queue://other").drain(throwing("timeoutMs"))],
    ["connect()", (c) => c.connect(throwing("signal"))],
  ])("are INVALID_ARGUMENT at once in %s, and the connection goes on", async (_, call) => {
    const { connection } = await toyConnected();
    const outcome = await Promise.resolve()
      .then(() => call(connection))
      .catch((reason: unknown) => reason);
    expect(outcome).toMatchObject({ code: "INVALID_ARGUMENT", cause: MISTAKE });
    expect(await connection.send("q", "after")).toMatchObject({ resent: false });
  });

  it("are read once: a getter that changes its answer changes nothing", async () => {
    const { connection, session } = await toyConnected();
    const answers = [5, "many", -1];
    const options = Object.defineProperty({}, "prefetch", { get: () => answers.shift(), enumerable: true });
    await connection.consume("queue://q", options).ready;
    expect(session.to("queue://q").request).toMatchObject({ prefetch: 5 });
    const maxima = [10, 2 ** 40];
    const deduplicate = Object.defineProperty({}, "max", { get: () => maxima.shift(), enumerable: true });
    await connection.consume("queue://d", { deduplicate: deduplicate as never }).ready;
    const ids = ["first", 7];
    const sending = Object.defineProperty({}, "id", { get: () => ids.shift(), enumerable: true });
    expect(await connection.send("queue://q", "x", sending)).toMatchObject({ id: "first" });
  });
});

describe("a listener", () => {
  it("that is no function is INVALID_ARGUMENT", async () => {
    const { connection } = await toyConnected();
    for (const add of ["on", "once", "addListener"] as const)
      expect(() => connection[add]("warning", undefined as never)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
  });

  it("that throws what cannot be shown, at once or later, is a process warning and the connection goes on", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    const { connection, broker } = await toyConnected();
    connection.on("interrupted", () => {
      throw proxy;
    });
    connection.on("interrupted", () => Promise.reject(proxy) as never);
    broker.session.die();
    await broker.opened(2);
    expect(await connection.send("q", "after")).toMatchObject({ resent: false });
    await turns(3);
    process.off("warning", onWarning);
    expect(warnings.filter(({ message }) => message.includes('A listener of "interrupted" threw'))).toHaveLength(2);
  });
});

describe("a credentials function that throws once", () => {
  it.each(["stomp", "amqp"] as const)("fails that attempt over %s, and the next one succeeds", async (protocol) => {
    await using group = await embeddedGroup({ protocols: [protocol], inProcess: true });
    let asked = 0;
    const credentials = () => {
      asked += 1;
      return asked === 1 ? fail() : { username: "u", password: "p" };
    };
    const connection = createConnection(group.uri(protocol), { credentials, initialReconnectDelay: 1 });
    const codes: string[] = [];
    connection.on("attempt", ({ outcome }) => codes.push(outcome === "session" ? outcome : outcome.code));
    await connection.connect();
    expect(codes[0]).toBe("CREDENTIALS_UNAVAILABLE");
    expect(codes.at(-1)).toBe("session");
    expect(await connection.send("queue://q", "x")).toMatchObject({ resent: false });
    await connection.close();
  });
});
