/** Revocation lists: a certificate on one is refused, and so is a broker of which the lists say nothing that holds. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { dial } from "../../../../src/transport/dial/dial.ts";
import { checkTlsOptions, type TlsOptions } from "../../../../src/transport/tls/tls-options.ts";
import { type Authority, type Certificate, createAuthority } from "../../../support/certificate.ts";
import { rejection } from "../../../support/toy-group.ts";

let authority: Authority;
let stranger: Authority;
let good: Certificate;
let revoked: Certificate;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "masterslave-revocation-"));
  [authority, stranger] = await Promise.all([createAuthority(), createAuthority("stranger")]);
  good = await authority.issue("good", { names: ["IP:127.0.0.1"] });
  revoked = await authority.issue("revoked", { names: ["IP:127.0.0.1"] });
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await authority[Symbol.asyncDispose]();
  await stranger[Symbol.asyncDispose]();
});

async function dialled(certificate: Certificate, tls: TlsOptions) {
  const server = createServer({ ...certificate }, (socket) => socket.on("error", () => {}).resume());
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const endpoint = { scheme: "stomps", host: "127.0.0.1", port, options: {} } as const;
  const socket = await dial(endpoint, {
    signal: AbortSignal.timeout(8_000),
    tls: { ca: authority.cert, ...tls },
  });
  socket.destroy();
}

describe("tls.crl and tls.crlFile", () => {
  it("refuse a broker whose certificate is on the list, and take one that is not", async () => {
    const crl = await authority.revoke([revoked]);
    const crlFile = join(folder, "list.pem");
    await writeFile(crlFile, crl);
    for (const tls of [{ crl }, { crlFile }]) {
      await dialled(good, tls);
      expect(await rejection(dialled(revoked, tls))).toMatchObject({
        code: "TLS_FAILED",
        message: expect.stringContaining("has a certificate that was revoked: renew it at the broker"),
      });
    }
    await dialled(revoked, {});
  });

  it("refuse a broker when the list has expired, or none is of its issuer, and say so", async () => {
    const expired = await authority.revoke([], { fromDays: -3, toDays: -1 });
    expect((await rejection(dialled(good, { crl: expired }))).message).toMatch(
      /list in tls\.crl or tls\.crlFile has expired/,
    );
    const foreign = await stranger.revoke([]);
    expect((await rejection(dialled(good, { crl: foreign }))).message).toMatch(/issuer has no revocation list/);
  });

  it("name a file that is no list", async () => {
    const crlFile = join(folder, "certificate.pem");
    await writeFile(crlFile, good.cert);
    expect(await rejection(dialled(good, { crlFile }))).toMatchObject({
      code: "TLS_FAILED",
      message: expect.stringMatching(/tls\.crlFile .*certificate\.pem is no revocation list in PEM/),
    });
  });
});

describe("an option of tls that is there and undefined", () => {
  it.each(["ca", "caFile", "crl", "crlFile", "certFile", "keyFile", "pfx", "pfxFile", "checkServerIdentity"])(
    "is refused where it would take trust or a name away: %s",
    (name) => {
      expect(() => checkTlsOptions({ [name]: undefined })).toThrow(
        expect.objectContaining({
          code: "INVALID_ARGUMENT",
          message: expect.stringMatching(
            new RegExp(`^tls lacks ${name}: it is undefined, perhaps from an environment variable`),
          ),
        }),
      );
    },
  );

  it("is taken as not given where nothing is lost by it, and fails the attempt where a function returns it", async () => {
    const safe = { servername: undefined, minVersion: undefined, rejectUnauthorized: undefined, passphrase: undefined };
    expect(checkTlsOptions(safe as object)).toBe(safe);
    expect(await rejection(dialled(good, { caFile: undefined }))).toMatchObject({
      code: "TLS_FAILED",
      message: expect.stringContaining("tls lacks caFile: it is undefined"),
    });
  });
});
