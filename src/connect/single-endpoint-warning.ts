/** Warns once about a masterslave: group with only one endpoint, such as a developer's single broker. */
import { formatAddress } from "../errors/errors.ts";
import type { ConnectionWarning } from "../messaging/port/adapter-settings.ts";
import type { MessagingSession } from "../messaging/port/messaging-session.ts";
import type { OpenSession } from "../transport/dial/session.ts";
import type { Endpoint } from "../uri/endpoint.ts";
import type { MasterSlaveUri } from "../uri/master-slave-uri.ts";
import { warnAtFirstAttempt } from "./warn-at-first-attempt.ts";

/**
 * Returns `open`, which raises the warning SINGLE_ENDPOINT at its first call if a masterslave: URI names one endpoint.
 */
export function warnOfSingleEndpoint(
  open: OpenSession<MessagingSession>,
  { scheme, endpoints }: Pick<MasterSlaveUri, "scheme" | "endpoints">,
  warn: (warning: ConnectionWarning) => void,
): OpenSession<MessagingSession> {
  if (scheme !== "masterslave" || endpoints.length !== 1) return open;
  return warnAtFirstAttempt(open, singleEndpoint, warn);
}

function singleEndpoint(endpoint: Endpoint): ConnectionWarning {
  const message = `The masterslave: URI has one endpoint, ${formatAddress(endpoint)}: if it fails there is no other to go to. Add the other members of the group, or write the endpoint without masterslave: if it has none`;
  return { code: "SINGLE_ENDPOINT", message, endpoint };
}
