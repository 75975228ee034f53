/**
 * connect() and createConnection() for AMQP 1.0 only: `masterslave-transport/amqp`. The STOMP adapter is not loaded.
 */
import { openAmqpSession } from "../adapters/amqp/open-session.ts";
import type { Connection } from "../messaging/connection/connection.ts";
import { copyOptions } from "../messaging/messages/argument-checks.ts";
import type { ConnectionOptions, ConnectOptions } from "./connect-options.ts";
import { composeConnection } from "./create-connection.ts";

export type { Connection } from "../messaging/connection/connection.ts";
export type * from "./option-types.ts";

/** Like createConnection of the main entry; tcp:// and ssl:// endpoints speak AMQP 1.0 here. */
export function createConnection(uri: string, options: ConnectionOptions = {}): Connection {
  return composeConnection(uri, options, async () => openAmqpSession, "amqp");
}

/** Like connect of the main entry; tcp:// and ssl:// endpoints speak AMQP 1.0 here. */
export async function connect(uri: string, given: ConnectOptions = {}): Promise<Connection> {
  const { signal, ...options } = copyOptions("connect", given);
  return createConnection(uri, options).connect({ signal });
}
