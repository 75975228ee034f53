/** A warning about what was given to connect(), raised when the connection is first used: its listeners are there by then. */
import type { ConnectionWarning } from "../messaging/port/adapter-settings.ts";
import type { MessagingSession } from "../messaging/port/messaging-session.ts";
import type { OpenSession } from "../transport/dial/session.ts";
import type { Endpoint } from "../uri/endpoint.ts";

/** Returns `open` with the warning that `warningOf` makes raised once, at the first call, before the endpoint is opened. */
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
