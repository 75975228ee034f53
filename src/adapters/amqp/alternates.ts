/** Endpoints a broker names by itself: the `failover-server-list` of its open frame, and redirects (Artemis sends both). */
import { type Endpoint, type EndpointScheme, isSecure } from "../../uri/endpoint.ts";

/** What of the list can be used, in its order. Entries that are malformed, or would leave TLS, are skipped. */
export function alternatesOf(list: unknown, current: Endpoint): readonly Endpoint[] {
  if (!Array.isArray(list)) return [];
  return list.map((entry) => alternateOf(entry, current)).filter((endpoint) => endpoint !== undefined);
}

/** The target of a redirect, from the info map of `amqp:connection:redirect` (AMQP 1.0, 2.8.16). */
export function alternateOf(info: unknown, current: Endpoint): Endpoint | undefined {
  if (typeof info !== "object" || info === null) return undefined;
  const { "network-host": host, port: portFound, scheme: named } = info as Readonly<Record<string, unknown>>;
  const port = Number(portFound);
  const scheme = schemeOf(named, current);
  if (typeof host !== "string" || host === "" || scheme === undefined) return undefined;
  if (!(Number.isInteger(port) && port > 0 && port < 65536)) return undefined;
  const alternate: Endpoint = { scheme, host: host.replace(/^\[(.*)\]$/, "$1"), port, options: current.options };
  // The login of the endpoint that named it, kept where no enumeration finds it.
  if (current.credentials)
    Object.defineProperty(alternate, "credentials", { value: current.credentials, enumerable: false });
  return alternate;
}

/** Undefined for what is not AMQP over TCP, and for anything less secure than the endpoint that told us. */
function schemeOf(named: unknown, current: Endpoint): EndpointScheme | undefined {
  if (named === undefined || named === null || named === current.scheme) return current.scheme;
  if (named !== "amqp" && named !== "amqps") return undefined;
  if (isSecure({ scheme: named }) === isSecure(current)) return current.scheme;
  return isSecure(current) ? undefined : named;
}
