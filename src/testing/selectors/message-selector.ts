/** Applies a consumer's selector to the messages that the embedded group keeps. */
import { textOf } from "../../errors/text-of.ts";
import { formatDestination } from "../../messaging/messages/destination.ts";
import { headOf } from "../content.ts";
import { Refusal } from "../destinations/refusal.ts";
import type { MessageHead } from "../message-content.ts";
import type { MessageDraft, SelectorText } from "../store/stored-message.ts";
import type { Value } from "./operators.ts";
import { compileSelector } from "./selector.ts";

export type MessageSelector = (message: MessageDraft) => boolean;

/**
 * Returns a test for messages; undefined without a selector, which selects everything. @throws Refusal for an invalid
 * selector.
 */
export function messageSelector(selector: SelectorText | undefined): MessageSelector | undefined {
  if (selector === undefined) return undefined;
  try {
    const selects = compileSelector(selector.text, selector);
    return (message) => selects((name) => propertyOf(message, name));
  } catch (cause) {
    throw new Refusal("amqp:invalid-field", `Invalid selector "${selector.text}": ${textOf(cause)}`);
  }
}

/** The JMS names for fields of a message. A JMS name that is missing here has no value. */
const FIELDS: Readonly<Record<string, (message: MessageDraft, head: MessageHead) => Value | undefined>> = {
  JMSPriority: ({ priority }) => priority,
  JMSDeliveryMode: ({ persistent }) => (persistent ? "PERSISTENT" : "NON_PERSISTENT"),
  JMSExpiration: ({ expiresAtMs = 0 }) => expiresAtMs,
  JMSDestination: ({ destination }) => formatDestination(destination),
  JMSCorrelationID: (_, { correlationId }) => correlationId,
  JMSMessageID: (_, { messageId }) => messageId,
  JMSReplyTo: (_, { replyTo }) => replyTo,
  JMSType: (_, { subject }) => subject,
  JMSXGroupID: (_, { groupId }) => groupId,
  JMSXGroupSeq: (_, { groupSequence }) => groupSequence,
};
/** One message is asked for several properties by several consumers, so its sections before the body are decoded once. */
const HEADS = new WeakMap<MessageDraft["content"], MessageHead>();

function propertyOf(message: MessageDraft, name: string): Value {
  const known = HEADS.get(message.content);
  const head = known ?? headOf(message);
  if (!known) HEADS.set(message.content, head);
  const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (field) return field(message, head) ?? null;
  return (Object.hasOwn(head.properties, name) ? head.properties[name] : undefined) ?? null;
}
