/** A group of secure and plain endpoints: a failure of TLS never leads to a plain one. */
import { createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { createConnection } from "../../../../src/connect/connect.ts";
import { AttemptError } from "../../../../src/errors/errors.ts";
import type { OpenSession, Session } from "../../../../src/transport/dial/session.ts";
import { guardPlaintext } from "../../../../src/transport/search/plaintext-guard.ts";
import type { Endpoint } from "../../../../src/uri/endpoint.ts";
import { selfSigned } from "../../../support/certificate.ts";

const SECURE: Endpoint = { scheme: "stomps", host: "a", port: 1, options: {} };
const PLAIN: Endpoint = { scheme: "stomp", host: "b", port: 2, options: {} };
const session = {} as Session;

function failure(code: "TLS_FAILED" | "ENDPOINT_REFUSED" | "ENDPOINT_CLOSED" | "ENDPOINT_UNREACHABLE") {
  return new AttemptError(code, `stomps://a:1 said ${code}`, { endpoint: SECURE });
}

/** A guarded open: what each endpoint does is the test's; returns how an attempt at it ends. */
function guarded(listed: readonly Endpoint[] = [SECURE, PLAIN]) {
  const acts = new Map<Endpoint, OpenSession<Session>>();
  const spoken: Endpoint[] = [];
  const open = guardPlaintext<Session>(async (endpoint, context) => {
    const act = acts.get(endpoint);
    if (act) return act(endpoint, context);
    await context.turn();
    spoken.push(endpoint);
    return session;
  }, listed);
  const controller = new AbortController();
  const attempt = (endpoint: Endpoint, turn = async () => {}) =>
    open(endpoint, { signal: controller.signal, turn }).then(
      () => "session",
      (error) => error.code ?? error,
    );
  const fails = (endpoint: Endpoint, code: Parameters<typeof failure>[0]) =>
    acts.set(endpoint, async () => Promise.reject(failure(code)));
  return { open, acts, spoken, attempt, fails, controller };
}

describe("guardPlaintext", () => {
  it("refuses a plain endpoint after TLS failed, names the failure, and dials nothing", async () => {
    const { open, attempt, fails, spoken } = guarded();
    fails(SECURE, "TLS_FAILED");
    expect(await attempt(PLAIN)).toBe("session");
    expect(await attempt(SECURE)).toBe("TLS_FAILED");
    spoken.length = 0;
    await expect(open(PLAIN, { signal: AbortSignal.timeout(9), turn: async () => {} })).rejects.toMatchObject({
      code: "PLAINTEXT_REFUSED",
      verdict: "next",
      message: expect.stringMatching(/stomp:\/\/b:2 was not asked.*stomps:\/\/a:1 said TLS_FAILED.*repair TLS there/),
      cause: { code: "TLS_FAILED" },
    });
    expect(spoken).toEqual([]);
  });

  it.each(["ENDPOINT_REFUSED", "ENDPOINT_UNREACHABLE"] as const)(
    "lifts it when the secure endpoint is gone: %s",
    async (code) => {
      const { attempt, fails } = guarded();
      fails(SECURE, "TLS_FAILED");
      await attempt(SECURE);
      fails(SECURE, code);
      await attempt(SECURE);
      expect(await attempt(PLAIN)).toBe("session");
    },
  );

  it("does not lift it when the secure endpoint closes, which may be within the TLS handshake", async () => {
    const { attempt, fails } = guarded();
    fails(SECURE, "TLS_FAILED");
    await attempt(SECURE);
    fails(SECURE, "ENDPOINT_CLOSED");
    await attempt(SECURE);
    expect(await attempt(PLAIN)).toBe("PLAINTEXT_REFUSED");
  });

  it("lifts it when the secure endpoint finishes a handshake, and sets it again for a late refusal", async () => {
    const { attempt, fails, acts } = guarded();
    fails(SECURE, "TLS_FAILED");
    await attempt(SECURE);
    acts.delete(SECURE);
    expect(await attempt(SECURE)).toBe("session");
    expect(await attempt(PLAIN)).toBe("session");
    acts.set(SECURE, async (_, { turn }) => {
      await turn();
      throw failure("TLS_FAILED");
    });
    await attempt(SECURE);
    expect(await attempt(PLAIN)).toBe("PLAINTEXT_REFUSED");
  });

  it("lets a plain endpoint speak only when no TLS handshake is under way", async () => {
    const { attempt, acts, spoken } = guarded();
    let fail = () => {};
    acts.set(SECURE, async (_, { stage }) => {
      stage?.("connecting to 1.2.3.4");
      stage?.("connected, its TLS handshake unanswered");
      return new Promise<never>((_, reject) => {
        fail = () => reject(failure("TLS_FAILED"));
      });
    });
    const secure = attempt(SECURE);
    const plain = attempt(PLAIN);
    await new Promise(setImmediate);
    expect(spoken).toEqual([]);
    fail();
    expect([await secure, await plain, spoken]).toEqual(["TLS_FAILED", "PLAINTEXT_REFUSED", []]);
  });

  it("looks again after the turn, which may be long in coming", async () => {
    const { attempt, fails, spoken } = guarded();
    let grant = () => {};
    const plain = attempt(PLAIN, () => new Promise<void>((resolve) => (grant = resolve)));
    await new Promise(setImmediate);
    fails(SECURE, "TLS_FAILED");
    await attempt(SECURE);
    grant();
    expect([await plain, spoken]).toEqual(["PLAINTEXT_REFUSED", []]);
  });

  it("waits no longer than its attempt", async () => {
    const { attempt, acts, controller } = guarded();
    acts.set(SECURE, (_, { stage }) => {
      stage?.("connected");
      return new Promise<never>(() => {});
    });
    void attempt(SECURE);
    const plain = attempt(PLAIN);
    controller.abort("over");
    expect(await plain).toBe("over");
  });

  it("leaves groups of one kind alone, whatever alternates a broker names", async () => {
    const { attempt, fails } = guarded([PLAIN]);
    fails(SECURE, "TLS_FAILED");
    expect(await attempt(SECURE)).toBe("TLS_FAILED");
    expect(await attempt(PLAIN)).toBe("session");
  });
});

describe("a connection to a mixed group", () => {
  const listening = async (server: Server) => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    return (server.address() as { readonly port: number }).port;
  };

  it("does not send the login to the plain member while the certificate of the secure one is not trusted", async () => {
    const said: Buffer[] = [];
    const plain = await listening(
      createServer((socket) => socket.on("error", () => {}).on("data", (data) => said.push(data))),
    );
    const secure = await listening(createTlsServer(await selfSigned("IP:127.0.0.1")).on("tlsClientError", () => {}));
    const connection = createConnection(`failover:(stomps://127.0.0.1:${secure},stomp://127.0.0.1:${plain})`, {
      credentials: { username: "user", password: "s3cr3t-pass" },
      allowPlaintext: true,
      startupMaxReconnectAttempts: 5,
    });
    await expect(connection.connect()).rejects.toMatchObject({
      code: "NO_ACTIVE_ENDPOINT",
      attempts: [{ code: "TLS_FAILED" }, { code: "PLAINTEXT_REFUSED" }],
    });
    expect(Buffer.concat(said).toString()).toBe("");
  });
});
