/** TLS on real brokers: whose certificate is believed, which ports are mixed up, and certificates that are renewed while clients run. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConnectOptions, connect, type NoActiveEndpointError } from "../../src/index.ts";
import { type Certificate, createAuthority, pkcs12 } from "../support/certificate.ts";
import { attemptAt } from "./attempt-at.ts";
import { otherMember, type Product } from "./real-group.ts";
import { type SecureGroup, startSecureGroup } from "./secure-group.ts";

const PRODUCTS: readonly Product[] = ["classic", "artemis"];
const CONNECTORS = ["stomp+ssl", "amqps"] as const;
const credentials = { username: "app", password: "app-password" };
const NAMES = { names: ["DNS:localhost", "IP:127.0.0.1"] };

describe.each(PRODUCTS)("TLS on a real %s", (product) => {
  let secure: SecureGroup;
  beforeAll(async () => {
    secure = await startSecureGroup(product, "password");
  }, 600_000);
  afterAll(() => secure?.[Symbol.asyncDispose]());

  const trusting = (more: object = {}): ConnectOptions => ({
    credentials,
    tls: { ca: secure.authority.cert, ...more },
  });

  it.each(CONNECTORS)("refuses an unknown authority and another name (%s)", async (connector) => {
    const uri = secure.uri(connector);
    const stranger = await attemptAt(uri, { credentials });
    expect(stranger).toMatchObject({ code: "TLS_FAILED", verdict: "next" });
    expect(stranger.message).toMatch(/an authority that is not trusted here: name it in tls\.ca/);
    const elsewhere = await attemptAt(uri, trusting({ servername: "elsewhere.example" }));
    expect(elsewhere).toMatchObject({ code: "TLS_FAILED" });
    expect(elsewhere.message).toMatch(/a certificate for another name/);
  });

  it.each(CONNECTORS)("is not given up for a plain member of the same group (%s)", async (connector) => {
    const [plain, scheme] = connector === "amqps" ? (["amqp", "amqps"] as const) : (["stomp", "stomp+ssl"] as const);
    const active = await secure.group.waitActive();
    const at = (one: typeof connector | typeof plain) => `localhost:${secure.group.endpoint(active, one).port}`;
    const mixed = `masterslave:(${scheme}://${at(connector)},${plain}://${at(plain)})`;
    await expect(connect(mixed, trusting())).rejects.toThrow(/allowPlaintext/);
    const failed = connect(mixed, { credentials, allowPlaintext: true, initialConnect: "fail-fast" });
    const { attempts } = await failed.then(
      () => ({ attempts: [] }),
      (error: NoActiveEndpointError) => error,
    );
    expect(attempts.map(({ code }) => code)).toEqual(["TLS_FAILED", "PLAINTEXT_REFUSED"]);
    const connection = await connect(mixed, { ...trusting(), allowPlaintext: true, attemptStagger: 0 });
    // One after the other: a TLS handshake that is only slow is no failed one.
    expect(connection.endpoint).toMatchObject({ scheme });
    await connection.close();
  });

  it("keeps to the versions that are allowed", async () => {
    const connection = await connect(secure.uri("amqps"), trusting({ minVersion: "TLSv1.3" }));
    await connection.close();
    // This connector has TLS 1.2 alone.
    const error = await attemptAt(secure.uri("stomp-mutual"), trusting({ minVersion: "TLSv1.3" }));
    expect(error).toMatchObject({ code: "TLS_FAILED" });
    expect(error.message).toMatch(/no version of TLS that is allowed here: see tls\.minVersion/);
  });

  // What each broker does to a client at the wrong port, as measured: an alert, a close, an answer of its own, or nothing.
  it.each([
    [
      "stomp",
      "stomp+ssl",
      product === "classic"
        ? /^TLS_FAILED .*it speaks TLS, use stomp\+ssl/
        : /^ENDPOINT_CLOSED .*or it is a TLS port \(use stomp\+ssl/,
    ],
    [
      "amqp",
      "amqps",
      product === "classic"
        ? /^WRONG_PROTOCOL .*speaks TLS, use/
        : /^ATTEMPT_TIMEOUT .*its handshake unanswered: it may be a TLS port/,
    ],
    ["stomp+ssl", "stomp", /^ATTEMPT_TIMEOUT .*its TLS handshake unanswered: it may be no TLS port/],
    [
      "amqps",
      "amqp",
      product === "classic"
        ? /^TLS_FAILED .*does not speak TLS on this port: use stomp/
        : /^ATTEMPT_TIMEOUT .*it may be no TLS port/,
    ],
  ] as const)("names the mistake of %s:// at the port of %s", async (scheme, connector, text) => {
    const uri = secure.uri(connector).replaceAll(/\w+(\+ssl)?:\/\//g, `${scheme}://`);
    // Where nothing speaks TLS, the option is refused.
    const options = scheme === "stomp" || scheme === "amqp" ? { credentials } : trusting();
    const error = await attemptAt(uri, { ...options, attemptTimeout: 1_000 });
    expect(`${error.code} ${error.message}`).toMatch(text);
    expect(error.verdict).toBe("next");
  });

  it("goes on with another certificate of another authority after a failover, and says when one has expired", async () => {
    const { group } = secure;
    const useCertificate = async (certificate: Certificate) =>
      writeFile(join(secure.directory, "broker.p12"), await pkcs12(certificate, "changeit"));
    const next = await createAuthority("next authority");
    try {
      const caFile = await secure.file("trusted.pem", secure.authority.cert);
      const connections = await Promise.all(
        CONNECTORS.map((connector) => connect(secure.uri(connector), { credentials, tls: { caFile } })),
      );
      const first = await group.waitActive();
      const second = otherMember(first);
      await group.kill(second);
      await useCertificate(await next.issue("broker", NAMES));
      await group.start(second);
      await writeFile(caFile, next.cert);
      const restored = connections.map((one) => new Promise<void>((resolve) => one.once("restored", () => resolve())));
      await group.kill(first);
      await Promise.all(restored);
      for (const connection of connections) await connection.send("queue://renewed", "x");
      await Promise.all(connections.map((connection) => connection.close()));
      await useCertificate(await next.issue("broker", { ...NAMES, fromDays: -3, toDays: -1 }));
      await group.start(first);
      await group.kill(second);
      await secure.waitListening();
      for (const connector of CONNECTORS) {
        const error = await attemptAt(secure.uri(connector), { credentials, tls: { caFile } });
        expect(error).toMatchObject({ code: "TLS_FAILED", verdict: "next" });
        expect(error.message).toMatch(/has a certificate that has expired, .*: renew it at the broker/);
      }
    } finally {
      await next[Symbol.asyncDispose]();
    }
  });
});
