/** Converts a SEND frame to a message to store, and a stored message to a MESSAGE frame. */
import { formatDestination } from "../../messaging/messages/destination.ts";
import { DUPLICATE_ID_PROPERTY } from "../../messaging/messages/outgoing-message.ts";
import { contentOf } from "../content.ts";
import type { QueueEntry } from "../destinations/queue/queue-entry.ts";
import { Refusal } from "../destinations/refusal.ts";
import type { MessageDraft, StoredMessage } from "../store/stored-message.ts";
import { encodeFrame, type FrameHeaders, type StompFrame } from "./frame.ts";
import { sequenceFrom } from "./stomp-content.ts";
import { deliveryHeaders, type StompVersion } from "./stomp-version.ts";
import type { TemporaryNames } from "./temporary-names.ts";

/** Headers for the broker, or set by it: not passed on. */
const BROKER_HEADERS = new Set(
  "destination receipt transaction content-length persistent priority expires amq-msg-type message-id subscription ack redelivered AMQ_SCHEDULED_DELAY AMQ_SCHEDULED_TIME".split(
    " ",
  ),
);
const REPEATING = ["AMQ_SCHEDULED_CRON", "AMQ_SCHEDULED_PERIOD", "AMQ_SCHEDULED_REPEAT"];

/** @throws Refusal for unsupported features, or an invalid SEND. */
export function draftFromSend({ headers, body }: StompFrame, names: TemporaryNames): MessageDraft {
  const repeated = REPEATING.find((name) => headers[name] !== undefined);
  if (repeated !== undefined) throw Refusal.notDone(`repeated delivery (header ${repeated})`);
  const priority = Number(headers["priority"] ?? 4);
  const expiresAtMs = Number(headers["expires"] ?? 0);
  if (!Number.isInteger(priority) || priority < 0 || priority > 9 || !Number.isFinite(expiresAtMs)) {
    throw new Refusal("amqp:invalid-field", "priority is a whole number from 0 to 9, expires a time in milliseconds");
  }
  const group = headers["JMSXGroupID"];
  return {
    destination: names.read(headers["destination"] ?? ""),
    persistent: headers["persistent"] === "true",
    priority,
    expiresAtMs: expiresAtMs > 0 ? expiresAtMs : undefined,
    duplicateId: headers[DUPLICATE_ID_PROPERTY],
    group: group === undefined ? undefined : { id: group, closes: sequenceFrom(headers["JMSXGroupSeq"]) === -1 },
    deliverAtMs: deliveryTimeOf(headers),
    content: { protocol: "stomp", headers: passedOn(headers, names), kind: kindOf(headers), body },
  };
}

function passedOn(headers: StompFrame["headers"], names: TemporaryNames): Record<string, string> {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !BROKER_HEADERS.has(name)));
  // A temporary queue has different names for its owner and for others.
  if (names.isTemporary(kept["reply-to"])) kept["reply-to"] = formatDestination(names.read(kept["reply-to"]));
  return kept;
}

/** A delay as on Classic, or a time as on Artemis, in ms. */
function deliveryTimeOf(headers: StompFrame["headers"]): number | undefined {
  const delay = headers["AMQ_SCHEDULED_DELAY"];
  const text = delay ?? headers["AMQ_SCHEDULED_TIME"];
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new Refusal("amqp:invalid-field", `Not a number of milliseconds: "${text}"`);
  return delay === undefined ? Number(text) : Date.now() + Number(text);
}

/** As on Classic, a content-length marks bytes, unless amq-msg-type says otherwise. */
function kindOf(headers: StompFrame["headers"]): "text" | "bytes" {
  const type = headers["amq-msg-type"];
  if (type === "text" || type === "bytes") return type;
  if (type !== undefined) throw Refusal.notDone(`messages of another kind than text and bytes (amq-msg-type: ${type})`);
  return headers["content-length"] === undefined ? "text" : "bytes";
}

export interface MessageFrameContext {
  readonly subscription: string | undefined;
  /** Present if the client has to settle. */
  readonly ack: string | undefined;
  readonly names: TemporaryNames;
  readonly version: StompVersion;
}

export function encodeMessage(
  { message, redelivered }: QueueEntry,
  { subscription, ack, names, version }: MessageFrameContext,
): Buffer {
  const { headers, kind, body } = stompContentOf(message, names);
  // Like Classic, sends text without content-length, unless a NUL would end it too early.
  const length = kind === "bytes" || body.includes(0) ? body.length : undefined;
  return encodeFrame(
    "MESSAGE",
    {
      subscription,
      "message-id": messageIdOf(message),
      destination: names.spell(formatDestination(message.destination)),
      ...deliveryHeaders(version, ack),
      persistent: message.persistent ? "true" : undefined,
      priority: message.priority,
      expires: message.expiresAtMs ?? 0,
      redelivered: redelivered ? "true" : undefined,
      "content-length": length,
      ...headers,
    },
    { body, version },
  );
}

/** The broker's own id: two stored copies of one send have different ones. */
export function messageIdOf({ sequence }: StoredMessage): string {
  return `ID:masterslave-embedded-${sequence}`;
}

function stompContentOf(
  message: StoredMessage,
  names: TemporaryNames,
): {
  readonly headers: FrameHeaders;
  readonly kind: string;
  readonly body: Buffer;
} {
  if (message.content.protocol === "stomp") {
    const { headers, ...content } = message.content;
    const replyTo = headers["reply-to"];
    if (!names.isTemporary(replyTo)) return message.content;
    return { ...content, headers: { ...headers, "reply-to": names.spell(replyTo) } };
  }
  const { properties, correlationId, replyTo, contentType, subject, messageId, kind, body, ...group } =
    contentOf(message);
  const fields: FrameHeaders = {
    "correlation-id": correlationId,
    "reply-to": replyTo === undefined ? undefined : names.spell(replyTo),
    "content-type": contentType,
    type: subject,
    "amqp-message-id": messageId,
    JMSXGroupID: group.groupId,
    JMSXGroupSeq: group.groupSequence,
  };
  const texts = Object.entries(properties).map(([name, value]) => [name, String(value)] as const);
  return { headers: { ...Object.fromEntries(texts), ...fields }, kind, body };
}
