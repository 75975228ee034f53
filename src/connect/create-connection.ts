/** Composition: makes a connection from a URI and options, over the adapter for their protocol. */
import { InvalidOptionError } from "../errors/errors.ts";
import { Connection } from "../messaging/connection/connection.ts";
import { copyOptions } from "../messaging/messages/argument-checks.ts";
import { parseDestination } from "../messaging/messages/destination.ts";
import type { AdapterSettings, ConnectionWarning } from "../messaging/port/adapter-settings.ts";
import type { MessagingSession } from "../messaging/port/messaging-session.ts";
import type { OpenSession } from "../transport/dial/session.ts";
import { parseMasterSlaveUri } from "../uri/master-slave-uri.ts";
import { ignoredNote } from "../uri/options/ignored-options.ts";
import { resolveOptions } from "../uri/resolve-options.ts";
import { AlternatesFilter } from "./alternates.ts";
import { type ConnectionOptions, refuseUnusedTls, requireProtocol, splitOptions } from "./connect-options.ts";
import { warnOfIgnored } from "./ignored-options-warning.ts";
import { PlaintextLogins, refuseExposedToken } from "./plaintext-logins.ts";
import { SecretFileWarnings } from "./secret-file-warnings.ts";
import { warnOfSingleEndpoint } from "./single-endpoint-warning.ts";

export type Protocol = "stomp" | "amqp";
export type OpenAdapter = (settings: AdapterSettings) => OpenSession<MessagingSession>;
/** Resolves with the adapter of a protocol, and loads it first if necessary. */
export type LoadAdapter = (protocol: Protocol) => Promise<OpenAdapter>;

/**
 * Creates an idle connection: listen to its events, then call its connect(). @throws INVALID_URI, UNKNOWN_OPTION,
 * INVALID_OPTION, INVALID_ARGUMENT.
 */
export function composeConnection(
  uri: string,
  given: ConnectionOptions,
  load: LoadAdapter,
  bound?: Protocol,
): Connection {
  const options = copyOptions("createConnection", given);
  const warn = (warning: ConnectionWarning) => connection.warn(warning);
  const { group, alternates, credentials, tls } = splitOptions(options, new SecretFileWarnings(warn));
  const parsed = parseMasterSlaveUri(uri);
  const { endpoints } = parsed;
  refuseUnusedTls(options.tls, endpoints);
  const settings = resolveOptions(parsed, withBoundProtocol(group, bound));
  refuseExposedToken(options.credentials, { ...settings, endpoints });
  const logins = new PlaintextLogins({ ...settings, endpoints, warn });
  const filter = new AlternatesFilter(alternates ?? settings.alternates, endpoints, warn);
  const protocol = requireProtocol(settings, parsed);
  const { clientId, heartbeatMs, serverListAction } = settings;
  const adapterSettings: AdapterSettings = {
    credentials: logins.guard(credentials),
    clientId,
    heartbeatMs,
    tls,
    saslMechanisms: settings.saslMechanisms,
    releaseWaitMs: settings.releaseWaitMs,
    groupCommit: settings.groupCommit,
    maxMessageBytes: settings.maxMessageBytes,
    deadLetterDestination: parseDestination(settings.deadLetterDestination),
    onWarning: warn,
    onAlternates: (named) => {
      if (serverListAction === "ADD") connection.addAlternates(filter.accepted(named));
    },
  };
  const adapter = load(protocol).then((open) => open(adapterSettings));
  // The first attempt reports a failure to load the adapter.
  adapter.catch(() => {});
  const open: OpenSession<MessagingSession> = async (endpoint, context) => (await adapter)(endpoint, context);
  const connection = new Connection({
    endpoints,
    open: warnOfSingleEndpoint(warnOfIgnored(logins.watch(open), parsed.ignored, warn), parsed, warn),
    note: ignoredNote(parsed.ignored),
    settings,
    prepared: adapter.catch(() => {}),
  });
  return connection;
}

/** `masterslave-transport/stomp` speaks STOMP over tcp:// too, and refuses amqp://. */
function withBoundProtocol<T extends { readonly protocol?: Protocol | undefined }>(
  group: T,
  bound: Protocol | undefined,
): T {
  if (bound === undefined) return group;
  if (group.protocol !== undefined && group.protocol !== bound) {
    const text = `The option protocol is ${group.protocol}, but this is the connect() of masterslave-transport/${bound}`;
    throw new InvalidOptionError("INVALID_OPTION", text, "protocol");
  }
  return { ...group, protocol: bound };
}
