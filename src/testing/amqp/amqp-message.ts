/** A transfer as a message to store, and a stored message as the bytes of a transfer. */
import rhea from "rhea";
import { type Destination, formatDestination } from "../../messaging/destination.ts";
import { DUPLICATE_ID_PROPERTY } from "../../messaging/outgoing-message.ts";
import { contentOf } from "../content.ts";
import type { QueueEntry } from "../destinations/queue.ts";
import { Refusal } from "../destinations/refusal.ts";
import { messageIdOf } from "../stomp/send-frame.ts";
import type { MessageDraft, StoredMessage } from "../store/stored-message.ts";
import { type DecodedMessage, decode } from "./amqp-content.ts";
import { encodeHeader, findSections } from "./sections.ts";

const DEFAULT_PRIORITY = 4;
const SCHEDULING = ["x-opt-delivery-delay", "x-opt-delivery-time"];

/** @throws Refusal when the bytes are no message, or ask for what the embedded group does not do. */
export function draftFromTransfer(encoded: Buffer, destination: Destination): MessageDraft {
  const { bodyAt } = findSections(encoded);
  const message = decodeSafely(encoded.subarray(0, bodyAt));
  const duplicateId = message.application_properties?.[DUPLICATE_ID_PROPERTY];
  return {
    destination,
    persistent: message.durable === true,
    priority: message.priority ?? DEFAULT_PRIORITY,
    expiresAtMs: expiryOf(message),
    duplicateId: typeof duplicateId === "string" ? duplicateId : undefined,
    content: { protocol: "amqp", body: encoded },
  };
}

function decodeSafely(encoded: Buffer): DecodedMessage & { readonly message_annotations?: Record<string, unknown> } {
  let message: ReturnType<typeof decodeSafely>;
  try {
    message = decode(encoded);
  } catch {
    throw new Refusal("amqp:decode-error", "The transfer's sections cannot be read");
  }
  const delayed = SCHEDULING.find((name) => message.message_annotations?.[name] !== undefined);
  if (delayed !== undefined) throw Refusal.notDone(`scheduled delivery (annotation ${delayed})`);
  return message;
}

/** A ttl of 0 has expired; absence of both never does (AMQP 1.0 sections 3.2.1 and 3.2.4). */
function expiryOf({ ttl, absolute_expiry_time }: DecodedMessage): number | undefined {
  if (ttl !== undefined) return Date.now() + ttl;
  return absolute_expiry_time === undefined ? undefined : Number(absolute_expiry_time);
}

/** The message's bytes: as sent, but for the delivery-count. */
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
  const sections = rhea.message.encode({
    message_id: message.duplicateId ?? messageIdOf(message),
    to: formatDestination(message.destination),
    subject: content.subject,
    reply_to: content.replyTo,
    correlation_id: content.correlationId,
    content_type: content.contentType,
    application_properties: content.properties,
    body: content.kind === "text" ? content.body.toString() : rhea.message.data_section(content.body),
  });
  const { headerEnd } = findSections(sections);
  return Buffer.concat([encodeHeader(headerFields(message, failures)), sections.subarray(headerEnd)]);
}
