/** The login of an attempt: the checked union that the adapters get, with its secrets hidden from inspection. */

export interface PasswordLogin {
  readonly username: string;
  readonly password: string;
}

/** An OAuth bearer token, or any other token that the broker can check. */
export interface TokenLogin {
  readonly token: string;
  readonly username?: string | undefined;
}

/** The client certificate of the TLS connection is the login. */
export interface ExternalLogin {
  readonly external: true;
  readonly username?: string | undefined;
}

export type Login = PasswordLogin | TokenLogin | ExternalLogin;

/** The kinds of login, and the name for an attempt without one. */
export type LoginKind = "password" | "token" | "external" | "nobody";

/** What a credentials function gets. */
export interface LoginContext {
  /** Fires when the attempt is over: stop fetching a secret for it. */
  readonly signal: AbortSignal;
}

export function kindOf(login: Login | undefined): LoginKind {
  if (login === undefined) return "nobody";
  if ("password" in login) return "password";
  return "token" in login ? "token" : "external";
}

/** What a refusal means, by the kind of login. */
export const WRONG_LOGIN: Readonly<Record<LoginKind, string>> = {
  password: "the user name or the password is wrong",
  token: "the token is not accepted",
  external: "no user is known by the client certificate, or none was sent: see tls.certFile and tls.keyFile",
  nobody: "it requires a login",
};

/** The user name that is sent for a token or certificate if a protocol requires a name. */
export const TOKEN_USER = "token";

/** Every text of a login that is sent. */
export function textsOf(login: Login | undefined): readonly string[] {
  if (login === undefined) return [];
  const { username } = login;
  const secret = "password" in login ? login.password : "token" in login ? login.token : undefined;
  return [username, secret].filter((text) => text !== undefined);
}

/** The same login behind accessors, so that enumeration, spread, JSON and inspection show none of its values. */
export function outOfSight<L extends Login>(login: L): L {
  const hidden = Object.entries(login).map(([name, value]) => [name, { get: () => value, enumerable: false }] as const);
  return Object.freeze(Object.defineProperties({}, Object.fromEntries(hidden))) as L;
}

/** The text of the warning LOGIN_REFUSED. */
export function loginRefusedText(reason: string, retryInMs: number): string {
  return `${reason}. The login is asked again in ${Math.ceil(retryInMs / 1_000)} s, and credentials given as a function or a file are read anew; authRetryMs says for how long`;
}
