/** Files with secrets that everybody may read are told, once each; those that only their owner reads are not. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ConnectionOptions } from "../../../src/connect/connect-options.ts";
import { loadTls } from "../../../src/transport/tls/tls-material.ts";
import { createAuthority } from "../../support/certificate.ts";
import { forbidUnhandledRejections } from "../../support/toy-connection.ts";
import { warningsOf } from "../../support/warnings-of.ts";

forbidUnhandledRejections();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "masterslave-files-"));
  const authority = await createAuthority();
  for (const [name, text] of [
    ["password", "s3cr3t-pass"],
    ["cert", authority.cert],
    ["key", authority.key],
  ] as const) {
    await writeFile(join(folder, name), text);
  }
  await authority[Symbol.asyncDispose]();
});
afterAll(() => rm(folder, { recursive: true }));

const path = (name: string) => join(folder, name);

/** The warnings of a connection over two sessions whose attempts use the login and the TLS options as an adapter does. */
const fileWarnings = (options: ConnectionOptions) =>
  warningsOf("stomps://a.example", options, (broker) => (settings) => async (endpoint, context) => {
    await settings.credentials(endpoint, context);
    if (settings.tls) await loadTls(settings.tls, endpoint, context.signal);
    return broker.open(endpoint, context);
  });

describe.skipIf(process.platform === "win32")("a file with a secret that every user may read", () => {
  it.each<[string, () => ConnectionOptions]>([
    ["passwordFile", () => ({ credentials: { username: "u", passwordFile: path("password") } })],
    ["tokenFile", () => ({ credentials: { tokenFile: pathToFileURL(path("password")) } })],
    ["passwordFile", () => ({ credentials: () => ({ username: "u", passwordFile: path("password") }) })],
    ["keyFile", () => ({ tls: { certFile: path("cert"), keyFile: path("key") } })],
    ["keyFile", () => ({ tls: async () => ({ certFile: path("cert"), keyFile: path("key") }) })],
  ])("is told once for a connection: %s", async (option, options) => {
    for (const name of ["password", "key", "cert"]) await chmod(path(name), 0o644);
    const [warning, ...more] = await fileWarnings(options());
    expect(more).toEqual([]);
    expect(warning).toMatchObject({ code: "SECRET_FILE_READABLE", message: expect.stringMatching(new RegExp(option)) });
    expect(warning?.message).toMatch(/chmod 600/);
    expect(warning?.message).not.toContain("s3cr3t");
    for (const name of ["password", "key"]) await chmod(path(name), 0o640);
    expect(await fileWarnings(options())).toEqual([]);
  });
});
