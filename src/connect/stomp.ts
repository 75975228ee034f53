/** connect() and createConnection() for STOMP only: `masterslave-transport/stomp`. The AMQP adapter is not loaded. */
import { openStompSession } from "../adapters/stomp/open-session.ts";
import type { Connection } from "../messaging/connection/connection.ts";
import { copyOptions } from "../messaging/messages/argument-checks.ts";
import type { ConnectionOptions, ConnectOptions } from "./connect-options.ts";
import { composeConnection } from "./create-connection.ts";

export type { Connection } from "../messaging/connection/connection.ts";
export type * from "./option-types.ts";

/** Like createConnection of the main entry; tcp:// and ssl:// endpoints speak STOMP here. */
export function createConnection(uri: string, options: ConnectionOptions = {}): Connection {
  return composeConnection(uri, options, async () => openStompSession, "stomp");
}

/** Like connect of the main entry; tcp:// and ssl:// endpoints speak STOMP here. */
export async function connect(uri: string, given: ConnectOptions = {}): Promise<Connection> {
  const { signal, ...options } = copyOptions("connect", given);
  return createConnection(uri, options).connect({ signal });
}
