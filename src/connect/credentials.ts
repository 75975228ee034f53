/** The credentials as a caller gives them, by value, by file or by function, and what an attempt logs in with. */
import { AttemptError, formatAddress, InvalidArgumentError, MasterSlaveError } from "../errors.ts";
import { type Login, type LoginContext, outOfSight } from "../messaging/login.ts";
import { type FilePath, readMaterial } from "../transport/read-material.ts";
import type { Credentials, Endpoint } from "../uri/endpoint.ts";

/** Read on every attempt; one line break at the end is not part of the password. */
export interface PasswordFileCredentials {
  readonly username: string;
  readonly passwordFile: FilePath;
}

/** An OAuth bearer token. Over STOMP, and where an AMQP broker offers nothing else, it travels as the password. */
export interface TokenCredentials {
  readonly token: string;
  readonly username?: string | undefined;
}

export interface TokenFileCredentials {
  readonly tokenFile: FilePath;
  readonly username?: string | undefined;
}

/** The client certificate, see the option `tls`, says who it is: SASL EXTERNAL, or a CONNECT without a login. */
export interface ExternalCredentials {
  readonly external: true;
  readonly username?: string | undefined;
}

export type LoginCredentials =
  | Credentials
  | PasswordFileCredentials
  | TokenCredentials
  | TokenFileCredentials
  | ExternalCredentials;

/** Files are read and functions asked on every attempt, so that a changed secret holds from the next one on; undefined logs in as nobody. */
export type CredentialsSource =
  | LoginCredentials
  | ((
      endpoint: Endpoint,
      context: LoginContext,
    ) => LoginCredentials | undefined | Promise<LoginCredentials | undefined>);

type AskLogin = (endpoint: Endpoint, context: LoginContext) => Promise<Login | undefined>;

/**
 * What the adapters ask on every attempt. It rejects with an AttemptError, CREDENTIALS_UNAVAILABLE.
 * @throws INVALID_ARGUMENT at once for a value of another shape.
 */
export function loginFunction(source: CredentialsSource | undefined): AskLogin {
  if (typeof source === "function") return (endpoint, context) => askFunction(source, endpoint, context);
  const given = source === undefined ? undefined : keep(checkShape(source));
  return async (endpoint, context) => {
    const found = given ?? endpoint.credentials;
    return found && loginOf(found, endpoint, context);
  };
}

async function askFunction(
  ask: Extract<CredentialsSource, (...args: never[]) => unknown>,
  endpoint: Endpoint,
  context: LoginContext,
): Promise<Login | undefined> {
  try {
    const found: LoginCredentials | undefined = await ask(endpoint, context);
    return found === undefined ? undefined : await loginOf(checkShape(found), endpoint, context);
  } catch (cause) {
    context.signal.throwIfAborted();
    throw unavailable(endpoint, cause instanceof MasterSlaveError ? cause.message : "their function failed", cause);
  }
}

async function loginOf(found: LoginCredentials, endpoint: Endpoint, context: LoginContext): Promise<Login> {
  const { username } = found;
  try {
    if ("passwordFile" in found) {
      const password = await readSecret("passwordFile", found.passwordFile, context.signal);
      return outOfSight({ username: found.username, password });
    }
    if ("tokenFile" in found) {
      return outOfSight({ username, token: await readSecret("tokenFile", found.tokenFile, context.signal) });
    }
  } catch (cause) {
    context.signal.throwIfAborted();
    throw unavailable(endpoint, (cause as Error).message, (cause as Error).cause ?? cause);
  }
  if ("password" in found) return outOfSight({ username: found.username, password: found.password });
  if ("token" in found) return outOfSight({ username, token: found.token });
  return outOfSight({ username, external: true });
}

async function readSecret(option: string, file: FilePath, signal: AbortSignal): Promise<string> {
  const bytes = await readMaterial(option, file, signal);
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
const SHAPES =
  "credentials are { username, password }, { username, passwordFile }, { token }, { tokenFile } or { external: true }, a username beside the last three if need be, or a function that returns one of these or undefined";

/** Exactly one secret, and the name that belongs to it. The error shows nothing of what was given. */
function checkShape(found: LoginCredentials): LoginCredentials {
  const given: Partial<Record<(typeof SECRETS)[number] | "username", unknown>> = Object(found);
  const named = SECRETS.filter((name) => given[name] !== undefined);
  const [secret] = named;
  const wantsName = secret === "password" || secret === "passwordFile";
  const isNamed = typeof given.username === "string" || (!wantsName && given.username === undefined);
  if (named.length !== 1 || secret === undefined || !isNamed || !fits(secret, given[secret])) {
    throw new InvalidArgumentError(SHAPES);
  }
  return found;
}

function fits(name: (typeof SECRETS)[number], value: unknown): boolean {
  if (name === "external") return value === true;
  if (name === "password") return typeof value === "string";
  return (typeof value === "string" && value !== "") || (name !== "token" && value instanceof URL);
}

/** A copy: a caller who changes the object later changes nothing here. */
function keep(found: LoginCredentials): LoginCredentials {
  return { ...found };
}
