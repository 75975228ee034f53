/** What the stories over an embedded group share: a group and connections that end with the test. */
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

/** Idle; closed, without waiting for what is pending, when the test ends. */
export function storyConnection(uri: string, options: ConnectionOptions = {}): Connection {
  const connection = createConnection(uri, options);
  onTestFinished(() => connection.close({ drainTimeoutMs: 0 }));
  return connection;
}

/** A proxy before each member, and the URI over them. */
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

/** Resolves with the payload of the next such event. */
export function next<Event extends "interrupted" | "restored">(connection: Connection, event: Event): Promise<unknown> {
  return new Promise((resolve) => connection.once(event, resolve));
}
