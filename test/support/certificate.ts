/**
 * Certificates for one test file, made by openssl: an authority and the certificates it issues. Keys never leave a
 * temporary folder.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { plant } from "./secrets/planted.ts";

const run = promisify(execFile);
const EC_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const DAY_MS = 86_400_000;

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  /** Alternative names such as "DNS:localhost" or "IP:127.0.0.1"; none for a client. */
  readonly names?: readonly string[];
  /** The first and last day of validity, in days from now; -1 and 1 by default. */
  readonly fromDays?: number;
  readonly toDays?: number;
}

export interface Authority extends Certificate, AsyncDisposable {
  /** Issues a certificate for the subject `CN=name,O=masterslave test`. */
  issue(name: string, options?: IssueOptions): Promise<Certificate>;
  /** Returns a revocation list (PEM) with these certificates; valid from a day ago to a day from now by default. */
  revoke(certificates: readonly Certificate[], options?: Pick<IssueOptions, "fromDays" | "toDays">): Promise<string>;
}

/** Returns a certificate that is its own authority, for these names. */
export async function selfSigned(...names: readonly string[]): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), "masterslave-certificate-"));
  try {
    return await rootIn(folder, "masterslave test", ["-addext", `subjectAltName=${names.join(",")}`]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Dispose of it at the end of the test file. */
export async function createAuthority(name = "authority"): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), "masterslave-authority-"));
  const root = await rootIn(folder, name, ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]);
  let last: Promise<unknown> = Promise.resolve();
  return {
    ...root,
    issue(subject, options = {}) {
      // One command at a time, because the authority keeps its database in a file.
      const issued = last.then(() => issueIn(folder, subject, options));
      last = issued.catch(() => {});
      return issued;
    },
    revoke(certificates, options = {}) {
      const listed = last.then(() => revokeIn(folder, certificates, options));
      last = listed.catch(() => {});
      return listed;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

/**
 * Returns the key and certificate as PKCS#12, for Java's key stores and for tls.pfx; with the issuer's certificate if
 * given.
 */
export async function pkcs12({ cert, key }: Certificate, passphrase: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "masterslave-pkcs12-"));
  try {
    await writeFile(join(folder, "both.pem"), `${key}\n${cert}`, { mode: 0o600 });
    const files = ["-in", join(folder, "both.pem"), "-out", join(folder, "store.p12")];
    await run("openssl", ["pkcs12", "-export", "-name", "own", "-passout", `pass:${passphrase}`, ...files]);
    return await readFile(join(folder, "store.p12"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function rootIn(folder: string, name: string, extensions: readonly string[]): Promise<Certificate> {
  const [key, cert] = [join(folder, "root.key"), join(folder, "root.pem")];
  const files = ["-keyout", key, "-out", cert, "-subj", `/CN=${name}`, "-days", "2"];
  await run("openssl", ["req", "-x509", ...EC_KEY, ...files, ...extensions]);
  return { cert: await readFile(cert, "utf8"), key: plant("key", await readFile(key, "utf8")) };
}

async function issueIn(folder: string, name: string, options: IssueOptions): Promise<Certificate> {
  const file = (suffix: string) => join(folder, `${name}.${suffix}`);
  await writeFile(join(folder, "ca.cnf"), configuration(folder, options.names));
  await writeFile(join(folder, "index"), "");
  await run("openssl", [
    "req",
    "-new",
    ...EC_KEY,
    "-keyout",
    file("key"),
    "-out",
    file("csr"),
    "-subj",
    `/O=masterslave test/CN=${name}`,
  ]);
  const { fromDays = -1, toDays = 1 } = options;
  const dates = ["-startdate", dateIn(fromDays), "-enddate", dateIn(toDays)];
  const files = ["-config", join(folder, "ca.cnf"), "-in", file("csr"), "-out", file("pem")];
  // This is the only way to sign that accepts both dates in every version of openssl.
  await run("openssl", ["ca", "-batch", "-notext", ...dates, ...files]);
  return { cert: await readFile(file("pem"), "utf8"), key: plant("key", await readFile(file("key"), "utf8")) };
}

async function revokeIn(
  folder: string,
  certificates: readonly Certificate[],
  { fromDays = -1, toDays = 1 }: Pick<IssueOptions, "fromDays" | "toDays">,
): Promise<string> {
  const config = ["-config", join(folder, "ca.cnf")];
  await writeFile(join(folder, "ca.cnf"), configuration(folder));
  await writeFile(join(folder, "index"), "");
  for (const { cert } of certificates) {
    await writeFile(join(folder, "revoked.pem"), cert);
    await run("openssl", ["ca", ...config, "-revoke", join(folder, "revoked.pem")]);
  }
  const dates = ["-crl_lastupdate", dateIn(fromDays), "-crl_nextupdate", dateIn(toDays)];
  await run("openssl", ["ca", ...config, "-gencrl", ...dates, "-out", join(folder, "list.pem")]);
  return readFile(join(folder, "list.pem"), "utf8");
}

function configuration(folder: string, names: readonly string[] = []): string {
  return `[ca]
default_ca = own
[own]
database = ${folder}/index
certificate = ${folder}/root.pem
private_key = ${folder}/root.key
new_certs_dir = ${folder}
default_md = sha256
policy = any
rand_serial = yes
unique_subject = no
x509_extensions = issued
[any]
organizationName = optional
commonName = supplied
[issued]
basicConstraints = CA:FALSE
${names.length > 0 ? `subjectAltName = ${names.join(",")}` : "extendedKeyUsage = clientAuth"}
`;
}

/** Formats a date as `20261231235959Z`. */
function dateIn(days: number): string {
  const text = new Date(Date.now() + days * DAY_MS).toISOString();
  return `${text.replace(/\.\d+Z$/, "").replace(/[-:T]/g, "")}Z`;
}
