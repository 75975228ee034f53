/** connect() and createConnection() for both protocols; the adapter is loaded when a URI needs it. */
import type { Connection } from "../messaging/connection/connection.ts";
import { copyOptions } from "../messaging/messages/argument-checks.ts";
import type { ConnectionOptions, ConnectOptions } from "./connect-options.ts";
import { composeConnection, type LoadAdapter } from "./create-connection.ts";

const load: LoadAdapter = async (protocol) =>
  protocol === "stomp"
    ? (await import("../adapters/stomp/open-session.ts")).openStompSession
    : (await import("../adapters/amqp/open-session.ts")).openAmqpSession;

/**
 * Creates an idle connection to the group: listen to its events, then call `connect()`. @throws INVALID_URI,
 * UNKNOWN_OPTION, INVALID_OPTION or INVALID_ARGUMENT, at once.
 */
export function createConnection(uri: string, options: ConnectionOptions = {}): Connection {
  return composeConnection(uri, options, load);
}

/**
 * Resolves with a connection when the first session is established. Rejects with what createConnection throws, and like
 * Connection.connect with AUTHENTICATION_FAILED, NO_ACTIVE_ENDPOINT, CONNECT_TIMEOUT or ABORTED.
 */
export async function connect(uri: string, given: ConnectOptions = {}): Promise<Connection> {
  const { signal, ...options } = copyOptions("connect", given);
  return createConnection(uri, options).connect({ signal });
}
