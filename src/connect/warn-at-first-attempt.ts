/** Raises a warning about the arguments of connect() at the first attempt, when listeners exist. */
import type { ConnectionWarning } from "../messaging/port/adapter-settings.ts";
import type { MessagingSession } from "../messaging/port/messaging-session.ts";
import type { OpenSession } from "../transport/dial/session.ts";
import type { Endpoint } from "../uri/endpoint.ts";

/**
 * Returns `open`, which raises the warning that `warningOf` makes once, at its first call, before it opens the
 * endpoint.
 */
export function warnAtFirstAttempt(
  open: OpenSession<MessagingSession>,
  warningOf: (endpoint: Endpoint) => ConnectionWarning,
  warn: (warning: ConnectionWarning) => void,
): OpenSession<MessagingSession> {
  let told = false;
  return (endpoint, context) => {
    if (!told) {
      told = true;
      warn(warningOf(endpoint));
    }
    return open(endpoint, context);
  };
}
