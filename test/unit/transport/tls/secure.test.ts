/** TLS against Node's own server: whose certificate is believed, what the server thinks of ours, and what each failure says. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, unlink, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createServer as createTlsServer,
  checkServerIdentity as nodeCheck,
  type TlsOptions as ServerOptions,
  type TLSSocket,
} from "node:tls";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { AbortError } from "../../../../src/errors/errors.ts";
import { dial } from "../../../../src/transport/dial/dial.ts";
import { lateTlsFailure } from "../../../../src/transport/dial/dial-failure.ts";
import type { TlsOptions, TlsSource } from "../../../../src/transport/tls/tls-options.ts";
import type { Endpoint } from "../../../../src/uri/endpoint.ts";
import { type Authority, type Certificate, createAuthority, pkcs12 } from "../../../support/certificate.ts";
import { rejection, until } from "../../../support/toy-group.ts";

const LOCAL = { names: ["DNS:localhost", "IP:127.0.0.1"] };
let folder: string;
let authority: Authority;
let stranger: Authority;
const made = {} as Record<
  "server" | "expired" | "future" | "elsewhere" | "client" | "expiredClient" | "foreignClient",
  Certificate
>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "masterslave-tls-"));
  [authority, stranger] = await Promise.all([createAuthority(), createAuthority("stranger")]);
  made.server = await authority.issue("server", LOCAL);
  made.expired = await authority.issue("expired", { ...LOCAL, fromDays: -3, toDays: -1 });
  made.future = await authority.issue("future", { ...LOCAL, fromDays: 1, toDays: 2 });
  made.elsewhere = await authority.issue("elsewhere", { names: ["DNS:broker.example"] });
  made.client = await authority.issue("client");
  made.expiredClient = await authority.issue("gone", { fromDays: -3, toDays: -1 });
  made.foreignClient = await stranger.issue("client");
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await authority[Symbol.asyncDispose]();
  await stranger[Symbol.asyncDispose]();
});

async function listening(server: Server): Promise<number> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => open.add(socket.on("error", () => {})));
  server.on("tlsClientError", () => {});
  server.on("secureConnection", (socket: TLSSocket) => socket.on("error", () => {}));
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const serve = (certificate: Certificate, options: ServerOptions = {}) =>
  listening(createTlsServer({ ...certificate, ...options }));
const at = (port: number, host = "localhost"): Endpoint => ({ scheme: "amqps", host, port, options: {} });

async function dialled(port: number, tls: TlsSource, host?: string, signal = new AbortController().signal) {
  const socket = await dial(at(port, host), { signal, tls });
  onTestFinished(() => void socket.destroy());
  return socket;
}

const ca = () => ({ ca: authority.cert });
const writing = async (name: string, text: string | Buffer) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

describe("the certificate of the peer", () => {
  it.each<[string, () => Certificate, () => TlsOptions, RegExp]>([
    ["that has expired", () => made.expired, ca, /has a certificate that has expired, .*renew it/],
    ["that is not yet valid", () => made.future, ca, /is not yet valid, or the clock of this machine is wrong/],
    ["for another name", () => made.elsewhere, ca, /for another name: .*tls\.servername.*broker\.example/],
    [
      "of an unknown authority",
      () => made.server,
      () => ({ ca: stranger.cert }),
      /not trusted here: name it in tls\.ca or tls\.caFile/,
    ],
    ["of an authority that Node does not know", () => made.server, () => ({}), /not trusted here/],
  ])("%s is not believed, and the error says what to do", async (_, certificate, tls, text) => {
    const error = await rejection(dialled(await serve(certificate()), tls()));
    expect(error).toMatchObject({ code: "TLS_FAILED", verdict: "next" });
    expect(error.message).toMatch(text);
  });

  it("is asked for by the endpoint's name, or by the one given, and by none for an address", async () => {
    const asked: string[] = [];
    const SNICallback: ServerOptions["SNICallback"] = (name, done) => {
      asked.push(name);
      done(null, undefined);
    };
    const port = await serve(made.server, { SNICallback });
    const other = await serve(made.elsewhere, { SNICallback });
    await dialled(port, ca());
    await dialled(port, ca(), "127.0.0.1");
    await dialled(other, { ...ca(), servername: "broker.example" });
    expect(asked).toEqual(["localhost", "broker.example"]);
  });
});

describe("tls.checkServerIdentity", () => {
  const never = new Error("not my broker");
  it.each<[string, () => unknown, RegExp]>([
    [
      "throws",
      () => {
        throw never;
      },
      /tls\.checkServerIdentity refuses: not my broker$/,
    ],
    [
      "throws nothing",
      () => {
        throw undefined;
      },
      /refuses: it threw$/,
    ],
    ["returns an Error without a code", () => never, /refuses: not my broker$/],
    ["returns a frozen Error", () => Object.freeze(new Error("ice")), /refuses: ice$/],
    [
      "returns an Error of the system's",
      () => Object.assign(new Error("no pins"), { code: "ECONNREFUSED" }),
      /refuses: no pins$/,
    ],
    ["returns true", () => true, /refuses: it returned something else than undefined$/],
    ["returns text", () => "bad", /refuses: bad$/],
    ["is an async function", async () => undefined, /it returned a promise, and it must answer at once$/],
    ["is an async function that fails", () => Promise.reject(never), /it returned a promise/],
  ])("that %s fails the attempt, and not the process", async (_, check, text) => {
    const checkServerIdentity = check as TlsOptions["checkServerIdentity"];
    const error = await rejection(dialled(await serve(made.server), { ...ca(), checkServerIdentity }));
    expect(error).toMatchObject({ code: "TLS_FAILED", verdict: "next", cause: expect.anything() });
    expect(error.message).toMatch(text);
  });

  it("has its error as the cause, and Node's own is told in our words", async () => {
    const port = await serve(made.elsewhere);
    expect((await rejection(dialled(port, { ...ca(), checkServerIdentity: () => never }))).cause).toBe(never);
    const error = await rejection(dialled(port, { ...ca(), checkServerIdentity: nodeCheck }));
    expect(error.message).toMatch(/for another name: .*tls\.servername.*broker\.example/);
    const socket = await dialled(port, { ...ca(), checkServerIdentity: () => undefined });
    expect(socket.authorized).toBe(true);
  });
});

describe("the version", () => {
  it.each<[string, ServerOptions, TlsOptions, RegExp]>([
    [
      "is TLSv1.2 at least, whatever the server wishes",
      { maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "ALL@SECLEVEL=0" },
      {},
      /version/,
    ],
    [
      "is what tls.minVersion says",
      { maxVersion: "TLSv1.2" },
      { minVersion: "TLSv1.3" },
      /no version of TLS that is allowed here: see tls\.minVersion/,
    ],
    [
      "is none where the limits cross",
      {},
      { minVersion: "TLSv1.3", maxVersion: "TLSv1.2" },
      /tls\.minVersion and tls\.maxVersion leave no version/,
    ],
  ])("%s", async (_, server, tls, text) => {
    const error = await rejection(dialled(await serve(made.server, server), { ...ca(), ...tls }));
    expect(error).toMatchObject({ code: "TLS_FAILED" });
    expect(error.message).toMatch(text);
  });
});

/** What becomes of an attempt where the server says what it thinks of us after our side of the handshake is done, as in TLS 1.3. */
async function refusalOf(port: number, tls: TlsOptions) {
  try {
    const socket = await dialled(port, tls);
    socket.on("data", () => {});
    await until(() => socket.destroyed);
    return lateTlsFailure(at(port), socket.errored);
  } catch (error) {
    return error;
  }
}

/** OpenSSL's own server, which tells by an alert what it does not like. */
async function opensslServer(version: string): Promise<number> {
  const file = (name: string, text: string) => writing(`s-server-${name}`, text);
  const { cert, key } = made.server;
  const files = ["-cert", await file("cert", cert), "-key", await file("key", key)];
  const authorities = ["-CAfile", await file("ca", authority.cert)];
  const only = version === "TLSv1.2" ? "-tls1_2" : "-tls1_3";
  const demand = ["-Verify", "1", "-verify_return_error", only];
  const server = spawn("openssl", ["s_server", "-accept", "127.0.0.1:0", ...files, ...authorities, ...demand]);
  onTestFinished(() => void server.kill());
  return new Promise((resolve) => {
    let said = "";
    server.stdout.on("data", (chunk) => {
      said += String(chunk);
      const port = /ACCEPT [^ ]*:(\d+)/.exec(said)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}

describe.each(["TLSv1.2", "TLSv1.3"] as const)("the client certificate, by %s,", (version) => {
  const demanding = () =>
    serve(made.server, { requestCert: true, rejectUnauthorized: true, ca: authority.cert, maxVersion: version });

  it("is taken from values, files and PKCS#12", async () => {
    const port = await demanding();
    const { cert, key } = made.client;
    const files = { certFile: await writing("client.pem", cert), keyFile: await writing("client.key", key) };
    const pfxFile = await writing("client.p12", await pkcs12(made.client, "sesame"));
    const caFile = await writing("ca.pem", authority.cert);
    for (const tls of [
      { ...ca(), cert, key },
      { caFile, ...files },
      { caFile, pfxFile, passphrase: "sesame" },
    ]) {
      const socket = await dialled(port, tls);
      expect(socket.authorized).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(socket.destroyed).toBe(false);
    }
  });

  it.each<[string, () => object, RegExp]>([
    ["that is missing", () => ({}), /asks for a client certificate.*none is given.*tls\.certFile/],
    ["that has expired", () => made.expiredClient, /refuses the client certificate \(tls\.certFile\): it expired on /],
    [
      "of an authority the broker does not know",
      () => made.foreignClient,
      /refuses the client certificate.*trust store/,
    ],
  ])("%s is TLS_FAILED in words of its own, whenever the server says so", async (_, own, text) => {
    const refusal = await refusalOf(await opensslServer(version), { ...ca(), ...own() });
    expect(refusal).toMatchObject({ code: "TLS_FAILED", verdict: "next" });
    expect((refusal as Error).message).toMatch(text);
  });

  it("that has expired is one of the possibilities where the peer only closes, as Node's does", async () => {
    const refusal = await refusalOf(await demanding(), { ...ca(), ...made.expiredClient });
    if (version === "TLSv1.3") expect(refusal).toBeUndefined();
    else expect((refusal as Error).message).toMatch(/or it does not take the client certificate, which expired on/);
  });
});

describe("the files of tls", () => {
  it("are read anew on every attempt", async () => {
    const caFile = await writing("rotating.pem", stranger.cert);
    const port = await serve(made.server);
    expect(await rejection(dialled(port, { caFile }))).toMatchObject({ code: "TLS_FAILED" });
    await writeFile(caFile, authority.cert);
    expect((await dialled(port, { caFile })).authorized).toBe(true);
    await unlink(caFile);
    const error = await rejection(dialled(port, { caFile }));
    expect(error).toMatchObject({ code: "TLS_FAILED", verdict: "next", cause: { code: "ENOENT" } });
    expect(error.message).toMatch(/tls\.caFile .*rotating\.pem cannot be read: ENOENT$/);
  });

  it("may be named by a function, which is asked on every attempt for the endpoint that listens", async () => {
    const asked: number[] = [];
    const tls: TlsSource = async ({ port }) => {
      asked.push(port);
      return ca();
    };
    const port = await serve(made.server);
    await dialled(port, tls);
    await dialled(port, tls);
    await rejection(dialled(1, tls));
    expect(asked).toEqual([port, port]);
  });

  it.each<[string, () => Promise<TlsSource> | TlsSource, RegExp]>([
    [
      "a key of another certificate",
      () => ({ cert: made.client.cert, key: made.server.key }),
      /tls\.key is not the key of the certificate in tls\.cert/,
    ],
    [
      "an encrypted key without its passphrase",
      async () => ({ cert: made.client.cert, key: await encrypted() }),
      /tls\.key is encrypted, and tls\.passphrase is not given/,
    ],
    [
      "an encrypted key with another passphrase",
      async () => ({ cert: made.client.cert, key: await encrypted(), passphrase: "no" }),
      /tls\.passphrase does not open it/,
    ],
    ["a key that is none", () => ({ cert: made.client.cert, key: "no key" }), /tls\.key is no private key in PEM/],
    [
      "an authority that is no certificate",
      async () => ({ caFile: await writing("bad.pem", "garbage") }),
      /tls\.caFile .*bad\.pem is no certificate in PEM/,
    ],
    ["an authority that is a key", () => ({ ca: made.server.key }), /tls\.ca is no certificate in PEM/],
    [
      "PKCS#12 without its passphrase",
      async () => ({ pfx: await pkcs12(made.client, "x") }),
      /tls\.pfx cannot be opened: tls\.passphrase is not given/,
    ],
    ["PKCS#12 that is none", () => ({ pfx: "garbage" }), /tls\.pfx cannot be opened: it is no PKCS#12/],
    ["ciphers that nobody knows", () => ({ ciphers: "NOPE" }), /tls\.ciphers names no cipher/],
    ["a function that throws", () => () => Promise.reject(new Error("vault")), /the function failed$/],
    ["a function that returns nonsense", () => () => "ca" as never, /tls is an object of options/],
    ["a function that returns an unknown option", () => () => ({ cafile: "x" }) as never, /did you mean caFile/],
  ])("of %s are TLS_FAILED, told by option, and show no key", async (_, make, text) => {
    const tls = await make();
    const error = await rejection(dialled(await serve(made.server), tls));
    expect(error).toMatchObject({ code: "TLS_FAILED", verdict: "next" });
    expect(error.message).toMatch(text);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/PRIVATE KEY/);
  });

  it("are not named where a path is too long to be one: it may be the key itself", async () => {
    const keyFile = "s3cr3t".repeat(100);
    const error = await rejection(dialled(await serve(made.server), { cert: made.client.cert, keyFile }));
    expect(error.message).toMatch(/the file named by tls\.keyFile cannot be found: ENAMETOOLONG/);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/s3cr3t/);
  });

  it("of a function that fails have its own error as the cause, with the cause that has", async () => {
    const thrown = new Error("the vault is sealed", { cause: new Error("no quorum") });
    const error = await rejection(dialled(await serve(made.server), () => Promise.reject(thrown)));
    expect(error.cause).toBe(thrown);
  });

  it("are waited for no longer than the attempt", async () => {
    const controller = new AbortController();
    const port = await serve(made.server);
    let asked = () => {};
    const question = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const hanging: TlsSource = () => {
      asked();
      return new Promise(() => {});
    };
    const outcome = rejection(dialled(port, hanging, "localhost", controller.signal));
    await question;
    const reason = new AbortError("enough", undefined);
    controller.abort(reason);
    expect(await outcome).toBe(reason);
  });

  it("may take longer than the peer waits: its reset is the attempt's failure", async () => {
    const port = await listening(createServer((socket) => setTimeout(() => socket.resetAndDestroy(), 10)));
    const slow: TlsSource = () => new Promise((resolve) => setTimeout(resolve, 60, ca()));
    expect(await rejection(dialled(port, slow))).toMatchObject({ code: "ENDPOINT_CLOSED", verdict: "next" });
  });

  it.each<[string, (socket: Socket) => void, string, RegExp]>([
    ["closes", (socket) => socket.end(), "ENDPOINT_CLOSED", /closed the connection before the TLS handshake/],
    ["resets", (socket) => setTimeout(() => socket.resetAndDestroy(), 10), "ENDPOINT_CLOSED", /closed the connection/],
  ])("that are still loaded hold no verdict up where the peer accepts and %s", async (_, script, code, text) => {
    const port = await listening(createServer(script));
    let over: AbortSignal | undefined;
    const hanging: TlsSource = (_endpoint, { signal }) => {
      over = signal;
      return new Promise(() => {});
    };
    const error = await rejection(dialled(port, hanging));
    expect(error).toMatchObject({ code, verdict: "next" });
    expect(error.message).toMatch(text);
    expect(over?.aborted).toBe(true);
    const caFile = await writing("accepts-and-closes.pem", authority.cert);
    expect(await rejection(dialled(port, { caFile }))).toMatchObject({ code, verdict: "next" });
  });

  it("may be loaded while the peer speaks first and closes: it speaks no TLS", async () => {
    const port = await listening(createServer((socket) => socket.end("220 how do you do?\r\n")));
    const slow: TlsSource = () => new Promise((resolve) => setTimeout(resolve, 60, ca()));
    const error = await rejection(dialled(port, slow));
    expect(error).toMatchObject({ code: "TLS_FAILED", verdict: "next" });
    expect(error.message).toMatch(/does not speak TLS on this port/);
  });

  it("are in no socket that can be inspected", async () => {
    const { cert, key } = made.client;
    const socket = await dialled(await serve(made.server), { ...ca(), cert, key, passphrase: "sesame" });
    expect(inspect(socket, { depth: 12, showHidden: true })).not.toMatch(/PRIVATE KEY|sesame/);
  });
});

describe("TLS at a port without it", () => {
  it.each<[string, (socket: Socket) => void, string, RegExp]>([
    [
      "that answers in its own protocol",
      (socket) => socket.once("data", () => socket.write("ERROR\nmessage:what?\n\n\0")),
      "TLS_FAILED",
      /does not speak TLS on this port: use stomp:\/\/ or amqp:\/\//,
    ],
    [
      "that answers as AMQP",
      (socket) => socket.once("data", () => socket.end(Buffer.from("AMQP\0\u0001\0\0", "latin1"))),
      "TLS_FAILED",
      /does not speak TLS/,
    ],
    [
      "that closes",
      (socket) => socket.once("data", () => socket.end()),
      "ENDPOINT_CLOSED",
      /nobody may be active behind it yet, or it is no TLS port/,
    ],
    [
      "that resets",
      (socket) => socket.once("data", () => socket.resetAndDestroy()),
      "ENDPOINT_CLOSED",
      /or it is no TLS port/,
    ],
  ])("%s is named", async (_, script, code, text) => {
    const port = await listening(createServer(script));
    const error = await rejection(dialled(port, {}));
    expect(error).toMatchObject({ code, verdict: "next" });
    expect(error.message).toMatch(text);
  });
});

async function encrypted(): Promise<string> {
  const { createPrivateKey } = await import("node:crypto");
  const key = createPrivateKey(made.client.key);
  return key.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "sesame" }) as string;
}
