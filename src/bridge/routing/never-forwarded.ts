/** Destinations that wildcards never forward: forwarding them would break both groups or the bridge. */
import type { Destination } from "../../messaging/messages/destination.ts";
import type { DestinationPattern } from "./pattern.ts";

/** Advisories, statistics and scheduler of Classic; dead letters; management of Artemis; queues of this library. */
const NEVER: readonly RegExp[] = [
  /^ActiveMQ\.(Advisory|Statistics|Scheduler)\./,
  /^ActiveMQ\.DLQ(\.|$)/,
  /^DLQ(\.|$)/,
  /^ExpiryQueue$/,
  /^activemq\.(management|notifications)/,
  /^\$(sys|ACTIVEMQ_ARTEMIS|\.artemis)/,
  /^masterslave\./,
];

/** Whether a destination is on the list. */
export function isNeverForwarded({ name }: { readonly name: string }): boolean {
  return NEVER.some((pattern) => pattern.test(name));
}

/**
 * Whether a pattern itself names a destination on the list: exactly, or by a beginning that is on the list, as in
 * `masterslave.replies.>`.
 */
export function namesNeverForwarded(pattern: DestinationPattern): boolean {
  const wildcard = pattern.words.findIndex((word) => word === "*" || word === ">");
  const fixed = wildcard < 0 ? pattern.name : `${pattern.words.slice(0, wildcard).join(".")}.`;
  return isNeverForwarded({ name: fixed });
}

/** Whether a destination may be forwarded by a pattern that matches it. */
export function mayGoBy(pattern: DestinationPattern, destination: Destination): boolean {
  return !isNeverForwarded(destination) || namesNeverForwarded(pattern);
}
