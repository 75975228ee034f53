/** Obtains the login of one attempt, and checks that a CONNECT frame can carry it. */
import type { AdapterSettings } from "../../../messaging/port/adapter-settings.ts";
import { type Login, TOKEN_USER, textsOf } from "../../../messaging/port/login.ts";
import { type Endpoint, isSecure } from "../../../uri/endpoint.ts";
import { obtainLogin } from "../../shared/obtain-login.ts";
import { handshakeFailure } from "./failures.ts";

/**
 * Rejects with an AttemptError: CREDENTIALS_UNAVAILABLE, or AUTHENTICATION_FAILED for a login that STOMP cannot carry.
 */
export async function askLogin(
  settings: AdapterSettings,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<Login | undefined> {
  const unavailable = (cause: unknown) => handshakeFailure("noCredentials", endpoint, undefined, cause);
  const login = await obtainLogin(settings, endpoint, signal, unavailable);
  if (!textsOf(login).every(fitsConnect)) {
    const detail =
      ": the user name, the password or the token has a character that a STOMP CONNECT frame cannot carry, such as a line break";
    throw handshakeFailure("unsendable", endpoint, detail);
  }
  if (login && "external" in login && !isSecure(endpoint)) {
    throw handshakeFailure(
      "unsendable",
      endpoint,
      ": a client certificate can log in over TLS alone; use stomp+ssl://",
    );
  }
  return login;
}

/** A client certificate needs no headers; a token is sent as the password. */
export function loginHeaders(login: Login | undefined): Record<string, string> {
  if (login === undefined) return {};
  if ("password" in login) return { login: login.username, passcode: login.password };
  if ("token" in login) return { login: login.username ?? TOKEN_USER, passcode: login.token };
  return login.username === undefined ? {} : { login: login.username };
}

/** CONNECT is the only frame without escapes: a line break in a header would end the header. */
export function fitsConnect(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL ends a frame.
  return !/[\r\n\u0000]|\p{Surrogate}/u.test(text);
}
