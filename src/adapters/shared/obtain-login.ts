/** Obtains the login of one attempt from the user's credentials. */
import { AttemptError } from "../../errors/errors.ts";
import type { AdapterSettings } from "../../messaging/port/adapter-settings.ts";
import type { Login } from "../../messaging/port/login.ts";
import type { Endpoint } from "../../uri/endpoint.ts";

/**
 * Resolves with the login for one attempt, undefined for none. Rejects with the AttemptError that the credentials
 * reject with, or with the error that `failureOf` makes of any other reason.
 */
export async function obtainLogin(
  { credentials }: Pick<AdapterSettings, "credentials">,
  endpoint: Endpoint,
  signal: AbortSignal,
  failureOf: (cause: unknown) => AttemptError,
): Promise<Login | undefined> {
  try {
    return await credentials(endpoint, { signal });
  } catch (cause) {
    throw cause instanceof AttemptError ? cause : failureOf(cause);
  }
}
