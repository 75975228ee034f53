/** Tells once of the options in a URI that have no effect here. */
import type { ConnectionWarning } from "../messaging/port/adapter-settings.ts";
import type { MessagingSession } from "../messaging/port/messaging-session.ts";
import type { OpenSession } from "../transport/dial/session.ts";
import type { IgnoredOption } from "../uri/options/ignored-options.ts";

/** The reasons of more options than this would make no readable warning. */
const MAX_TOLD = 20;

/**
 * Returns `open` with the warning OPTIONS_IGNORED at its first call, if there is anything to tell: listeners of the
 * connection are there by then. Values are not told, for a password may be among them.
 */
export function warnOfIgnored(
  open: OpenSession<MessagingSession>,
  ignored: readonly IgnoredOption[],
  warn: (warning: ConnectionWarning) => void,
): OpenSession<MessagingSession> {
  let told = ignored.length === 0;
  return (endpoint, context) => {
    if (!told) {
      told = true;
      const options = ignored.slice(0, MAX_TOLD).map(({ name, reason }) => `${name} (${reason})`);
      const more = ignored.length > MAX_TOLD ? `, and ${ignored.length - MAX_TOLD} more` : "";
      const message = `Options of the URI have no effect here: ${options.join(", ")}${more}`;
      warn({ code: "OPTIONS_IGNORED", message, endpoint: undefined });
    }
    return open(endpoint, context);
  };
}
