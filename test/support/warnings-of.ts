/** The warnings of a connection at its first session and after a failover. */
import type { ConnectionOptions } from "../../src/connect/connect-options.ts";
import { composeConnection, type OpenAdapter } from "../../src/connect/create-connection.ts";
import type { ConnectionWarning } from "../../src/messaging/port/adapter-settings.ts";
import { ToyBroker } from "./toy-messaging-session.ts";

/**
 * Resolves with the warnings of a connection that had a session, lost it, got another, and was closed. `adapterOf` makes
 * the adapter that opens the broker's sessions.
 */
export async function warningsOf(
  uri: string,
  options: ConnectionOptions = {},
  adapterOf: (broker: ToyBroker) => OpenAdapter = (broker) => () => broker.open,
): Promise<readonly ConnectionWarning[]> {
  const broker = new ToyBroker();
  const connection = composeConnection(uri, options, async () => adapterOf(broker));
  const warnings: ConnectionWarning[] = [];
  connection.on("warning", (warning) => warnings.push(warning));
  await connection.connect();
  const restored = new Promise((resolve) => connection.once("restored", resolve));
  broker.session.die();
  await restored;
  await connection.close();
  return warnings;
}
