/** The login of one attempt: asked for, and checked against what SASL can carry. */
import { AuthenticationError } from "../../errors.ts";
import type { AdapterSettings } from "../../messaging/adapter-settings.ts";
import type { Credentials, Endpoint } from "../../uri/endpoint.ts";
import { credentialsFailure } from "./failures.ts";

/** Rejects with an AttemptError: CREDENTIALS_UNAVAILABLE, or AUTHENTICATION_FAILED for what SASL cannot carry. */
export async function askCredentials(settings: AdapterSettings, endpoint: Endpoint): Promise<Credentials | undefined> {
  let credentials: Credentials | undefined;
  try {
    credentials = await settings.credentials(endpoint);
  } catch (cause) {
    throw credentialsFailure(endpoint, cause);
  }
  if (credentials && `${credentials.username}${credentials.password}`.includes("\u0000")) {
    throw new AuthenticationError("The user name or the password has a NUL, which SASL PLAIN cannot carry", {
      endpoint,
    });
  }
  return credentials;
}
