/** The warnings of a connection at its first session and after a failover. */
import { composeConnection } from "../../src/connect/create-connection.ts";
import type { ConnectionWarning } from "../../src/messaging/port/adapter-settings.ts";
import { ToyBroker } from "./toy-messaging-session.ts";

/** Resolves with the warnings of a connection that had a session, lost it, got another, and was closed. */
export async function warningsOf(uri: string): Promise<readonly ConnectionWarning[]> {
  const broker = new ToyBroker();
  const connection = composeConnection(uri, {}, async () => () => broker.open);
  const warnings: ConnectionWarning[] = [];
  connection.on("warning", (warning) => warnings.push(warning));
  await connection.connect();
  const restored = new Promise((resolve) => connection.once("restored", resolve));
  broker.session.die();
  await restored;
  await connection.close();
  return warnings;
}
