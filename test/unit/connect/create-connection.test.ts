/** What createConnection takes and refuses before anything is dialled. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import * as amqp from "../../../src/connect/amqp.ts";
import { connect, createConnection } from "../../../src/connect/connect.ts";
import { composeConnection } from "../../../src/connect/create-connection.ts";
import * as stomp from "../../../src/connect/stomp.ts";
import { storyGroup } from "../../support/stories.ts";
import { forbidUnhandledRejections, rejectionOf } from "../../support/toy-connection.ts";
import { ToyBroker } from "../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const STOMP = "masterslave:(stomp://a.example:1,stomp://b.example:2)";
const SECURE = "amqps://a.example:1";
const TCP = "masterslave:(tcp://a.example:1,tcp://b.example:2)";

describe("createConnection", () => {
  it.each([
    ["a malformed URI", "masterslave:(stomp://a:1", {}, "INVALID_URI"],
    ["a URI that is no text", undefined as unknown as string, {}, "INVALID_URI"],
    ["an unknown scheme", "http://a:1", {}, "INVALID_URI"],
    ["an unknown option in the URI", `${STOMP}?maxReconectDelay=5`, {}, "UNKNOWN_OPTION"],
    ["an unknown option beside it", STOMP, { maxReconectDelay: 5 }, "UNKNOWN_OPTION"],
    ["an option that cannot have this value", STOMP, { maxPendingSends: 0 }, "INVALID_OPTION"],
    ["an option of another type", STOMP, { inDoubt: "perhaps" }, "INVALID_OPTION"],
    ["tcp:// without a protocol", TCP, {}, "INVALID_OPTION"],
    ["an unknown protocol", TCP, { protocol: "mqtt" }, "INVALID_OPTION"],
    ["a protocol the endpoints do not speak", STOMP, { protocol: "amqp" }, "INVALID_OPTION"],
    ["credentials without a password", STOMP, { credentials: { username: "u" } }, "INVALID_ARGUMENT"],
    [
      "credentials with two secrets",
      STOMP,
      { credentials: { username: "u", password: "p", token: "t" } },
      "INVALID_ARGUMENT",
    ],
    ["a password file without a name", STOMP, { credentials: { passwordFile: "/p" } }, "INVALID_ARGUMENT"],
    ["an empty token", STOMP, { credentials: { token: "" } }, "INVALID_ARGUMENT"],
    ["external credentials that are not true", STOMP, { credentials: { external: "yes" } }, "INVALID_ARGUMENT"],
    ["SASL mechanisms over STOMP", STOMP, { saslMechanisms: ["PLAIN"] }, "INVALID_OPTION"],
    ["an unknown SASL mechanism", "amqp://a.example:1", { saslMechanisms: ["GSSAPI"] }, "INVALID_OPTION"],
    ["credentials that are text", STOMP, { credentials: "u:p" }, "INVALID_ARGUMENT"],
    ["tls where no endpoint speaks TLS", STOMP, { tls: { caFile: "/ca.pem" } }, "INVALID_ARGUMENT"],
    ["a tls function where no endpoint speaks TLS", STOMP, { tls: () => ({}) }, "INVALID_ARGUMENT"],
    ["a passphrase that is no text", SECURE, { tls: { passphrase: 4711 } }, "INVALID_ARGUMENT"],
    ["a version that is no text", SECURE, { tls: { minVersion: 1.2 } }, "INVALID_ARGUMENT"],
    ["ciphers that are a list", SECURE, { tls: { ciphers: ["A"] } }, "INVALID_ARGUMENT"],
    ["a path that is a number", SECURE, { tls: { caFile: 3 } }, "INVALID_ARGUMENT"],
    ["a key that is a number", SECURE, { tls: { cert: "c", key: 4711 } }, "INVALID_ARGUMENT"],
    ["a check of names that is none", SECURE, { tls: { checkServerIdentity: "no" } }, "INVALID_ARGUMENT"],
    ["endpoints with TLS and without", "failover:(stomp://a.example:1,stomps://b.example:2)", {}, "INVALID_OPTION"],
    ["a plain endpoint where TLS is required", STOMP, { requireTls: true }, "INVALID_OPTION"],
    ["a token that would go in plain text", STOMP, { credentials: { token: "t" } }, "INVALID_ARGUMENT"],
    ["a token file for a plain endpoint", "amqp://a.example", { credentials: { tokenFile: "/t" } }, "INVALID_ARGUMENT"],
    ["alternates that are neither word nor function", STOMP, { alternates: true }, "INVALID_OPTION"],
    ["an undefined authority", SECURE, { tls: { caFile: undefined } }, "INVALID_ARGUMENT"],
    ["credentials that are null", STOMP, { credentials: null }, "INVALID_ARGUMENT"],
  ])("throws at once for %s; connect() rejects with the same", async (_, uri, options, code) => {
    expect(() => createConnection(uri, options as object)).toThrow(expect.objectContaining({ code }));
    expect(await rejectionOf(connect(uri, options as object))).toMatchObject({ code });
  });

  it("shows nothing of a key in the place of its file, nor of a passphrase that is a number", () => {
    for (const tls of [
      { certFile: "/c", keyFile: "-----BEGIN PRIVATE KEY-----s3cr3t" },
      { certFile: "/c", keyFile: "s3cr3t\ns3cr3t" },
    ]) {
      const refused = () => createConnection(SECURE, { tls });
      expect(refused).toThrow(/keyFile that is the text itself.*tls\.key takes the text itself/);
      expect(refused).not.toThrow("s3cr3t");
    }
    expect(() => createConnection(SECURE, { tls: { passphrase: 4711 as never } })).not.toThrow("4711");
  });

  it("takes tls where one endpoint of several speaks TLS, and where it says nothing", () => {
    const mixed = "masterslave:(amqp://a.example:1,amqps://b.example:2)";
    const options = { tls: { caFile: "/ca.pem" }, allowPlaintext: true };
    expect(createConnection(mixed, options).state).toEqual({ name: "idle" });
    expect(createConnection(STOMP, { tls: {} }).state).toEqual({ name: "idle" });
    expect(createConnection(STOMP, { tls: { servername: undefined } }).state).toEqual({ name: "idle" });
  });

  it("refuses endpoints of two protocols in one URI", () => {
    const mixed = "masterslave:(stomp://a.example:1,amqp://b.example:2)";
    expect(() => createConnection(mixed)).toThrow(/protocol/);
  });

  it("says what to write where tcp:// names no protocol", () => {
    expect(() => createConnection(TCP)).toThrow(/write \S+stomp:\/\/\S+ or \S+amqp:\/\/.*, or say protocol/);
    expect(createConnection(TCP, { protocol: "amqp" }).state).toEqual({ name: "idle" });
    expect(createConnection(`${TCP}?protocol=stomp`).state).toEqual({ name: "idle" });
  });

  it("is bound to one protocol in ./stomp and ./amqp, tcp:// included", () => {
    for (const [bound, other] of [
      [stomp, "amqp"],
      [amqp, "stomp"],
    ] as const) {
      expect(bound.createConnection(TCP).state).toEqual({ name: "idle" });
      expect(() => bound.createConnection(`${other}://a.example:1`)).toThrow(
        expect.objectContaining({ code: "INVALID_OPTION", option: "protocol" }),
      );
      expect(() => bound.createConnection(TCP, { protocol: other })).toThrow(/this is the connect\(\) of/);
    }
  });

  it.each([
    ["stomp", stomp.connect],
    ["amqp", amqp.connect],
  ] as const)("connects to tcp:// endpoints through ./%s, and gives up by signal", async (protocol, bound) => {
    const group = await storyGroup(protocol);
    const uri = group.uri(protocol).replaceAll(`${protocol}://`, "tcp://");
    const connection = await bound(uri);
    expect(await connection.send("queue://q", "x")).toMatchObject({ endpoint: { scheme: "tcp" } });
    await connection.close();
    expect(await rejectionOf(bound(uri, { signal: AbortSignal.abort() }))).toMatchObject({ code: "ABORTED" });
  });

  it("shows no credentials, however the connection is looked at", async () => {
    const secret = "s3cr3t-pass";
    const connection = createConnection(`masterslave:(stomp://user:${secret}@127.0.0.1:1,stomp://127.0.0.1:2)`, {
      credentials: { username: "user", password: secret },
      initialConnect: "fail-fast",
    });
    const failure = await rejectionOf(connection.connect());
    const shown = [
      inspect(connection, { depth: 10, showHidden: true }),
      JSON.stringify(connection.state),
      JSON.stringify(connection),
      inspect(failure, { depth: 10, showHidden: true }),
      String(failure.stack),
    ];
    expect(failure).toMatchObject({ code: "NO_ACTIVE_ENDPOINT" });
    for (const text of shown) expect(text).not.toContain(secret);
  });
});

describe("composition", () => {
  it("loads the adapter of the URI's protocol, once, and tells it what it needs", async () => {
    const loaded: string[] = [];
    const broker = new ToyBroker();
    let clientId: string | undefined;
    const connection = composeConnection(`${STOMP}?clientId=c1`, {}, async (protocol) => {
      loaded.push(protocol);
      return (settings) => {
        clientId = settings.clientId;
        return broker.open;
      };
    });
    await connection.connect();
    await connection.send("q", "x");
    await connection.close();
    expect([loaded, clientId]).toEqual([["stomp"], "c1"]);
  });

  it("tells a failure to load the adapter in the first attempt, and stops", async () => {
    const connection = composeConnection(STOMP, {}, async () => {
      throw new Error("no such module");
    });
    const failure = await rejectionOf(connection.connect());
    expect(failure).toMatchObject({ code: "INTERNAL" });
    expect(failure.message).toContain("no such module");
    expect(await connection.closed).toBe(failure);
  });

  it("adds the alternates a broker tells of, unless told not to", async () => {
    for (const [query, dialled] of [
      ["?alternates=any", ["a.example", "b.example", "c.example"]],
      ["", ["a.example", "b.example"]],
      ["?alternates=any&updateURIsSupported=false", ["a.example", "b.example"]],
    ] as const) {
      const broker = new ToyBroker();
      const hosts = new Set<string>();
      let tell = (_: never) => {};
      const connection = composeConnection(STOMP + query, { initialReconnectDelay: 1 }, async () => (settings) => {
        tell = settings.onAlternates as never;
        return (endpoint, context) => {
          hosts.add(endpoint.host);
          return broker.open(endpoint, context);
        };
      });
      await connection.connect();
      tell([{ scheme: "stomp", host: "c.example", port: 3, options: {} }] as never);
      broker.up = false;
      broker.session.die();
      await new Promise<void>((resolve) =>
        connection.on(
          "attempt",
          () => connection.state.name === "interrupted" && connection.state.rounds > 0 && resolve(),
        ),
      );
      await connection.close();
      expect([...hosts]).toEqual(dialled);
    }
  });
});
