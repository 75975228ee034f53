/** Opens a connection of this library to a group of the configuration. */

import { createConnection } from "../../connect/connect.ts";
import type { ConnectionOptions } from "../../connect/connect-options.ts";
import type { LoginCredentials } from "../../connect/credentials.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import { parseMasterSlaveUri } from "../../uri/master-slave-uri.ts";
import { resolveOptions } from "../../uri/resolve-options.ts";
import type { BridgeGroup, BridgeSecret } from "../config/bridge-config.ts";
import type { Protocol } from "../routing/message-identity.ts";

export interface OpenGroup {
  /** The group's key under `groups` in the configuration. */
  readonly name: string;
  /** The group's name in the path of messages. */
  readonly id: string;
  readonly protocol: Protocol;
  readonly connection: Connection;
}

/** The link itself limits the bytes in flight; this limit of the connection only has to be higher. */
const MIN_PENDING_BYTES = 256 * 1024 * 1024;

export interface OpenGroupOptions {
  /** The client id that durable subscriptions belong to. */
  readonly clientId?: string | undefined;
  /** A process that stands by asks for the client id at least this often. */
  readonly maxReconnectDelay?: number | undefined;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
}

/** Returns an idle connection to the group. @throws the errors of createConnection. */
export function openGroup(
  name: string,
  group: BridgeGroup,
  { clientId, maxReconnectDelay, ...limits }: OpenGroupOptions,
): OpenGroup {
  const options: ConnectionOptions = {
    initialConnect: "wait",
    maxPendingSends: Math.max(10_000, 2 * limits.maxInFlight),
    maxPendingBytes: Math.max(MIN_PENDING_BYTES, Math.min(2 * limits.maxInFlightBytes, 2_147_483_647)),
    ...(clientId !== undefined && { clientId }),
    ...(maxReconnectDelay !== undefined && { maxReconnectDelay }),
    ...loginOf(group),
    ...tlsOf(group),
  };
  const { protocol } = resolveOptions(parseMasterSlaveUri(group.uri), {});
  if (!protocol) throw new Error(`The URI of the group ${name} names no protocol`);
  return { name, id: group.id ?? name, protocol, connection: createConnection(group.uri, options) };
}

function loginOf({ username, password, token }: BridgeGroup): Pick<ConnectionOptions, "credentials"> {
  if (token !== undefined) {
    const user = username === undefined ? {} : { username };
    if (typeof token === "object" && "file" in token) return { credentials: { ...user, tokenFile: token.file } };
    return { credentials: () => ({ ...user, token: secretOf(token) }) };
  }
  if (username === undefined || password === undefined) return {};
  if (typeof password === "object" && "file" in password)
    return { credentials: { username, passwordFile: password.file } };
  return { credentials: (): LoginCredentials => ({ username, password: secretOf(password) }) };
}

/** Reads the secret on every attempt. */
function secretOf(secret: Exclude<BridgeSecret, { readonly file: string }> | { readonly file: string }): string {
  if (typeof secret === "string") return secret;
  if ("file" in secret) throw new Error("A file is read by the connection itself");
  const value = process.env[secret.env];
  if (value === undefined) throw new Error(`the environment variable ${secret.env} is not set`);
  return value;
}

function tlsOf({ tls }: BridgeGroup): Pick<ConnectionOptions, "tls"> {
  if (tls === undefined) return {};
  const { ca, cert, key, servername, rejectUnauthorized } = tls;
  return {
    tls: {
      ...(ca !== undefined && { caFile: ca }),
      ...(cert !== undefined && { certFile: cert }),
      ...(key !== undefined && { keyFile: key }),
      ...(servername !== undefined && { servername }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    },
  };
}
