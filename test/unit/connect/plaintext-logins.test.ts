/** What a login does on a connection without TLS. */
import { describe, expect, it } from "vitest";
import type { ConnectionOptions } from "../../../src/connect/connect-options.ts";
import { composeConnection } from "../../../src/connect/create-connection.ts";
import { forbidUnhandledRejections, rejectionOf } from "../../support/toy-connection.ts";
import { ToyBroker } from "../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const PLAIN = "masterslave:(amqp://a.example:1,amqp://b.example:2)";

/** A connection whose sessions ask for the login as an adapter does; `logins` is what they were given. */
function connectionTo(uri: string, options: ConnectionOptions) {
  const broker = new ToyBroker();
  const logins: unknown[] = [];
  const connection = composeConnection(uri, options, async () => (settings) => async (endpoint, context) => {
    logins.push(await settings.credentials(endpoint, context));
    return broker.open(endpoint, context);
  });
  const warnings: { readonly code: string; readonly message: string }[] = [];
  connection.on("warning", (warning) => warnings.push(warning));
  return { connection, broker, logins, warnings, codes: () => warnings.map(({ code }) => code) };
}

describe("a token without TLS", () => {
  it.each([
    ["masterslave:(amqp://localhost:1,amqp://127.0.0.2:2)"],
    ["amqp://[::1]:1"],
    ["stomp://mq.localhost:1"],
    ["amqps://a.example"],
  ])("is taken for %s without a warning", async (uri) => {
    const { connection, codes, logins } = connectionTo(uri, { credentials: { token: "t" } });
    await connection.connect();
    await connection.close();
    expect([logins.length, codes()]).toEqual([1, []]);
  });

  it.each(["stomp://127.0.0.1.example:1", "amqp://localhost.example:1", "tcp://10.0.0.1:1?protocol=amqp"])(
    "is refused at once for %s, with what to write",
    (uri) => {
      const create = () => connectionTo(uri, { credentials: { token: "t0ken" } });
      expect(create).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
      expect(create).toThrow(/would get it without TLS: write amqps:\/\/, .*allowPlaintext: true/);
    },
  );

  it("goes with allowPlaintext, and each session raises a warning", async () => {
    const { connection, broker, codes, warnings } = connectionTo(PLAIN, {
      credentials: { token: "t0ken" },
      allowPlaintext: true,
    });
    await connection.connect();
    expect(codes()).toEqual(["PLAINTEXT_LOGIN"]);
    const restored = new Promise((resolve) => connection.once("restored", resolve));
    broker.session.die();
    await restored;
    await connection.close();
    expect(codes()).toEqual(["PLAINTEXT_LOGIN", "PLAINTEXT_LOGIN"]);
    expect(warnings[0]?.message).toMatch(/The token went to amqp:\/\/a\.example:1 without TLS/);
    expect(JSON.stringify(warnings)).not.toContain("t0ken");
  });

  it("of a function is refused before anything is sent, and ends the search where every endpoint is plain", async () => {
    const { connection, logins } = connectionTo(PLAIN, { credentials: () => ({ token: "t" }) });
    expect(await rejectionOf(connection.connect())).toMatchObject({
      code: "PLAINTEXT_REFUSED",
      message: expect.stringContaining("amqp://a.example:1 was not given the token"),
    });
    expect(logins).toEqual([]);
  });

  it("of a function leads on to an endpoint of this machine", async () => {
    const uri = "masterslave:(amqp://a.example:1,amqp://localhost:2)";
    const { connection, codes } = connectionTo(uri, { credentials: () => ({ token: "t" }) });
    await connection.connect();
    expect([connection.endpoint?.host, codes()]).toEqual(["localhost", []]);
    await connection.close();
  });
});

describe("a password without TLS", () => {
  it.each<[string, string, ConnectionOptions, readonly string[]]>([
    ["beyond this machine", PLAIN, {}, ["PLAINTEXT_LOGIN"]],
    ["over STOMP", "stomp://a.example", {}, ["PLAINTEXT_LOGIN"]],
    ["on this machine", "stomp://127.0.0.1", {}, []],
    ["where only SCRAM may be used", PLAIN, { saslMechanisms: ["SCRAM-SHA-512"] }, []],
    ["over TLS", "stomps://a.example", {}, []],
  ])("%s raises the warnings it should", async (_, uri, options, expected) => {
    const { connection, codes } = connectionTo(uri, { credentials: { username: "u", password: "p" }, ...options });
    await connection.connect();
    await connection.close();
    expect(codes()).toEqual(expected);
  });

  it("from the URI's user-info raises the warning as well, and no login raises none", async () => {
    const { connection, codes, warnings } = connectionTo("stomp://u:pass-w0rd@a.example", {});
    await connection.connect();
    await connection.close();
    expect(codes()).toEqual(["PLAINTEXT_LOGIN"]);
    expect(JSON.stringify(warnings)).not.toContain("pass-w0rd");
    const nobody = connectionTo("stomp://a.example", {});
    await nobody.connection.connect();
    await nobody.connection.close();
    expect(nobody.codes()).toEqual([]);
  });
});
