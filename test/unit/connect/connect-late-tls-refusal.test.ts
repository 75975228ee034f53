/** TLS 1.3: the peer's word on our certificate comes when our side of the handshake is done, and is the attempt's failure all the same. */
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../../../src/connect/connect.ts";
import { selfSigned } from "../../support/certificate.ts";
import { forbidUnhandledRejections, rejectionOf } from "../../support/toy-connection.ts";

forbidUnhandledRejections();

describe.each(["stomp+ssl", "amqps"] as const)("a peer of %s", (scheme) => {
  it("that wants a client certificate is understood, not lost", async () => {
    const own = await selfSigned("IP:127.0.0.1");
    const server = createServer({ ...own, ca: own.cert, requestCert: true, minVersion: "TLSv1.3" });
    server.on("tlsClientError", () => {});
    server.on("connection", (socket: Socket) => socket.on("error", () => {}));
    await once(server.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void server.close());
    const uri = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const failure = await rejectionOf(connect(uri, { tls: { ca: own.cert }, initialConnect: "fail-fast" }));
    expect(failure.cause).toMatchObject({ code: "TLS_FAILED", verdict: "next" });
    expect(failure.message).toMatch(/asks for a client certificate, and none is given: see tls\.certFile/);
  });
});
