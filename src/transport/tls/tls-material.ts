/**
 * Loads the certificates and keys of one attempt and checks them one by one, because OpenSSL would only say that
 * something is wrong.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { type ConnectionOptions, createSecureContext } from "node:tls";
import { unlessAborted } from "../../async/unless-aborted.ts";
import { AttemptError, formatAddress, MasterSlaveError } from "../../errors/errors.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import { type FilePath, readSecretFile } from "./secret-file.ts";
import { checkTlsOptions, FILE_OPTIONS, type TlsOptions, type TlsSource } from "./tls-options.ts";

export interface TlsMaterial {
  /** The options as Node takes them, without our file options. */
  readonly options: ConnectionOptions;
  /** Describes the client certificate, for the error of a broker that refuses it. */
  readonly clientCertificate: "none" | "given" | `expired on ${string}` | `not valid before ${string}`;
}

/**
 * Rejects with an AttemptError (TLS_FAILED, `next`) that names the option and the file, or with the signal's reason.
 */
export async function loadTls(source: TlsSource, endpoint: Endpoint, signal: AbortSignal): Promise<TlsMaterial> {
  try {
    const given =
      typeof source === "function"
        ? await unlessAborted(signal, Promise.resolve(source(endpoint, { signal })))
        : source;
    const options = await readFiles(checkTlsOptions(given ?? {}), signal);
    const clientCertificate = checkMaterial(given ?? {}, options);
    return { options, clientCertificate };
  } catch (cause) {
    signal.throwIfAborted();
    throw unusable(endpoint, cause, typeof source === "function");
  }
}

function unusable(endpoint: Endpoint, cause: unknown, asked: boolean): AttemptError {
  if (cause instanceof AttemptError) return cause;
  const ours = cause instanceof UnusableMaterial || cause instanceof MasterSlaveError || !asked;
  const why = ours ? (cause as Error).message : "the function failed";
  const text = `${formatAddress(endpoint)} was not asked, because the tls option cannot be used: ${why}`;
  // The cause is what the function threw, even if that has a cause of its own.
  const origin = cause instanceof UnusableMaterial ? (cause.cause ?? cause) : cause;
  return new AttemptError("TLS_FAILED", text, { endpoint, cause: origin });
}

/** A problem with one of the options, in words for the user. */
class UnusableMaterial extends Error {}

async function readFiles(given: TlsOptions, signal: AbortSignal): Promise<ConnectionOptions> {
  const { caFile, crlFile, certFile, keyFile, pfxFile, ...options } = given;
  const files = Object.entries({ ca: caFile, crl: crlFile, cert: certFile, key: keyFile, pfx: pfxFile });
  const read = async ([name, file]: [string, FilePath | undefined]) => {
    if (file === undefined) return [];
    try {
      return [[name, await readSecretFile(`tls.${name}File`, file, signal)] as const];
    } catch (error) {
      signal.throwIfAborted();
      throw new UnusableMaterial((error as Error).message, { cause: (error as Error).cause });
    }
  };
  return { ...options, ...Object.fromEntries((await Promise.all(files.map(read))).flat()) };
}

function checkMaterial(given: TlsOptions, options: ConnectionOptions): TlsMaterial["clientCertificate"] {
  const named = (name: keyof typeof FILE_OPTIONS) => {
    const file = given[FILE_OPTIONS[name]];
    return file === undefined ? `tls.${name}` : `tls.${FILE_OPTIONS[name]} ${String(file)}`;
  };
  const { ca, crl, cert, key, pfx, passphrase } = options;
  // Node accepts anything as an authority, and then trusts no certificate.
  if (isBytes(ca)) readCertificate(named("ca"), ca);
  if (isBytes(crl)) checkCrl(named("crl"), crl);
  if (isBytes(pfx)) openPfx(named("pfx"), pfx, passphrase);
  if (!isBytes(cert) || !isBytes(key)) return cert || pfx ? "given" : "none";
  const certificate = readCertificate(named("cert"), cert);
  if (!certificate.checkPrivateKey(readKey(named("key"), key, passphrase))) {
    throw new UnusableMaterial(`${named("key")} is not the key of the certificate in ${named("cert")}`);
  }
  return stateOf(certificate);
}

function stateOf({ validFrom, validTo }: X509Certificate): TlsMaterial["clientCertificate"] {
  if (Date.parse(validTo) < Date.now()) return `expired on ${validTo}`;
  if (Date.parse(validFrom) > Date.now()) return `not valid before ${validFrom}`;
  return "given";
}

/** Lists of several values are left to Node. */
function isBytes(value: unknown): value is string | Buffer {
  return typeof value === "string" || Buffer.isBuffer(value);
}

function readCertificate(name: string, bytes: string | Buffer): X509Certificate {
  try {
    // Node's TLS takes only PEM; this class also takes DER.
    if (!bytes.includes("-----BEGIN ")) throw new Error("no PEM");
    return new X509Certificate(bytes);
  } catch (cause) {
    throw new UnusableMaterial(`${name} is no certificate in PEM (-----BEGIN CERTIFICATE-----)`, { cause });
  }
}

function checkCrl(name: string, crl: string | Buffer): void {
  try {
    if (!crl.includes("-----BEGIN X509 CRL-----")) throw new Error("no PEM");
    createSecureContext({ crl });
  } catch (cause) {
    throw new UnusableMaterial(`${name} is no revocation list in PEM (-----BEGIN X509 CRL-----)`, { cause });
  }
}

function readKey(name: string, key: string | Buffer, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key, passphrase });
  } catch (cause) {
    const encrypted = key.includes("ENCRYPTED");
    if (!encrypted) throw new UnusableMaterial(`${name} is no private key in PEM`, { cause });
    const what = passphrase === undefined ? "tls.passphrase is not given" : "tls.passphrase does not open it";
    throw new UnusableMaterial(`${name} is encrypted, and ${what}`, { cause });
  }
}

function openPfx(name: string, pfx: string | Buffer, passphrase: string | undefined): void {
  try {
    createSecureContext({ pfx, passphrase });
  } catch (cause) {
    const said = (cause as Error).message;
    const why = /mac verify/i.test(said)
      ? `tls.passphrase ${passphrase === undefined ? "is not given" : "does not open it"}`
      : `it is no PKCS#12 file that this OpenSSL reads (${said})`;
    throw new UnusableMaterial(`${name} cannot be opened: ${why}`, { cause });
  }
}
