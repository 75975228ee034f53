/** Endpoints that a broker names: the `failover-server-list` of its open frame, and redirects (Artemis sends both). */
import { type Endpoint, type EndpointScheme, isSecure } from "../../../uri/endpoint.ts";
import { withCredentials } from "../../../uri/with-credentials.ts";

/** The search keeps as many; of a longer list the first are used. */
const MAX_ENTRIES = 32;

/** A host as the URI accepts it; a percent sign begins the zone of an IPv6 address. */
const HOST = /^([A-Za-z0-9._-]{1,254}|[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._-]{1,64})?)$/;

/**
 * The usable entries of the list, in order. Malformed entries, and those without TLS where the endpoint has it, are
 * skipped.
 */
export function alternatesOf(list: unknown, current: Endpoint): readonly Endpoint[] {
  if (!Array.isArray(list)) return [];
  const found = list.slice(0, 10 * MAX_ENTRIES).map((entry) => alternateOf(entry, current));
  return found.filter((endpoint) => endpoint !== undefined).slice(0, MAX_ENTRIES);
}

/** The target of a redirect, from the info map of `amqp:connection:redirect` (AMQP 1.0, 2.8.16). */
export function alternateOf(info: unknown, current: Endpoint): Endpoint | undefined {
  if (typeof info !== "object" || info === null) return undefined;
  const { "network-host": hostFound, port: portFound, scheme: named } = info as Readonly<Record<string, unknown>>;
  const port = portOf(portFound);
  const scheme = schemeOf(named, current);
  if (typeof hostFound !== "string" || port === undefined || scheme === undefined) return undefined;
  const host = hostFound.replace(/^\[(.*)\]$/, "$1");
  if (!HOST.test(host)) return undefined;
  // The alternate gets the login of the endpoint that named it.
  return withCredentials({ scheme, host, port, options: current.options }, current.credentials);
}

/** Accepts a number, or its digits. */
function portOf(found: unknown): number | undefined {
  const port = typeof found === "string" && /^\d{1,5}$/.test(found) ? Number(found) : found;
  return typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined;
}

/**
 * Returns undefined for anything other than AMQP over TCP, and for anything less secure than the endpoint that named
 * it.
 */
function schemeOf(named: unknown, current: Endpoint): EndpointScheme | undefined {
  if (named === undefined || named === null || named === current.scheme) return current.scheme;
  if (named !== "amqp" && named !== "amqps") return undefined;
  if (isSecure({ scheme: named }) === isSecure(current)) return current.scheme;
  return isSecure(current) ? undefined : named;
}
