/** Dialling real endpoints: names, refusals, aborts, TLS and its many ways to fail. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { blackHole } from "../../../../src/testing/black-hole.ts";
import { type DialOptions, dial } from "../../../../src/transport/dial/dial.ts";
import { describePeer } from "../../../../src/transport/dial/peer-kind.ts";
import type { Endpoint } from "../../../../src/uri/endpoint.ts";
import { type Certificate, selfSigned } from "../../../support/certificate.ts";
import { collect } from "../../../support/socket-pair.ts";
import { toyEndpoint } from "../../../support/toy-client.ts";
import { rejection, until } from "../../../support/toy-group.ts";
import { toyServer } from "../../../support/toy-server.ts";

let certificate: Certificate;
let stranger: Certificate;
beforeAll(async () => {
  certificate = await selfSigned("DNS:localhost", "IP:127.0.0.1");
  stranger = await selfSigned("DNS:broker.example");
});

const sockets = () => process.getActiveResourcesInfo().filter((kind) => /^(TCPSocketWrap|TLSWrap)$/.test(kind)).length;
const secure = (port: number, host = "localhost"): Endpoint => ({ ...toyEndpoint(port, host), scheme: "ssl" });

async function dialled(endpoint: Endpoint, options: Partial<DialOptions> = {}) {
  const socket = await dial(endpoint, { signal: new AbortController().signal, ...options });
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** A TLS echo on 127.0.0.1; `open` are its connections. */
async function tlsServer(
  of: Certificate,
  options: object = {},
): Promise<{ port: number; open: Set<Socket>; server: Server }> {
  const open = new Set<Socket>();
  const server = createTlsServer({ ...of, ...options }, (socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  }).listen(0, "127.0.0.1");
  server.on("tlsClientError", () => {});
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
  });
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, open, server };
}

describe("dialling", () => {
  it("connects to a name, by whichever of its addresses answers", async () => {
    const server = await toyServer("welcome");
    const socket = await dialled(toyEndpoint(server.endpoint.port, "localhost"));
    socket.write("HELLO\n");
    expect(String(await collect(socket, 8))).toBe("WELCOME\n");
    expect(socket).toMatchObject({ encrypted: false, authorized: false, bytesRead: 8, bytesWritten: 6 });
  });

  it("says ENDPOINT_REFUSED where nothing listens", async () => {
    const { endpoint } = await toyServer("refuse");
    expect(await rejection(dialled(endpoint))).toMatchObject({
      code: "ENDPOINT_REFUSED",
      verdict: "next",
      message: expect.stringContaining(`tcp://127.0.0.1:${endpoint.port} refused the connection`),
    });
  });

  it("says ENDPOINT_UNKNOWN for a name that does not resolve", async () => {
    expect(await rejection(dialled(toyEndpoint(1, "no-such-host.invalid")))).toMatchObject({
      code: "ENDPOINT_UNKNOWN",
      endpoint: { host: "no-such-host.invalid" },
    });
  });

  it("rejects with the signal's reason: before it begins, while the SYN is unanswered, while the name is looked up", async () => {
    const hole = await blackHole();
    onTestFinished(() => hole.close());
    const before = sockets();
    const reason = new Error("no longer wanted");
    expect(await rejection(dialled(toyEndpoint(hole.port), { signal: AbortSignal.abort(reason) }))).toBe(reason);
    for (const endpoint of [toyEndpoint(hole.port), toyEndpoint(hole.port, "localhost")]) {
      const controller = new AbortController();
      const result = rejection(dialled(endpoint, { signal: controller.signal }));
      await new Promise((resolve) => setImmediate(resolve));
      controller.abort(reason);
      expect(await result).toBe(reason);
    }
    await until(() => sockets() <= before);
  });

  it("leaves nothing open whenever the signal fires, to the turn", async () => {
    const server = await toyServer("welcome");
    const reason = new Error("no longer wanted");
    for (let turns = 0; turns < 25; turns += 1) {
      const controller = new AbortController();
      const result = dial(server.endpoint, { signal: controller.signal }).then(
        (socket) => {
          // It was faster than the signal: the caller has it.
          expect(controller.signal.aborted).toBe(false);
          socket.destroy();
        },
        (error: unknown) => expect(error).toBe(reason),
      );
      for (let count = 0; count < turns; count += 1) await (turns % 2 ? Promise.resolve() : new Promise(setImmediate));
      controller.abort(reason);
      await result;
    }
    await until(() => server.open.size === 0);
  });

  it("keeps the first bytes, by which a wrong port is named", async () => {
    const { endpoint } = await toyServer("openwire");
    const socket = await dialled(endpoint);
    socket.resume();
    await until(() => socket.firstBytes.length === 32);
    expect(describePeer(socket.firstBytes)).toBe("speaks OpenWire, use the STOMP or AMQP port");
  });
});

describe("TLS", () => {
  it("is verified against tls.ca, by name and by address", async () => {
    const { port, open } = await tlsServer(certificate);
    for (const host of ["localhost", "127.0.0.1"]) {
      const socket = await dialled(secure(port, host), { tls: { ca: certificate.cert } });
      expect(socket).toMatchObject({ encrypted: true, authorized: true });
      expect(socket.getPeerCertificate()).toMatchObject({ subject: { CN: "masterslave test" } });
      socket.write("over TLS");
      expect(String(await collect(socket, 8))).toBe("over TLS");
      socket.destroy();
      await until(() => open.size === 0);
    }
  });

  it("joins the writes of a turn and leaves nothing open after destroy()", async () => {
    const before = sockets();
    const { port, open } = await tlsServer(certificate);
    const socket = await dialled(secure(port), { tls: { ca: certificate.cert } });
    for (let index = 0; index < 1_000; index += 1) socket.write("0123456789");
    expect((await collect(socket, 10_000)).length).toBe(10_000);
    expect(socket.bytesWritten).toBeLessThan(10_000 * 1.5);
    socket.destroy();
    await until(() => open.size === 0 && sockets() <= before);
  });

  it.each([
    ["an authority nobody named", () => certificate, {}, /self-signed certificate/],
    ["another authority", () => certificate, { ca: () => stranger.cert }, /self-signed certificate/],
    ["a certificate for another host", () => stranger, { ca: () => stranger.cert }, /localhost.*broker\.example/],
  ] as const)(
    "refuses %s: TLS_FAILED, and the connection is closed",
    async (_, of, { ca }: { ca?: () => string }, text) => {
      const { port, open } = await tlsServer(of());
      const error = await rejection(dialled(secure(port), ca ? { tls: { ca: ca() } } : {}));
      expect(error).toMatchObject({ code: "TLS_FAILED", verdict: "next", endpoint: { scheme: "ssl", port } });
      expect(error.message).toMatch(text);
      await until(() => open.size === 0);
    },
  );

  it("takes another name for the certificate from tls.servername, and any with rejectUnauthorized off", async () => {
    const { port } = await tlsServer(stranger);
    const named = await dialled(secure(port), { tls: { ca: stranger.cert, servername: "broker.example" } });
    expect(named.authorized).toBe(true);
    const trusting = await dialled(secure(port), { tls: { rejectUnauthorized: false } });
    expect(trusting).toMatchObject({ encrypted: true, authorized: false });
  });

  it("fails with TLS_FAILED at a port that answers in plain text", async () => {
    const server = await toyServer("garbage");
    expect(await rejection(dialled(secure(server.endpoint.port)))).toMatchObject({
      code: "TLS_FAILED",
      message: expect.stringContaining("does not speak TLS on this port"),
    });
    await until(() => server.open.size === 0);
  });

  it.each(["close", "reset"] as const)(
    "fails with ENDPOINT_CLOSED at a port that does not bother: %s",
    async (mode) => {
      const server = await toyServer(mode);
      expect(await rejection(dialled(secure(server.endpoint.port)))).toMatchObject({ code: "ENDPOINT_CLOSED" });
    },
  );

  it("lets the signal end a handshake that the peer does not go on with", async () => {
    const server = await toyServer("silent");
    const controller = new AbortController();
    const result = rejection(dialled(secure(server.endpoint.port), { signal: controller.signal }));
    await until(() => server.open.size === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const reason = new Error("no longer wanted");
    controller.abort(reason);
    expect(await result).toBe(reason);
    await until(() => server.open.size === 0);
  });

  it("is recognised by a plain client from the alert that Java's TLS answers with", async () => {
    const server = createServer((plain) => {
      // Fatal, unexpected message, as SSLEngine answers what is no TLS record.
      plain.once("data", () => plain.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 10])));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const socket = await dialled(toyEndpoint((server.address() as AddressInfo).port));
    socket.write("CONNECT\naccept-version:1.2\n\n\u0000");
    socket.resume();
    await until(() => socket.firstBytes.length > 1);
    expect(describePeer(socket.firstBytes)).toMatch(/^speaks TLS, use /);
  });

  it("cannot be recognised where OpenSSL closes without a byte", async () => {
    const { port } = await tlsServer(certificate);
    const socket = await dialled(toyEndpoint(port));
    socket.write("HELLO\n");
    expect((await collect(socket)).length).toBe(0);
    expect(describePeer(socket.firstBytes)).toBeUndefined();
  });

  it("leaves no socket behind when Node cannot take an option", async () => {
    const { port, open } = await tlsServer(certificate);
    for (let count = 0; count < 5; count += 1) {
      const error = await rejection(dialled(secure(port), { tls: { cert: "no certificate", key: "no key" } }));
      expect(error).toMatchObject({ code: "TLS_FAILED" });
    }
    await until(() => open.size === 0);
  });
});
