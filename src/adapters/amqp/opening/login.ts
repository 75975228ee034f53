/** Obtains the login of one attempt, and checks that SASL can carry it. */
import { AuthenticationError } from "../../../errors/errors.ts";
import type { AdapterSettings } from "../../../messaging/port/adapter-settings.ts";
import { type Login, textsOf } from "../../../messaging/port/login.ts";
import { type Endpoint, isSecure } from "../../../uri/endpoint.ts";
import { obtainLogin } from "../../shared/obtain-login.ts";
import { credentialsFailure } from "./failures.ts";

/**
 * Rejects with an AttemptError: CREDENTIALS_UNAVAILABLE, or AUTHENTICATION_FAILED for a login that SASL cannot carry.
 */
export async function askLogin(
  settings: AdapterSettings,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<Login | undefined> {
  const login = await obtainLogin(settings, endpoint, signal, (cause) => credentialsFailure(endpoint, cause));
  const why = whyUnsendable(login, endpoint);
  if (why !== undefined) throw new AuthenticationError(why, { endpoint });
  return login;
}

function whyUnsendable(login: Login | undefined, endpoint: Endpoint): string | undefined {
  if (login && "external" in login && !isSecure(endpoint)) {
    return "A client certificate can log in over TLS alone; use amqps://";
  }
  // PLAIN and SCRAM end a field with NUL, the mechanisms of tokens with the character 1.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: see above.
  const forbidden = login && "token" in login ? /[\u0000-\u001f]|\p{Surrogate}/u : /\u0000|\p{Surrogate}/u;
  if (!textsOf(login).some((text) => forbidden.test(text))) return undefined;
  return "The user name, the password or the token has a NUL or another character that SASL cannot carry";
}
