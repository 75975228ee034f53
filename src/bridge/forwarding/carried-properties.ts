/** Decides which properties of a message go on to the next group. */
import type { PropertyValue } from "../../messaging/messages/outgoing-message.ts";
import type { HeaderRules } from "../config/bridge-config.ts";
import { OWN_PROPERTIES } from "../routing/path.ts";

/**
 * Properties that brokers and protocols set for themselves: at the next hop they would be believed, or take effect
 * again.
 */
const LOCAL: ReadonlySet<string> = new Set([
  ...["scheduledJobId", "original-destination", "originalExpiration", "dlqDeliveryFailureCause", "JMSXDeliveryCount"],
  ...[
    "AMQ_SCHEDULED_DELAY",
    "AMQ_SCHEDULED_TIME",
    "AMQ_SCHEDULED_PERIOD",
    "AMQ_SCHEDULED_REPEAT",
    "AMQ_SCHEDULED_CRON",
  ],
  ...["_AMQ_SCHED_DELIVERY", "NATIVE_MESSAGE_ID", "redelivered", "amqp-message-id", "amqp-content-type"],
]);
const LOCAL_BEGINNINGS = ["_AMQ_ORIG_", "JMS_AMQP_", "x-opt-ORIG"];
/** Headers of STOMP frames, which Artemis shows to AMQP consumers as message properties. */
const STOMP_FRAME: ReadonlySet<string> = new Set([
  "receipt",
  "destination",
  "destination-type",
  "transaction",
  "subscription",
]);

/** Whether a property belongs to one broker or protocol, and is not forwarded. */
export function staysBehind(name: string): boolean {
  return (
    LOCAL.has(name) ||
    STOMP_FRAME.has(name) ||
    OWN_PROPERTIES.has(name) ||
    LOCAL_BEGINNINGS.some((start) => name.startsWith(start))
  );
}

/** Returns the properties to send, without our own. A name that STOMP reserves is kept: the send reports it. */
export function carriedProperties(
  properties: Readonly<Record<string, PropertyValue>>,
  { add, remove = [] }: HeaderRules = {},
): Record<string, PropertyValue> {
  const kept = Object.entries(properties).filter(([name]) => !staysBehind(name) && !remove.includes(name));
  return { ...Object.fromEntries(kept), ...add };
}
