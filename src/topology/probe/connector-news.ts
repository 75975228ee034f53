/** Asks a Classic broker for the connectors that lead to it: each is a connection, which its client id identifies. */
import type { Connection } from "../../messaging/connection/connection.ts";
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";

/** A connector as the broker at its far end sees it. */
export interface SeenConnector {
  /** `NAME_BROKER_outbound`: NAME is the connector's, BROKER the brokerName of the group that has it. */
  readonly clientId: string;
  /** Where the connection comes from. */
  readonly from: string;
}

export interface ConnectorNews {
  /**
   * undefined if the broker reports nothing: without the right to read advisories, or over STOMP without their
   * libraries.
   */
  readonly connectors: readonly SeenConnector[] | undefined;
  /** The brokerName in its advisories. */
  readonly brokerName: string | undefined;
}

/** Sent again to each new subscriber: one message for each open connection, including our own. */
const TOPIC = "topic://ActiveMQ.Advisory.Connection";
/** After this time without another message, all have been received. */
const QUIET_MS = 400;
/** The most connections that are read from one broker. */
const MOST = 10_000;

/** Resolves within `timeoutMs`; never rejects. */
export async function connectorNews(connection: Connection, timeoutMs: number): Promise<ConnectorNews> {
  const seen = new Map<string, SeenConnector>();
  let brokerName: string | undefined;
  let messages = 0;
  const consumer = connection.consume(TOPIC);
  const late = setTimeout(() => void consumer.close(), timeoutMs);
  let quiet: NodeJS.Timeout | undefined;
  try {
    for await (const delivery of consumer) {
      messages += 1;
      const { message } = delivery;
      const name = message.properties["originBrokerName"];
      if (typeof name === "string") brokerName = name;
      const connector = connectorIn(message);
      if (connector) seen.set(connector.clientId, connector);
      await delivery.accept();
      if (messages >= MOST) break;
      clearTimeout(quiet);
      quiet = setTimeout(() => void consumer.close(), QUIET_MS);
    }
  } catch {
    // Without the right to read advisories the subscription is refused, and the broker reports nothing.
  } finally {
    clearTimeout(late);
    clearTimeout(quiet);
  }
  return { connectors: messages === 0 ? undefined : [...seen.values()], brokerName };
}

/** The far half of a connector; its near half is connected to its own broker by `vm://`. */
function connectorIn(message: Pick<ReceivedMessage, "text">): SeenConnector | undefined {
  let read: unknown;
  try {
    read = JSON.parse(message.text());
  } catch {
    return undefined;
  }
  // STOMP has { ConnectionInfo: { clientId, clientIp } }, AMQP has { ClientId, ClientIp }.
  const info = (read as { readonly ConnectionInfo?: object } | null)?.ConnectionInfo ?? read;
  const { clientId, ClientId = clientId, clientIp, ClientIp = clientIp } = (info ?? {}) as Record<string, unknown>;
  if (typeof ClientId !== "string" || !ClientId.endsWith("_outbound")) return undefined;
  const from = typeof ClientIp === "string" ? ClientIp : "";
  return from.startsWith("vm:") ? undefined : { clientId: ClientId, from };
}
