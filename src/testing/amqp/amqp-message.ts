/** Converts a transfer to a message to store, and a stored message to the bytes of a transfer. */
import { type Destination, formatDestination } from "../../messaging/messages/destination.ts";
import { DUPLICATE_ID_PROPERTY } from "../../messaging/messages/outgoing-message.ts";
import { contentOf } from "../content.ts";
import type { QueueEntry } from "../destinations/queue/queue-entry.ts";
import { Refusal } from "../destinations/refusal.ts";
import { messageIdOf } from "../stomp/send-frame.ts";
import type { MessageDraft, MessageGroup, StoredMessage } from "../store/stored-message.ts";
import { type DecodedMessage, dataSection, decodeMessage, encodeMessage } from "./rhea/rhea-server.ts";
import { encodeHeader, findSections } from "./sections.ts";
import { destinationOfMessage } from "./terminus.ts";

const DEFAULT_PRIORITY = 4;

/**
 * Makes a message to store from a transfer's bytes. `target` is the destination of its link, undefined if each message
 * names its own. @throws Refusal if the bytes are no message, or ask for something that the embedded group does not do.
 */
export function draftFromTransfer(encoded: Buffer, target: Destination | undefined): MessageDraft {
  const { bodyAt } = findSections(encoded);
  const message = decodeSafely(encoded.subarray(0, bodyAt));
  const duplicateId = message.application_properties?.[DUPLICATE_ID_PROPERTY];
  return {
    destination: target ?? destinationOfMessage(message),
    persistent: message.durable === true,
    priority: message.priority ?? DEFAULT_PRIORITY,
    expiresAtMs: expiryOf(message),
    duplicateId: typeof duplicateId === "string" ? duplicateId : undefined,
    group: groupOf(message),
    deliverAtMs: deliveryTimeOf(message.message_annotations ?? {}),
    content: { protocol: "amqp", body: encoded },
  };
}

function decodeSafely(encoded: Buffer): DecodedMessage {
  try {
    return decodeMessage(encoded);
  } catch {
    throw new Refusal("amqp:decode-error", "The transfer's sections cannot be read");
  }
}

/** A group-sequence is unsigned: over AMQP the greatest value, which is -1 for JMS clients, closes a group. */
function groupOf({ group_id: id, group_sequence: sequence }: DecodedMessage): MessageGroup | undefined {
  return id === undefined ? undefined : { id, closes: sequence === 0xffff_ffff };
}

/** The feature behind the capability DELAYED_DELIVERY: milliseconds from now, or since 1970. */
function deliveryTimeOf(annotations: Readonly<Record<string, unknown>>): number | undefined {
  const delay = annotations["x-opt-delivery-delay"];
  const time = annotations["x-opt-delivery-time"] ?? (delay === undefined ? undefined : Date.now() + Number(delay));
  if (time === undefined) return undefined;
  const atMs = Number(time);
  if (Number.isFinite(atMs)) return atMs;
  throw new Refusal("amqp:invalid-field", `Not a number of milliseconds: "${String(delay ?? time)}"`);
}

/** A ttl of 0 has expired; without ttl and expiry time a message never expires (AMQP 1.0 sections 3.2.1 and 3.2.4). */
function expiryOf({ ttl, absolute_expiry_time }: DecodedMessage): number | undefined {
  if (ttl !== undefined) return Date.now() + ttl;
  return absolute_expiry_time === undefined ? undefined : Number(absolute_expiry_time);
}

/** The message's bytes as sent, except for the delivery-count. */
export function encodeTransfer({ message, failures }: QueueEntry): Buffer {
  if (message.content.protocol === "stomp") return encodeFromStomp(message, failures);
  const encoded = message.content.body;
  if (failures === 0) return encoded;
  const { headerEnd } = findSections(encoded);
  return Buffer.concat([encodeHeader(headerFields(message, failures)), encoded.subarray(headerEnd)]);
}

function headerFields(message: StoredMessage, deliveryCount: number): Parameters<typeof encodeHeader>[0] {
  const { persistent: durable, priority, expiresAtMs } = message;
  const ttlMs = expiresAtMs === undefined ? undefined : Math.max(1, Math.round(expiresAtMs - Date.now()));
  return { durable, priority, ttlMs, deliveryCount };
}

function encodeFromStomp(message: StoredMessage, failures: number): Buffer {
  const content = contentOf(message);
  const sections = encodeMessage({
    message_id: message.duplicateId ?? messageIdOf(message),
    to: formatDestination(message.destination),
    subject: content.subject,
    reply_to: content.replyTo,
    correlation_id: content.correlationId,
    content_type: content.contentType,
    group_id: content.groupId,
    group_sequence: content.groupSequence === undefined ? undefined : content.groupSequence >>> 0,
    application_properties: content.properties,
    body: content.kind === "text" ? content.body.toString() : dataSection(content.body),
  });
  const { headerEnd } = findSections(sections);
  return Buffer.concat([encodeHeader(headerFields(message, failures)), sections.subarray(headerEnd)]);
}
