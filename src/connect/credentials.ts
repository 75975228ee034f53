/** The credentials that a caller gives, by value, file or function, and the login that an attempt makes of them. */
import { AttemptError, formatAddress, InvalidArgumentError, MasterSlaveError } from "../errors/errors.ts";
import { nearestName } from "../errors/nearest-name.ts";
import { type Login, type LoginContext, outOfSight } from "../messaging/port/login.ts";
import { type FilePath, pathProblem, readSecretFile } from "../transport/tls/secret-file.ts";
import type { Credentials, Endpoint } from "../uri/endpoint.ts";

/**
 * A user name with a password in a file. The file is read on every attempt; one line break at its end is not part of
 * the password.
 */
export interface PasswordFileCredentials {
  /** The user's name. */
  readonly username: string;
  /** The file with the password. It is read on every attempt, without the line break at its end. */
  readonly passwordFile: FilePath;
}

/** An OAuth bearer token. Over STOMP, and where an AMQP broker offers nothing else, it travels as the password. */
export interface TokenCredentials {
  /** The bearer token as it was issued. */
  readonly token: string;
  /** The user's name, if the broker wants one beside the token. */
  readonly username?: string | undefined;
}

/** A bearer token in a file, such as one that a sidecar renews. */
export interface TokenFileCredentials {
  /** The file with the token. It is read on every attempt. */
  readonly tokenFile: FilePath;
  /** The user's name, if the broker wants one beside the token. */
  readonly username?: string | undefined;
}

/** The client certificate of the option `tls` is the login: SASL EXTERNAL, or a STOMP CONNECT without a login. */
export interface ExternalCredentials {
  /** The certificate of `tls` is the login (SASL EXTERNAL, or Classic's certificate plug-in). */
  readonly external: true;
  /** The user name, if the broker wants one beside the certificate. */
  readonly username?: string | undefined;
}

/** How to log in: a password, a token, or the certificate alone. */
export type LoginCredentials =
  | Credentials
  | PasswordFileCredentials
  | TokenCredentials
  | TokenFileCredentials
  | ExternalCredentials;

/**
 * How to log in, by value or by function. Files are read and functions are called on every attempt, so a changed secret
 * takes effect at the next one; undefined sends no login.
 */
export type CredentialsSource =
  | LoginCredentials
  | ((
      endpoint: Endpoint,
      context: LoginContext,
    ) => LoginCredentials | undefined | Promise<LoginCredentials | undefined>);

type AskLogin = (endpoint: Endpoint, context: LoginContext) => Promise<Login | undefined>;
type FinishLogin = (found: Given, endpoint: Endpoint, context: LoginContext) => Promise<Login>;
/** Called with each file that a secret was read from; never rejects. */
export type OnSecretFile = (option: string, file: FilePath | undefined) => Promise<void>;

/**
 * Returns the function that the adapters call for a login on every attempt. It rejects with an AttemptError,
 * CREDENTIALS_UNAVAILABLE. @throws INVALID_ARGUMENT at once for a value of another shape.
 */
export function loginFunction(source: CredentialsSource | undefined, onFile: OnSecretFile = async () => {}): AskLogin {
  const login: FinishLogin = async (found, endpoint, context) => {
    const finished = await loginOf(found, endpoint, context);
    for (const option of ["passwordFile", "tokenFile"] as const) await onFile(`credentials.${option}`, found[option]);
    return finished;
  };
  if (typeof source === "function") return (endpoint, context) => askFunction(source, login, endpoint, context);
  const fixed = source === undefined ? undefined : given(source);
  return async (endpoint, context) => {
    const found = fixed ?? endpoint.credentials;
    return found && login(found, endpoint, context);
  };
}

async function askFunction(
  ask: Extract<CredentialsSource, (...args: never[]) => unknown>,
  login: FinishLogin,
  endpoint: Endpoint,
  context: LoginContext,
): Promise<Login | undefined> {
  try {
    const found: LoginCredentials | undefined = await ask(endpoint, context);
    return found === undefined ? undefined : await login(given(found), endpoint, context);
  } catch (cause) {
    context.signal.throwIfAborted();
    throw unavailable(endpoint, cause instanceof MasterSlaveError ? cause.message : "their function failed", cause);
  }
}

async function loginOf(found: Given, endpoint: Endpoint, context: LoginContext): Promise<Login> {
  const { username, passwordFile, tokenFile } = found;
  let { password, token } = found;
  try {
    if (passwordFile !== undefined) password = await readSecret("passwordFile", passwordFile, context.signal);
    if (tokenFile !== undefined) token = await readSecret("tokenFile", tokenFile, context.signal);
  } catch (cause) {
    context.signal.throwIfAborted();
    throw unavailable(endpoint, (cause as Error).message, (cause as Error).cause ?? cause);
  }
  if (password !== undefined) return outOfSight({ username: username ?? "", password });
  if (token !== undefined) return outOfSight({ username, token });
  return outOfSight({ username, external: true });
}

async function readSecret(option: string, file: FilePath, signal: AbortSignal): Promise<string> {
  const bytes = await readSecretFile(option, file, signal);
  const text = bytes.toString("utf8").replace(/\r?\n$/, "");
  if (text === "") throw new Error(`${option} ${String(file)} is empty`);
  return text;
}

function unavailable(endpoint: Endpoint, why: string, cause: unknown): AttemptError {
  if (cause instanceof AttemptError) return cause;
  const text = `The credentials for ${formatAddress(endpoint)} cannot be had: ${why}`;
  return new AttemptError("CREDENTIALS_UNAVAILABLE", text, { endpoint, cause });
}

const SECRETS = ["password", "passwordFile", "token", "tokenFile", "external"] as const;
const NAMES = ["username", ...SECRETS] as const;
type Name = (typeof NAMES)[number];

/** Checked credentials: one secret, with the name it needs. */
interface Given {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly passwordFile?: FilePath | undefined;
  readonly token?: string | undefined;
  readonly tokenFile?: FilePath | undefined;
  readonly external?: true | undefined;
}

const SHAPES =
  "credentials are { username, password }, { username, passwordFile }, { token }, { tokenFile } or { external: true }, a username beside the last three if need be, or a function that returns one of these or undefined";

/**
 * Copies the known fields of what the caller gave, so that later changes have no effect, and getters of classes work.
 * There must be exactly one secret, with the name that belongs to it. The error shows no values.
 */
function given(found: LoginCredentials): Given {
  const source: Partial<Record<Name, unknown>> = Object(found);
  refuseUnknown(source);
  // Each field is read once, because a getter may answer differently the next time. An undefined field counts as not
  // given.
  const values = Object.fromEntries(NAMES.map((name) => [name, source[name]])) as Record<Name, unknown>;
  const named = SECRETS.filter((name) => values[name] !== undefined);
  const [secret] = named;
  const wantsName = secret === "password" || secret === "passwordFile";
  refuseSecretAsPath(values);
  const isNamed = typeof values.username === "string" || (!wantsName && values.username === undefined);
  if (named.length !== 1 || secret === undefined || !isNamed || !fits(secret, values[secret])) {
    throw new InvalidArgumentError(whatIsMissing(source, values) ?? SHAPES);
  }
  return outOfSight(values as Given & Login);
}

/** An environment variable that is not set leaves a field with the value undefined. */
function whatIsMissing(source: object, values: Record<Name, unknown>): string | undefined {
  const wantsName = values.password !== undefined || values.passwordFile !== undefined;
  const noSecret = SECRETS.every((name) => values[name] === undefined);
  const empty = noSecret ? SECRETS.find((name) => name in source) : undefined;
  const missing = empty ?? (wantsName && values.username === undefined ? "username" : undefined);
  if (missing === undefined || !(missing in source)) return undefined;
  return `credentials lack ${missing}: it is undefined, perhaps from an environment variable that is not set; ${SHAPES}`;
}

function refuseSecretAsPath(values: Record<Name, unknown>): void {
  for (const name of ["password", "token"] as const) {
    const file = values[`${name}File`];
    const problem = typeof file === "string" ? pathProblem(file) : undefined;
    if (problem !== undefined)
      throw new InvalidArgumentError(`credentials: ${name}File ${problem}; use ${name} for that`);
  }
}

/** Checks plain objects only: a class may have further fields of its own. */
function refuseUnknown(source: object): void {
  const prototype: unknown = Object.getPrototypeOf(source);
  if (prototype !== Object.prototype && prototype !== null) return;
  const known: readonly string[] = NAMES;
  const unknown = Object.keys(source).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, known);
  // A name that resembles no known one may be a secret in the wrong place, so it is not shown.
  const what = nearest ? `have no ${unknown}; did you mean ${nearest}?` : "have a name that is not known here";
  throw new InvalidArgumentError(`credentials ${what}; ${SHAPES}`);
}

function fits(name: (typeof SECRETS)[number], value: unknown): boolean {
  if (name === "external") return value === true;
  if (name === "password") return typeof value === "string";
  return (typeof value === "string" && value !== "") || (name !== "token" && value instanceof URL);
}
