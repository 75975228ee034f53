/** The login of one attempt: asked for, and checked against what a CONNECT frame can carry. */
import type { AdapterSettings } from "../../messaging/adapter-settings.ts";
import type { Credentials, Endpoint } from "../../uri/endpoint.ts";
import { handshakeFailure } from "./failures.ts";

/** Rejects with an AttemptError: CREDENTIALS_UNAVAILABLE, or AUTHENTICATION_FAILED for what STOMP cannot carry. */
export async function askCredentials(settings: AdapterSettings, endpoint: Endpoint): Promise<Credentials | undefined> {
  const credentials = await obtain(settings, endpoint);
  if (credentials && !(fitsConnect(credentials.username) && fitsConnect(credentials.password))) {
    const detail =
      ": the user name or the password has a character that a STOMP CONNECT frame cannot carry, such as a line break";
    throw handshakeFailure("unsendable", endpoint, detail);
  }
  return credentials;
}

async function obtain(settings: AdapterSettings, endpoint: Endpoint): Promise<Credentials | undefined> {
  try {
    return await settings.credentials(endpoint);
  } catch (cause) {
    throw handshakeFailure("noCredentials", endpoint, undefined, cause);
  }
}

/** CONNECT alone of all frames is not escaped: a line break in a header would be the end of it. */
export function fitsConnect(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL ends a frame.
  return !/[\r\n\u0000]|\p{Surrogate}/u.test(text);
}
