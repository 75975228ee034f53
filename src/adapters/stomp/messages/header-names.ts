/** The headers that mean something to STOMP or a broker: no property is sent under such a name. */
import { DUPLICATE_ID_PROPERTY } from "../../../messaging/messages/outgoing-message.ts";
import type { Dialect } from "../opening/broker.ts";

/** Each reserved name with the send option that sets it, if there is one. */
const RESERVED: ReadonlyMap<string, string | undefined> = new Map([
  // Headers of the frame.
  ...["destination", "destination-type", "subscription-type", "transaction", "receipt", "receipt-id", "id"].map(unset),
  ...["content-length", "content-type", "amq-msg-type", "transformation", "message-id", "subscription"].map(unset),
  ...["ack", "redelivered", "selector", "message", "browser", "timestamp", "NATIVE_MESSAGE_ID"].map(unset),
  // Headers of the message.
  ["persistent", "persistent"],
  ["priority", "priority"],
  ["expires", "ttlMs"],
  ["correlation-id", "correlationId"],
  ["reply-to", "replyTo"],
  ["type", "type"],
  [DUPLICATE_ID_PROPERTY, "id"],
  // Artemis keeps the group and the time under its own names, and shows those.
  ["JMSXGroupID", "groupId"],
  ["_AMQ_GROUP_ID", "groupId"],
  ["JMSXGroupSeq", "groupSequence"],
  ["_AMQ_GROUP_SEQUENCE", "groupSequence"],
  ["AMQ_SCHEDULED_DELAY", "delayMs"],
  ["AMQ_SCHEDULED_TIME", "delayMs"],
  ["_AMQ_SCHED_DELIVERY", "delayMs"],
]);

function unset(name: string): [string, undefined] {
  return [name, undefined];
}

/** Both brokers keep a message's AMQP fields under this prefix, and would believe a client that sends them. */
export const AMQP_PREFIX = "JMS_AMQP_";

/**
 * Names that stompit, at the other end, would lose or fail on, because it keeps headers in a plain object. Received
 * ones are not shown as properties either.
 */
const UNREADABLE: ReadonlySet<string> = new Set(["__proto__", "hasOwnProperty"]);

function isReserved(name: string): boolean {
  return RESERVED.has(name) || UNREADABLE.has(name) || name.startsWith(AMQP_PREFIX);
}

/** No MESSAGE frame has headers of its own by these names: they are properties of the sender. */
const NEVER_OWN: ReadonlySet<string> = new Set([
  ...["id", "message", "receipt-id", "selector", "browser", "subscription-type"],
]);
/** Headers of Artemis's own: in a MESSAGE from another broker they are properties of the sender. */
const OF_ARTEMIS: ReadonlySet<string> = new Set(["destination-type", "NATIVE_MESSAGE_ID"]);

/** Whether a header of a received message belongs to the broker, not to the sender's properties. */
export function isOwnHeader(name: string, { writesAddresses }: Dialect): boolean {
  if (NEVER_OWN.has(name) || (!writesAddresses && OF_ARTEMIS.has(name))) return false;
  return isReserved(name);
}

/** Artemis writes these once before the properties: a second header of the same name is a property. */
export const WRITTEN_FIRST: ReadonlySet<string> = new Set([
  ...["subscription", "message-id", "destination", "expires", "redelivered", "priority", "persistent", "timestamp"],
]);

/** Returns what to use instead of a property of this name; undefined if it can be sent. */
export function insteadOf(name: string): string | undefined {
  if (!isReserved(name)) return undefined;
  const option = RESERVED.get(name);
  return option === undefined ? "choose another name" : `use the option ${option}, or choose another name`;
}
