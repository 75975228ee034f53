/** The table of headers that mean something to STOMP or a broker: no property goes out under such a name. */
import { DUPLICATE_ID_PROPERTY } from "../../../messaging/messages/outgoing-message.ts";
import type { Dialect } from "../opening/broker.ts";

/** Each name with the send option that sets it, where one does. */
const RESERVED: ReadonlyMap<string, string | undefined> = new Map([
  // Of the frame.
  ...["destination", "destination-type", "subscription-type", "transaction", "receipt", "receipt-id", "id"].map(unset),
  ...["content-length", "content-type", "amq-msg-type", "transformation", "message-id", "subscription"].map(unset),
  ...["ack", "redelivered", "selector", "message", "browser", "timestamp", "NATIVE_MESSAGE_ID"].map(unset),
  // Of the message.
  ["persistent", "persistent"],
  ["priority", "priority"],
  ["expires", "ttlMs"],
  ["correlation-id", "correlationId"],
  ["reply-to", "replyTo"],
  ["type", "type"],
  [DUPLICATE_ID_PROPERTY, "id"],
  // Artemis keeps the group and the time under names of its own, and shows those.
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

/** How both brokers keep what a message had in AMQP; sent back to them, it would be believed. */
export const AMQP_PREFIX = "JMS_AMQP_";

/** Names that stompit, at the other end, would lose or choke on: it keeps headers in a plain object. What others send under them is no property here either. */
const UNREADABLE: ReadonlySet<string> = new Set(["__proto__", "hasOwnProperty"]);

function isReserved(name: string): boolean {
  return RESERVED.has(name) || UNREADABLE.has(name) || name.startsWith(AMQP_PREFIX);
}

/** No MESSAGE frame has a header of its own by these names: what stands there is a property of the sender. */
const NEVER_OWN: ReadonlySet<string> = new Set([
  ...["id", "message", "receipt-id", "selector", "browser", "subscription-type"],
]);
/** Nor by these, but for those of Artemis. */
const OF_ARTEMIS: ReadonlySet<string> = new Set(["destination-type", "NATIVE_MESSAGE_ID"]);

/** Whether a header of this name on a received message is none of the sender's properties. */
export function isOwnHeader(name: string, { writesAddresses }: Dialect): boolean {
  if (NEVER_OWN.has(name) || (!writesAddresses && OF_ARTEMIS.has(name))) return false;
  return isReserved(name);
}

/** What Artemis writes before the properties, once: a second one by this name is a property. */
export const WRITTEN_FIRST: ReadonlySet<string> = new Set([
  ...["subscription", "message-id", "destination", "expires", "redelivered", "priority", "persistent", "timestamp"],
]);

/** What to do instead of sending a property of this name; undefined where it can be sent. */
export function insteadOf(name: string): string | undefined {
  if (!isReserved(name)) return undefined;
  const option = RESERVED.get(name);
  return option === undefined ? "choose another name" : `use the option ${option}, or choose another name`;
}
