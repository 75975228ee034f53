/**
 * A pair of real brokers with TLS and JAAS logins, with its own certificate authority and users that can be changed.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { vi } from "vitest";
import { type Authority, type Certificate, createAuthority, pkcs12 } from "../support/certificate.ts";
import { guardDirectory } from "./exit-guard.ts";
import {
  MEMBER_NAMES,
  type Product,
  type RealGroup,
  SECURE_CONNECTORS,
  type SecureConnector,
} from "./group-contract.ts";
import { type OpenIdProvider, startOpenIdProvider } from "./openid-provider.ts";
import { startGroup } from "./real-group.ts";

const run = promisify(execFile);
const CONFIG = fileURLToPath(new URL("./config/secure/", import.meta.url));
/** The password of the brokers' key stores. */
const STORE_PASSWORD = "changeit";

/** Users in addition to `app`, which the probe of the group needs. */
export const ZOE = { username: "zoë", password: "pässwörd€ mit = und ," };

export interface SecureGroup extends AsyncDisposable {
  readonly group: RealGroup;
  readonly authority: Authority;
  readonly provider: OpenIdProvider;
  /** The directory for a test's own files, where the brokers' files are too. */
  readonly directory: string;
  /** Resolves when one member is active on every port: brokers open their ports one by one. */
  waitListening(): Promise<void>;
  /** `masterslave:(scheme://localhost:…,…)` of both members. */
  uri(connector: SecureConnector | "stomp" | "amqp"): string;
  /** Sets the passwords that are valid from now on: the brokers read the file again. */
  setPasswords(passwords: Readonly<Record<string, string>>): Promise<void>;
  /** Issues a certificate that logs in as this user. */
  clientCertificate(user: "cert-user" | "cert-restricted"): Promise<Certificate>;
  /** Writes a file for one of the file options and returns its path. */
  file(name: string, text: string): Promise<string>;
}

const SCHEMES: Readonly<Record<string, string>> = {
  "stomp-mutual": "stomp+ssl",
  "amqp-mutual": "amqps",
  "stomp-token": "stomp",
  "amqp-token": "amqp",
};

async function waitListening(group: RealGroup, product: Product): Promise<void> {
  const active = await group.waitActive();
  for (const connector of SECURE_CONNECTORS[product]) {
    const endpoint = group.endpoint(active, connector);
    await vi.waitFor(() => listens(endpoint), { timeout: 10_000, interval: 10 });
  }
}

async function listens(endpoint: { readonly host: string; readonly port: number }): Promise<void> {
  const socket = connect(endpoint);
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}

/** `by`: what Classic asks of a client on its TLS connectors. Artemis accepts either, each on its own connectors. */
export async function startSecureGroup(product: Product, by: "password" | "certificate"): Promise<SecureGroup> {
  const directory = await mkdtemp(join(tmpdir(), `masterslave-secure-${product}-`));
  const releaseDirectory = guardDirectory(directory);
  const [authority, provider] = await Promise.all([createAuthority("masterslave authority"), startOpenIdProvider()]);
  const setPasswords = (passwords: Readonly<Record<string, string>>) =>
    writeFile(join(directory, "users.properties"), properties(passwords));
  const release = async () => {
    provider.close();
    await authority[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
    releaseDirectory();
  };
  const start = async () => {
    await setPasswords({ app: "app-password", [ZOE.username]: ZOE.password, token: "opaque-t0ken" });
    await writeConfiguration(product, by, directory, authority, provider);
    const group = await startGroup(product, { secure: directory });
    await waitListening(group, product).catch(async (error: unknown) => {
      await group.close();
      throw error;
    });
    return group;
  };
  const group = await start().catch(async (error: unknown) => {
    await release();
    throw error;
  });
  return {
    group,
    authority,
    provider,
    directory,
    setPasswords,
    waitListening: () => waitListening(group, product),
    uri(connector) {
      const scheme = SCHEMES[connector] ?? connector;
      const parts = MEMBER_NAMES.map((member) => `${scheme}://localhost:${group.endpoint(member, connector).port}`);
      return `masterslave:(${parts.join(",")})`;
    },
    clientCertificate: (user) => authority.issue(user),
    async file(name, text) {
      await writeFile(join(directory, name), text);
      return join(directory, name);
    },
    async [Symbol.asyncDispose]() {
      await group.close();
      await release();
    },
  };
}

const DUAL_PLUGIN = [
  'jaasAuthenticationPlugin configuration="activemq"',
  'jaasDualAuthenticationPlugin configuration="activemq" sslConfiguration="activemq-certificates"',
] as const;

async function writeConfiguration(
  product: Product,
  by: "password" | "certificate",
  directory: string,
  authority: Authority,
  provider: OpenIdProvider,
): Promise<void> {
  const xml = product === "classic" ? "activemq.xml" : "broker.xml";
  const configuration = await readFile(join(CONFIG, xml), "utf8");
  await writeFile(join(directory, xml), by === "certificate" ? configuration.replace(...DUAL_PLUGIN) : configuration);
  const login = await readFile(join(CONFIG, `${product}-login.config`), "utf8");
  await writeFile(join(directory, "login.config"), login.replace("http://provider.example", provider.url));
  const users = `app,${ZOE.username},token,cert-user`;
  // Both brokers list the users of a role.
  await writeFile(join(directory, "roles.properties"), properties({ users, restricted: "cert-restricted" }));
  const distinguished = (user: string) => `CN=${user}, O=masterslave test`;
  const certificates = { "cert-user": distinguished("cert-user"), "cert-restricted": distinguished("cert-restricted") };
  await writeFile(join(directory, "certificates.properties"), properties(certificates));
  const broker = await authority.issue("broker", { names: ["DNS:localhost", "IP:127.0.0.1"] });
  await writeFile(join(directory, "broker.p12"), await pkcs12(broker, STORE_PASSWORD));
  await writeFile(join(directory, "authority.pem"), authority.cert);
  const store = ["-keystore", join(directory, "trusted.p12"), "-storetype", "PKCS12", "-storepass", STORE_PASSWORD];
  const certificate = ["-alias", "authority", "-file", join(directory, "authority.pem")];
  // Java does not accept what openssl marks as trusted, so keytool imports the certificate.
  await run("keytool", ["-importcert", "-noprompt", ...certificate, ...store]);
}

/** As java.util.Properties reads it: ASCII, the rest escaped. */
function properties(entries: Readonly<Record<string, string>>): string {
  const escaped = (text: string) =>
    text
      .replace(/[\\:=#! ]/g, "\\$&")
      .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return Object.entries(entries)
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}\n`)
    .join("");
}
