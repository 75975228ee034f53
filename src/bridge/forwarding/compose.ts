/** Makes the message to send at the target from a received one. */
import { type Destination, formatDestination, parseDestination } from "../../messaging/messages/destination.ts";
import { passSections } from "../../messaging/messages/encoded-sections.ts";
import type { MessageBody, PropertyValue } from "../../messaging/messages/outgoing-message.ts";
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";
import type { SendOptions } from "../../messaging/sending/call-options.ts";
import type { HeaderRules } from "../config/bridge-config.ts";
import type { Protocol } from "../routing/message-identity.ts";
import { idAtTarget, identityOf } from "../routing/message-identity.ts";
import {
  FIRST_ID_PROPERTY,
  mayReturn,
  PATH_PROPERTY,
  type PathRule,
  readPath,
  whyNotOn,
  writePath,
} from "../routing/path.ts";
import { applyRenames } from "../routing/rename.ts";
import { type Route, targetOf } from "../routing/route.ts";
import { carriedProperties } from "./carried-properties.ts";
import { passedBody } from "./passed-body.ts";

/** The rules of a direction for composing messages. */
export interface ComposeRules {
  readonly link: string;
  readonly route: Route;
  readonly path: PathRule;
  readonly headers: HeaderRules | undefined;
  /** The source's protocol. */
  readonly protocol: Protocol;
  /** The target's protocol. */
  readonly targetProtocol: Protocol;
  readonly convert: "json" | undefined;
}

export interface OutgoingCopy {
  readonly kind: "forward";
  readonly source: Destination;
  readonly destination: string;
  readonly body: MessageBody;
  readonly options: SendOptions;
  /** The id at the target, if the message has an identity. */
  readonly key: string | undefined;
  /** The group in which the message was first sent, by its path. */
  readonly origin: string;
  /** The identity in the first group, if there is one. */
  readonly firstId: string | undefined;
  readonly replyToUnreachable: boolean;
  /** Whether the message goes back to the group that it came from. */
  readonly returned: boolean;
}

export type Composed =
  | OutgoingCopy
  /** The message is not forwarded. */
  | { readonly kind: "stays"; readonly reason: string }
  /** The message's time to live has run out. */
  | { readonly kind: "expired" };

/** @throws Error for a message that cannot be read. */
export function compose(message: ReceivedMessage, rules: ComposeRules, now = Date.now()): Composed {
  const { link, route, path, headers, protocol } = rules;
  const source = parseDestination(message.destination ?? "");
  const target = targetOf(route, source);
  if (!target) return { kind: "stays", reason: `${formatDestination(source)} is excluded` };
  const groups = readPath(message.properties[PATH_PROPERTY]);
  const returned = source.kind === "queue" && mayReturn(groups, path);
  const stays = returned ? undefined : whyNotOn(groups, path);
  if (stays !== undefined) return { kind: "stays", reason: stays };
  if (message.expiresAtMs !== undefined && message.expiresAtMs <= now) return { kind: "expired" };
  const identity = identityOf(message, protocol);
  const key = identity && idAtTarget({ group: path.from, link, source: formatDestination(source) }, identity);
  const firstId = firstIdOf(message, source, groups) ?? identity;
  const reply = replyAddress(message.replyTo, route);
  const { body, sections } = passedBody(message, rules);
  const properties: Record<string, PropertyValue> = {
    // Properties that are passed on encoded keep their types.
    ...(sections ? headers?.add : carriedProperties(message.properties, headers)),
    ...(returned ? pathBefore(groups) : pathOf(message, groups, path)),
    ...(firstId !== undefined && { [FIRST_ID_PROPERTY]: firstId }),
  };
  const { replyTo } = reply;
  const options: SendOptions = {
    properties,
    ...carriedOptions(message, protocol, now),
    ...(replyTo !== undefined && { replyTo }),
    ...(key !== undefined && { id: key }),
  };
  if (sections) passSections(options, sections);
  return {
    kind: "forward",
    source,
    destination: formatDestination(target),
    body,
    options,
    key,
    origin: (groups !== "full" && groups[0]) || path.from,
    firstId,
    replyToUnreachable: reply.unreachable,
    returned,
  };
}

/** Returns the path that a returning message had in the group that it goes back to: it may be forwarded from there again. */
function pathBefore(groups: readonly string[] | "full"): Readonly<Record<string, string>> {
  const before = groups === "full" ? [] : groups.slice(0, -1);
  return before.length === 0 ? {} : { [PATH_PROPERTY]: writePath(before) };
}

/** A move within one group is no hop. */
function pathOf({ properties }: ReceivedMessage, groups: readonly string[] | "full", { from, move }: PathRule) {
  const known = properties[PATH_PROPERTY];
  if (move) return known === undefined ? {} : { [PATH_PROPERTY]: known };
  return { [PATH_PROPERTY]: writePath(groups === "full" ? [from] : [...groups, from]) };
}

function carriedOptions(message: ReceivedMessage, protocol: Protocol, now: number): SendOptions {
  const { priority, correlationId, type, groupId, groupSequence, expiresAtMs, persistent } = message;
  return {
    // STOMP does not reliably tell, and treating a message as persistent cannot lose it.
    persistent: protocol === "stomp" || persistent !== false,
    ...(priority !== undefined && { priority: Math.max(0, Math.min(9, priority)) }),
    ...(correlationId !== undefined && { correlationId }),
    ...(type !== undefined && { type }),
    ...(groupId !== undefined && { groupId }),
    ...(groupId !== undefined && groupSequence !== undefined && { groupSequence }),
    ...(expiresAtMs !== undefined && { ttlMs: expiresAtMs - now }),
  };
}

/** Returns the reply address, renamed like a destination. A temporary address exists only in the source group, and is passed on unchanged. */
function replyAddress(
  replyTo: string | undefined,
  { renames }: Route,
): { readonly replyTo: string | undefined; readonly unreachable: boolean } {
  if (replyTo === undefined) return { replyTo, unreachable: false };
  const address = parseDestination(replyTo);
  if (address.kind !== "queue" && address.kind !== "topic") return { replyTo, unreachable: true };
  return { replyTo: formatDestination(applyRenames(renames, address)), unreachable: false };
}

/**
 * Returns the id that the message had in its first group. Copies of a published message are recognised by this id, and
 * anybody may copy the property, so on topics it counts only together with a path. A message that was returned to its
 * queue has no path any more, and keeps the id for tracing.
 */
function firstIdOf(
  { properties }: ReceivedMessage,
  { kind }: Destination,
  groups: readonly string[] | "full",
): string | undefined {
  const value = properties[FIRST_ID_PROPERTY];
  if (typeof value !== "string" || value.length > MAX_FIRST_ID) return undefined;
  return kind === "queue" || groups.length > 0 ? value : undefined;
}

/** The longest first id that is read: anybody may send such a property. */
const MAX_FIRST_ID = 512;
