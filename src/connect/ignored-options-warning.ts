/** Warns once about options of the URI that have no effect here. */
import type { ConnectionWarning } from "../messaging/port/adapter-settings.ts";
import type { MessagingSession } from "../messaging/port/messaging-session.ts";
import type { OpenSession } from "../transport/dial/session.ts";
import type { IgnoredOption } from "../uri/options/ignored-options.ts";
import { warnAtFirstAttempt } from "./warn-at-first-attempt.ts";

/** Number of options named in the warning; more would be unreadable. */
const MAX_TOLD = 20;

/** Returns `open` with the warning OPTIONS_IGNORED at its first call, if there is anything to tell. */
export function warnOfIgnored(
  open: OpenSession<MessagingSession>,
  ignored: readonly IgnoredOption[],
  warn: (warning: ConnectionWarning) => void,
): OpenSession<MessagingSession> {
  return ignored.length === 0 ? open : warnAtFirstAttempt(open, () => optionsIgnored(ignored), warn);
}

/** Values are not shown, because a password may be among them. */
function optionsIgnored(ignored: readonly IgnoredOption[]): ConnectionWarning {
  const options = ignored.slice(0, MAX_TOLD).map(({ name, reason }) => `${name} (${reason})`);
  const more = ignored.length > MAX_TOLD ? `, and ${ignored.length - MAX_TOLD} more` : "";
  const message = `Options of the URI have no effect here: ${options.join(", ")}${more}`;
  return { code: "OPTIONS_IGNORED", message, endpoint: undefined };
}
