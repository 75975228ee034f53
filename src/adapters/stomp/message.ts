/** A message as the headers and body of a SEND, and a MESSAGE frame as a message. */
import type { FrameHeaders } from "stompit";
import { InvalidArgumentError, UnsupportedError } from "../../errors.ts";
import type { Destination } from "../../messaging/destination.ts";
import { DUPLICATE_ID_PROPERTY, type OutgoingMessage } from "../../messaging/outgoing-message.ts";
import { ReceivedMessage } from "../../messaging/received-message.ts";
import type { Dialect } from "./broker.ts";
import { addressSend, readDestination, readReplyTo, spellReplyTo } from "./destination.ts";
import { AMQP_PREFIX, insteadOf, isReserved } from "./header-names.ts";

/** A SEND but for its receipt, its transaction and its delay, which are new each time. */
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

const AMQP_STRING_BODY = "5";

/** @throws InvalidArgumentError for a property that STOMP cannot carry, UnsupportedError for what this broker cannot do. */
export function encodeMessage(destination: Destination, message: OutgoingMessage, dialect: Dialect): EncodedMessage {
  const { priority, expiresAtMs, correlationId, replyTo, type, groupId, groupSequence } = message;
  if (message.deliverAtMs !== undefined && !dialect.schedule) {
    throw new UnsupportedError(
      "delayMs is not possible over STOMP on this broker: it has no header for it that we know",
    );
  }
  const headers: Record<string, string> = {
    ...addressSend(destination, dialect),
    persistent: String(message.persistent),
    [DUPLICATE_ID_PROPERTY]: message.id,
    ...bodyHeaders(message, CONTENT_TYPES[message.kind], dialect),
    ...(priority !== undefined && { priority: String(priority) }),
    ...(expiresAtMs !== undefined && { expires: String(Math.ceil(expiresAtMs)) }),
    ...(correlationId !== undefined && { "correlation-id": correlationId }),
    ...(replyTo !== undefined && { "reply-to": spellReplyTo(replyTo, dialect) }),
    ...(type !== undefined && { type }),
    ...(groupId !== undefined && { JMSXGroupID: groupId }),
    ...(groupSequence !== undefined && { [dialect.groupSequence]: String(groupSequence) }),
  };
  for (const [name, value] of Object.entries(message.properties)) {
    const instead = insteadOf(name);
    if (instead !== undefined) {
      throw new InvalidArgumentError(
        `The property "${name}" cannot be sent over STOMP, where that header has a meaning of its own: ${instead}`,
      );
    }
    headers[name] = String(value);
  }
  return { dialect, headers, body: message.body };
}

/** When the message is to be handed out. Written anew at every resend: Classic counts from the arrival. */
export function scheduleHeaders({ deliverAtMs }: OutgoingMessage, { schedule }: Dialect): Record<string, string> {
  if (deliverAtMs === undefined || schedule === undefined) return {};
  const delayMs = Math.ceil(deliverAtMs - Date.now());
  if (delayMs <= 0) return {};
  return { [schedule.header]: String(schedule.counts === "delay" ? delayMs : Math.ceil(deliverAtMs)) };
}

/** Text stays text: on both brokers a content-length alone would turn it into bytes, and without one a NUL would end it. */
export function bodyHeaders(
  { kind, body }: Pick<OutgoingMessage, "kind" | "body">,
  contentType: string | undefined,
  dialect: Dialect,
): Record<string, string> {
  const type: Record<string, string> = contentType === undefined ? {} : { "content-type": contentType };
  const text = dialect.lengthMeansBytes && kind !== "bytes";
  if (text && !body.includes(0)) return type;
  const measured = { ...type, "content-length": String(body.length) };
  return text && dialect.textMark ? { ...measured, [dialect.textMark[0]]: dialect.textMark[1] } : measured;
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
    type: text("type"),
    // Artemis shows its own names; Classic shows no group over STOMP at all.
    groupId: text("JMSXGroupID") ?? text("_AMQ_GROUP_ID"),
    groupSequence: numberOf(text("JMSXGroupSeq") ?? text("_AMQ_GROUP_SEQUENCE")),
    sentAtMs: timeOf(text("timestamp")),
    priority: numberOf(text("priority")),
    expiresAtMs: timeOf(text("expires")),
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

/** 0 stands for none on both brokers. */
function timeOf(text: string | undefined): number | undefined {
  const value = numberOf(text);
  return value === 0 ? undefined : value;
}
