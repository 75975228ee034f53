/** A SEND frame as a message to store, and a stored message as a MESSAGE frame. */
import { formatDestination } from "../../messaging/destination.ts";
import { DUPLICATE_ID_PROPERTY } from "../../messaging/outgoing-message.ts";
import { contentOf } from "../content.ts";
import { destinationFrom } from "../destinations/destination-name.ts";
import type { QueueEntry } from "../destinations/queue.ts";
import { Refusal } from "../destinations/refusal.ts";
import type { MessageDraft, StoredMessage } from "../store/stored-message.ts";
import { encodeFrame, type FrameHeaders, type StompFrame } from "./frame.ts";
import { addressForStomp } from "./stomp-content.ts";

/** Meant for the broker, or the broker's to say: not passed on. */
const BROKER_HEADERS = new Set(
  "destination receipt transaction content-length persistent priority expires amq-msg-type message-id subscription ack redelivered".split(
    " ",
  ),
);
const SCHEDULING = ["AMQ_SCHEDULED_DELAY", "AMQ_SCHEDULED_TIME", "AMQ_SCHEDULED_CRON"];

/** @throws Refusal for what the embedded group does not do, or what is no SEND. */
export function draftFromSend({ headers, body }: StompFrame): MessageDraft {
  if (headers["transaction"] !== undefined) throw Refusal.notDone("transactions (header transaction)");
  const scheduled = SCHEDULING.find((name) => headers[name] !== undefined);
  if (scheduled !== undefined) throw Refusal.notDone(`scheduled delivery (header ${scheduled})`);
  const priority = Number(headers["priority"] ?? 4);
  const expiresAtMs = Number(headers["expires"] ?? 0);
  if (!Number.isInteger(priority) || priority < 0 || priority > 9 || !Number.isFinite(expiresAtMs)) {
    throw new Refusal("amqp:invalid-field", "priority is a whole number from 0 to 9, expires a time in milliseconds");
  }
  const passedOn = Object.entries(headers).filter(([name]) => !BROKER_HEADERS.has(name));
  return {
    destination: destinationFrom(headers["destination"] ?? ""),
    persistent: headers["persistent"] === "true",
    priority,
    expiresAtMs: expiresAtMs > 0 ? expiresAtMs : undefined,
    duplicateId: headers[DUPLICATE_ID_PROPERTY],
    content: { protocol: "stomp", headers: Object.fromEntries(passedOn), kind: kindOf(headers), body },
  };
}

/** As Classic: a content-length marks bytes, unless amq-msg-type says otherwise. */
function kindOf(headers: StompFrame["headers"]): "text" | "bytes" {
  const type = headers["amq-msg-type"];
  if (type === "text" || type === "bytes") return type;
  if (type !== undefined) throw Refusal.notDone(`messages of another kind than text and bytes (amq-msg-type: ${type})`);
  return headers["content-length"] === undefined ? "text" : "bytes";
}

export interface MessageFrameContext {
  readonly subscription: string;
  /** Present where the client has to settle. */
  readonly ack: string | undefined;
}

export function encodeMessage(
  { message, redelivered }: QueueEntry,
  { subscription, ack }: MessageFrameContext,
): Buffer {
  const { headers, kind, body } = stompContentOf(message);
  // A text goes without content-length, as Classic sends it, unless a NUL would end it too early.
  const length = kind === "bytes" || body.includes(0) ? body.length : undefined;
  return encodeFrame(
    "MESSAGE",
    {
      subscription,
      "message-id": messageIdOf(message),
      destination: addressForStomp(formatDestination(message.destination)),
      ack,
      persistent: message.persistent ? "true" : undefined,
      priority: message.priority,
      expires: message.expiresAtMs ?? 0,
      redelivered: redelivered ? "true" : undefined,
      "content-length": length,
      ...headers,
    },
    body,
  );
}

/** The broker's own id: two stored copies of one send differ in it. */
export function messageIdOf({ sequence }: StoredMessage): string {
  return `ID:masterslave-embedded-${sequence}`;
}

function stompContentOf(message: StoredMessage): {
  readonly headers: FrameHeaders;
  readonly kind: string;
  readonly body: Buffer;
} {
  if (message.content.protocol === "stomp") return message.content;
  const { properties, correlationId, replyTo, contentType, subject, messageId, kind, body } = contentOf(message);
  const fields: FrameHeaders = {
    "correlation-id": correlationId,
    "reply-to": replyTo === undefined ? undefined : addressForStomp(replyTo),
    "content-type": contentType,
    type: subject,
    "amqp-message-id": messageId,
  };
  const texts = Object.entries(properties).map(([name, value]) => [name, String(value)] as const);
  return { headers: { ...Object.fromEntries(texts), ...fields }, kind, body };
}
