/**
 * Shared parts of the stories over an embedded group: a group and connections that are closed at the end of the test.
 */
import { onTestFinished } from "vitest";
import { createConnection } from "../../src/connect/connect.ts";
import type { ConnectionOptions } from "../../src/connect/connect-options.ts";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import { type EmbeddedGroup, embeddedGroup } from "../../src/testing/embedded-group.ts";
import { type FaultProxy, faultProxy } from "../../src/testing/fault-proxy.ts";
import type { EmbeddedGroupOptions } from "../../src/testing/group/group-options.ts";

export type Protocol = "stomp" | "amqp";

export async function storyGroup(protocol: Protocol, options: EmbeddedGroupOptions = {}): Promise<EmbeddedGroup> {
  const group = await embeddedGroup({ inProcess: true, protocols: [protocol], ...options });
  onTestFinished(() => group.close());
  return group;
}

/** An idle connection. At the end of the test it is closed without waiting for pending work. */
export function storyConnection(uri: string, options: ConnectionOptions = {}): Connection {
  const connection = createConnection(uri, options);
  onTestFinished(() => connection.close({ drainTimeoutMs: 0 }));
  return connection;
}

/** Puts a proxy in front of each member; returns them and the URI that leads through them. */
export async function proxied(
  group: EmbeddedGroup,
  protocol: Protocol,
): Promise<{ readonly uri: string; readonly proxies: readonly FaultProxy[] }> {
  const proxies = await Promise.all(group.endpoints(protocol).map((endpoint) => faultProxy(endpoint)));
  onTestFinished(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });
  return { proxies, uri: `masterslave:(${proxies.map(({ port }) => `${protocol}://127.0.0.1:${port}`).join(",")})` };
}

/** Resolves with the payload of the next event of this name. */
export function next<Event extends "interrupted" | "restored">(connection: Connection, event: Event): Promise<unknown> {
  return new Promise((resolve) => connection.once(event, resolve));
}
