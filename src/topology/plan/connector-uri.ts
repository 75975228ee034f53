/** The address of a connector in a broker's own configuration. */
import type { ConnectorKind, Product } from "../description/topology.ts";
import { brokerPort, type FollowedConnector, type PlacedMember } from "../network/network.ts";

/**
 * Without back-off a connector is back 1.5 to 2.4 s after a takeover; by default up to 30 s later (measured on Classic
 * 6.1.8). These two options keep the order of the list.
 */
const FIXED_RECONNECT = "useExponentialBackOff=false&initialReconnectDelay=200";

/** Returns the connector's own URI, or one made from the members of its target. */
export function connectorUri({ connector, targets, kind }: FollowedConnector, product: Product): string {
  if (connector.uri !== undefined) return connector.uri;
  const addresses = targets.flatMap((target) => addressOf(target, kind, product) ?? []);
  // An amqp-connection lists the members of a pair with `#`; a core-bridge and a cluster connection name connectors.
  if (product === "artemis") return addresses.join("#");
  const options = connector.reconnect === "exponential" ? "" : `?${FIXED_RECONNECT}`;
  const [first = ""] = addresses;
  return addresses.length > 1 ? `masterslave:(${addresses.join(",")})${options}` : `static:(${first})${options}`;
}

function addressOf({ member, address }: PlacedMember, kind: ConnectorKind, product: Product): string | undefined {
  const found =
    isAmqp(kind) && member.ports.amqp !== undefined
      ? { scheme: "tcp", port: member.ports.amqp }
      : brokerPort(member, product);
  const host = address.includes(":") ? `[${address}]` : address;
  return found && `${found.scheme}://${host}:${found.port}`;
}

/** The kinds for which Artemis uses an amqp-connection. */
export function isAmqp(kind: ConnectorKind): boolean {
  return kind === "sender" || kind === "receiver" || kind === "mirror" || kind === "federation";
}
