/** Applies a consumer's selector to the messages that the embedded group keeps. */
import { formatDestination } from "../../messaging/messages/destination.ts";
import { contentOf } from "../content.ts";
import { Refusal } from "../destinations/refusal.ts";
import type { MessageContent } from "../message-content.ts";
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
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal("amqp:invalid-field", `Invalid selector "${selector.text}": ${reason}`);
  }
}

/** The JMS names for fields of a message. A JMS name that is missing here has no value. */
const FIELDS: Readonly<Record<string, (message: MessageDraft, content: MessageContent) => Value | undefined>> = {
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
/** One message is asked for several properties by several consumers, so its content is decoded once. */
const CONTENTS = new WeakMap<MessageDraft["content"], MessageContent>();

function propertyOf(message: MessageDraft, name: string): Value {
  const known = CONTENTS.get(message.content);
  const content = known ?? contentOf(message);
  if (!known) CONTENTS.set(message.content, content);
  const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (field) return field(message, content) ?? null;
  return (Object.hasOwn(content.properties, name) ? content.properties[name] : undefined) ?? null;
}
