/** A message as the headers and body of a SEND, and a MESSAGE frame as a message. */
import type { FrameHeaders } from "stompit";
import { InvalidArgumentError } from "../../errors.ts";
import type { Destination } from "../../messaging/destination.ts";
import { DUPLICATE_ID_PROPERTY, type OutgoingMessage } from "../../messaging/outgoing-message.ts";
import { ReceivedMessage } from "../../messaging/received-message.ts";
import type { Dialect } from "./broker.ts";
import { addressSend, readDestination, readReplyTo, spellReplyTo } from "./destination.ts";

/** A SEND but for its receipt, which every session numbers anew. */
export interface EncodedMessage {
  readonly dialect: Dialect;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const CONTENT_TYPES = {
  text: "text/plain;charset=utf-8",
  json: "application/json",
  bytes: "application/octet-stream",
} as const satisfies Record<OutgoingMessage["kind"], string>;

/** Headers that STOMP or the brokers give a meaning: no property goes out under such a name, and none comes in. */
const RESERVED: ReadonlySet<string> = new Set([
  ...["destination", "destination-type", "subscription-type", "transaction", "receipt", "receipt-id", "id"],
  ...["content-length", "content-type", "amq-msg-type", "transformation", "persistent", "priority", "expires"],
  ...["timestamp", "correlation-id", "reply-to", "message-id", "subscription", "ack", "redelivered", "selector"],
  ...["message", "browser", DUPLICATE_ID_PROPERTY, "NATIVE_MESSAGE_ID"],
]);
/** How both brokers keep what a message had in AMQP; sent back to them, it would be believed. */
const AMQP_PREFIX = "JMS_AMQP_";
const AMQP_STRING_BODY = "5";

/** Names that stompit, at the other end, would lose or choke on: it keeps headers in a plain object. */
const UNREADABLE: ReadonlySet<string> = new Set(["__proto__", "hasOwnProperty"]);

/** @throws InvalidArgumentError for a property that STOMP cannot carry. */
export function encodeMessage(destination: Destination, message: OutgoingMessage, dialect: Dialect): EncodedMessage {
  const { priority, expiresAtMs, correlationId, replyTo } = message;
  const headers: Record<string, string> = {
    ...addressSend(destination, dialect),
    persistent: String(message.persistent),
    [DUPLICATE_ID_PROPERTY]: message.id,
    ...bodyHeaders(message, dialect),
    ...(priority !== undefined && { priority: String(priority) }),
    ...(expiresAtMs !== undefined && { expires: String(Math.ceil(expiresAtMs)) }),
    ...(correlationId !== undefined && { "correlation-id": correlationId }),
    ...(replyTo !== undefined && { "reply-to": spellReplyTo(replyTo, dialect) }),
  };
  for (const [name, value] of Object.entries(message.properties)) {
    if (isReserved(name) || UNREADABLE.has(name)) {
      throw new InvalidArgumentError(
        `The property "${name}" cannot be sent over STOMP, where that header has a meaning of its own: choose another name`,
      );
    }
    headers[name] = String(value);
  }
  return { dialect, headers, body: message.body };
}

/** Text stays text: on both brokers a content-length alone would turn it into bytes, and without one a NUL would end it. */
function bodyHeaders({ kind, body }: OutgoingMessage, dialect: Dialect): Record<string, string> {
  const type = { "content-type": CONTENT_TYPES[kind] };
  const text = dialect.lengthMeansBytes && kind !== "bytes";
  if (text && !body.includes(0)) return type;
  const measured = { ...type, "content-length": String(body.length) };
  return text && dialect.textMark ? { ...measured, [dialect.textMark[0]]: dialect.textMark[1] } : measured;
}

function isReserved(name: string): boolean {
  return RESERVED.has(name) || name.startsWith(AMQP_PREFIX);
}

/** A header as text; stompit has made a number of content-length. */
export function headerText(headers: FrameHeaders, name: string): string | undefined {
  const value = headers[name];
  return value === undefined ? undefined : String(value);
}

/** A MESSAGE frame without what belongs to the subscription. */
export function decodeMessage(headers: FrameHeaders, body: Buffer, dialect: Dialect): ReceivedMessage {
  const text = (name: string) => headerText(headers, name);
  const brokerMessageId = readMessageId(text("message-id"), dialect);
  const expires = numberOf(text("expires"));
  return new ReceivedMessage({
    body,
    kind: isText(headers) ? "text" : "bytes",
    id: text(DUPLICATE_ID_PROPERTY) ?? brokerMessageId,
    brokerMessageId,
    properties: readProperties(headers),
    destination: readDestination(text("destination"), text("destination-type"), dialect),
    contentType: readContentType(headers),
    correlationId: text("correlation-id"),
    replyTo: readReplyTo(text("reply-to")),
    type: undefined,
    groupId: undefined,
    groupSequence: undefined,
    sentAtMs: undefined,
    priority: numberOf(text("priority")),
    expiresAtMs: expires === 0 ? undefined : expires,
    // Classic says it only of persistent messages.
    persistent: text("persistent") === "true",
  });
}

function readMessageId(id: string | undefined, dialect: Dialect): string | undefined {
  return dialect.messageIdHasConsumer ? id?.slice(id.indexOf(",") + 1) : id;
}

function readContentType(headers: FrameHeaders): string | undefined {
  return headerText(headers, "content-type") ?? headerText(headers, `${AMQP_PREFIX}ContentType`);
}

/** Classic gives a TextMessage no length; Artemis gives every message one, and there the type tells, or the AMQP sender. */
function isText(headers: FrameHeaders): boolean {
  if (headers["content-length"] === undefined || headers["amq-msg-type"] === "text") return true;
  if (headers[`${AMQP_PREFIX}ORIGINAL_ENCODING`] === AMQP_STRING_BODY) return true;
  const type = readContentType(headers) ?? "";
  return /^\s*(text\/|application\/([\w.-]+\+)?(json|xml)\b)/i.test(type) || /;\s*charset=/i.test(type);
}

/** Over STOMP every value is text. */
function readProperties(headers: FrameHeaders): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!isReserved(name) && value !== undefined) properties[name] = String(value);
  }
  return properties;
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || text === "" || !Number.isFinite(value) ? undefined : value;
}
