/** The TLS options: those of Node that apply, the same from files, or a function that is called on every attempt. */
import type { ConnectionOptions } from "node:tls";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { nearestName } from "../../errors/nearest-name.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import { type FilePath, pathProblem } from "./secret-file.ts";

/**
 * The TLS options that apply. Verification is on unless `rejectUnauthorized` is false, `minVersion` is TLSv1.2, and
 * `servername` is the endpoint's host. Files are read on every attempt, so a renewed certificate takes effect at the
 * next one.
 */
export interface TlsOptions
  extends Pick<
    ConnectionOptions,
    | "ca"
    | "crl"
    | "cert"
    | "key"
    | "passphrase"
    | "pfx"
    | "servername"
    | "rejectUnauthorized"
    | "minVersion"
    | "maxVersion"
    | "ciphers"
    | "checkServerIdentity"
  > {
  /** The authorities to trust instead of Node's own, PEM. */
  readonly caFile?: FilePath | undefined;
  /**
   * The authorities' revocation lists, PEM, one after the other. If given, every certificate of the chain needs a list
   * from its issuer, and an expired list refuses the broker (TLS_FAILED).
   */
  readonly crlFile?: FilePath | undefined;
  /** The client certificate and its chain, PEM. */
  readonly certFile?: FilePath | undefined;
  /** The client certificate's key, PEM, optionally encrypted with `passphrase`. */
  readonly keyFile?: FilePath | undefined;
  /** The client certificate and its key as PKCS#12, instead of the two above. */
  readonly pfxFile?: FilePath | undefined;
}

/** What a `tls` function gets. */
export interface TlsContext {
  /** Fires when the attempt is over. */
  readonly signal: AbortSignal;
}

/** TLS options, or a function that is called on every attempt; if it throws, the attempt fails (TLS_FAILED, `next`). */
export type TlsSource =
  | TlsOptions
  | ((endpoint: Endpoint, context: TlsContext) => TlsOptions | undefined | Promise<TlsOptions | undefined>);

/** The file option that may replace each value. */
export const FILE_OPTIONS = { ca: "caFile", crl: "crlFile", cert: "certFile", key: "keyFile", pfx: "pfxFile" } as const;

const NAMES: readonly (keyof TlsOptions)[] = [
  ...["ca", "cert", "key", "passphrase", "pfx", "servername", "rejectUnauthorized", "minVersion"],
  ...["maxVersion", "ciphers", "checkServerIdentity", "caFile", "certFile", "keyFile", "pfxFile", "crl", "crlFile"],
] as (keyof TlsOptions)[];

/** Options whose accidental absence would weaken the check of the peer, or of its name. */
const MEANINGFUL: readonly (keyof TlsOptions)[] = [
  ...["ca", "caFile", "cert", "certFile", "key", "keyFile", "pfx", "pfxFile", "crl", "crlFile"],
  "checkServerIdentity",
] as (keyof TlsOptions)[];

const TEXTS = ["passphrase", "servername", "minVersion", "maxVersion", "ciphers"] as const;

/**
 * @throws INVALID_ARGUMENT for an unknown name, a value together with its file, a value of another type, and a client
 * certificate without its key.
 */
export function checkTlsOptions(options: TlsOptions): TlsOptions {
  const wrong = whatIsWrong(options);
  if (wrong !== undefined) throw new InvalidArgumentError(`tls ${wrong}`);
  return options;
}

function whatIsWrong(options: TlsOptions): string | undefined {
  if (typeof options !== "object" || options === null) return "is an object of options, or a function that returns one";
  const has = (name: keyof TlsOptions) => options[name] !== undefined;
  // Without the authority that the user meant to give, Node trusts every public one.
  const empty = MEANINGFUL.find((name) => Object.hasOwn(options, name) && !has(name));
  if (empty !== undefined) {
    return `lacks ${empty}: it is undefined, perhaps from an environment variable that is not set; leave the name out if it is not wanted`;
  }
  const unknown = Object.keys(options).find((name) => !NAMES.some((known) => known === name));
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, NAMES);
    return `has no option ${unknown}; ${nearest ? `did you mean ${nearest}?` : `known are ${NAMES.join(", ")}`}`;
  }
  for (const [value, file] of Object.entries(FILE_OPTIONS) as [keyof TlsOptions, keyof TlsOptions][]) {
    if (has(value) && has(file)) return `has ${value} and ${file}: give one of them`;
    const problem = has(file) ? pathProblem(options[file]) : undefined;
    if (problem !== undefined) return `has a ${file} that ${problem}; tls.${value} takes the text itself`;
  }
  // Node's own error would show the value.
  const noText = TEXTS.find((name) => has(name) && typeof options[name] !== "string");
  if (noText !== undefined) return `takes text for ${noText}`;
  const noBytes = (["ca", "crl", "cert", "key", "pfx"] as const).find(
    (name) => has(name) && typeof options[name] !== "string" && typeof options[name] !== "object",
  );
  if (noBytes !== undefined) return `takes text or bytes for ${noBytes}`;
  if (options.rejectUnauthorized !== undefined && typeof options.rejectUnauthorized !== "boolean") {
    return "takes true or false for rejectUnauthorized";
  }
  if (has("checkServerIdentity") && typeof options.checkServerIdentity !== "function") {
    return "takes a function for checkServerIdentity";
  }
  const cert = has("cert") || has("certFile");
  const key = has("key") || has("keyFile");
  if (cert !== key)
    return `has a client ${cert ? "certificate without its key (key or keyFile)" : "key without its certificate (cert or certFile)"}`;
  return undefined;
}
