/** Who an attempt logs in as: the checked union that the adapters get, its secrets out of sight. */

export interface PasswordLogin {
  readonly username: string;
  readonly password: string;
}

/** An OAuth bearer token, or any other that the broker knows how to check. */
export interface TokenLogin {
  readonly token: string;
  readonly username?: string | undefined;
}

/** The client certificate of the TLS connection says who it is. */
export interface ExternalLogin {
  readonly external: true;
  readonly username?: string | undefined;
}

export type Login = PasswordLogin | TokenLogin | ExternalLogin;

/** What an attempt without a login is called, and the three kinds of one. */
export type LoginKind = "password" | "token" | "external" | "nobody";

/** What a credentials function is given. */
export interface LoginContext {
  /** Fires when the attempt is over: whoever still fetches a secret for it may stop. */
  readonly signal: AbortSignal;
}

export function kindOf(login: Login | undefined): LoginKind {
  if (login === undefined) return "nobody";
  if ("password" in login) return "password";
  return "token" in login ? "token" : "external";
}

/** What a refusal means, by what logged in. */
export const WRONG_LOGIN: Readonly<Record<LoginKind, string>> = {
  password: "the user name or the password is wrong",
  token: "the token is not taken",
  external: "no user is known by the client certificate, or none was sent: see tls.certFile and tls.keyFile",
  nobody: "it takes nobody without a login",
};

/** What stands for the user where a token or a certificate says who it is, and a protocol wants a name all the same. */
export const TOKEN_USER = "token";

/** Every text of a login that goes over the wire. */
export function textsOf(login: Login | undefined): readonly string[] {
  if (login === undefined) return [];
  const { username } = login;
  const secret = "password" in login ? login.password : "token" in login ? login.token : undefined;
  return [username, secret].filter((text) => text !== undefined);
}

/** The same login behind accessors: no enumeration, spread, JSON or inspection finds a value of it. */
export function outOfSight<L extends Login>(login: L): L {
  const hidden = Object.entries(login).map(([name, value]) => [name, { get: () => value, enumerable: false }] as const);
  return Object.freeze(Object.defineProperties({}, Object.fromEntries(hidden))) as L;
}

/** What the warning LOGIN_REFUSED says. */
export function loginRefusedText(reason: string, retryInMs: number): string {
  return `${reason}. The login is asked again in ${Math.ceil(retryInMs / 1_000)} s, and credentials given as a function or a file are read anew; authRetryMs says for how long`;
}
