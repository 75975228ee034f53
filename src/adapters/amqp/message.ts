/** A message as AMQP 1.0 bytes and back, in the form JMS and Proton clients expect (AMQP JMS mapping, section 3). */
import rhea, { type Message } from "rhea";
import { MasterSlaveError } from "../../errors.ts";
import type { Destination } from "../../messaging/destination.ts";
import { DUPLICATE_ID_PROPERTY, type OutgoingMessage, type PropertyValue } from "../../messaging/outgoing-message.ts";
import type { ReceivedContent } from "../../messaging/received-message.ts";
import { readAddress, type Spelling, spell } from "./destination.ts";

const { types, message: codec } = rhea;

/** `x-opt-jms-msg-type` and the values of it that are written here. */
const JMS_MESSAGE_TYPE = "x-opt-jms-msg-type";
const JMS_BYTES = 3;
const JMS_TEXT = 5;
/** `x-opt-jms-dest` and `x-opt-jms-reply-to`: 0 a queue, 1 a topic; temporary ones have higher numbers. */
const JMS_DESTINATION = "x-opt-jms-dest";
const JMS_REPLY_TO = "x-opt-jms-reply-to";
const JMS_KINDS = ["queue", "topic"] as const;

const MAX_UINT = 0xffff_ffff;
/** How rhea writes a header section without a field: descriptor 0x70, empty list. */
const EMPTY_HEADER = Buffer.from([0x00, 0x53, 0x70, 0x45]);

/** The bytes of a message, kept for a resend; only the time to live in them is written anew. */
export interface EncodedMessage {
  readonly bytes: Buffer;
  /** Destinations inside are spelled for this broker. */
  readonly spelling: Spelling;
  /** Where the header's ttl stands, for a message that expires. */
  readonly ttlAt: number | undefined;
}

export function encodeMessage(message: OutgoingMessage, destination: Destination, spelling: Spelling): EncodedMessage {
  const rest = codec.encode({
    ...annotations(message, destination),
    ...properties(message, destination, spelling),
    application_properties: applicationProperties(message),
    // Typed from the bytes at hand: no detour through a string.
    body: message.kind === "bytes" ? codec.data_section(message.body) : types.wrap_string(message.body),
  });
  if (!rest.subarray(0, EMPTY_HEADER.length).equals(EMPTY_HEADER)) {
    throw new MasterSlaveError("INTERNAL", "rhea wrote a header section where none was asked for");
  }
  const header = encodeHeader(message);
  return {
    bytes: Buffer.concat([header, rest.subarray(EMPTY_HEADER.length)]),
    spelling,
    ttlAt: message.expiresAtMs === undefined ? undefined : header.length - 4,
  };
}

/** Writes what is left of the time to live into the bytes; only before they are handed to a session. */
export function refreshTtl({ bytes, ttlAt }: EncodedMessage, remainingMs: number): void {
  if (ttlAt !== undefined) bytes.writeUInt32BE(Math.min(MAX_UINT, Math.max(1, Math.ceil(remainingMs))), ttlAt);
}

/** The header section by hand (AMQP 1.0, 3.2.1), so that the ttl is the last four bytes of it. */
function encodeHeader({ persistent, priority, expiresAtMs }: OutgoingMessage): Buffer {
  const fields = [
    persistent ? 0x41 : 0x42,
    ...(priority === undefined ? [0x40] : [0x50, priority]),
    ...(expiresAtMs === undefined ? [0x40] : [0x70, 0, 0, 0, 0]),
  ];
  return Buffer.from([0x00, 0x53, 0x70, 0xc0, fields.length + 1, 3, ...fields]);
}

function annotations(message: OutgoingMessage, destination: Destination): Pick<Message, "message_annotations"> {
  return {
    message_annotations: {
      [JMS_MESSAGE_TYPE]: types.wrap_byte(message.kind === "bytes" ? JMS_BYTES : JMS_TEXT),
      [JMS_DESTINATION]: types.wrap_byte(JMS_KINDS.indexOf(destination.kind)),
      ...(message.replyTo && { [JMS_REPLY_TO]: types.wrap_byte(JMS_KINDS.indexOf(message.replyTo.kind)) }),
    },
  };
}

function properties(message: OutgoingMessage, destination: Destination, spelling: Spelling): Omit<Message, "body"> {
  const { correlationId, replyTo, expiresAtMs } = message;
  return {
    message_id: message.id,
    to: spell(spelling, destination).address,
    creation_time: new Date(),
    ...(correlationId !== undefined && { correlation_id: correlationId }),
    ...(replyTo && { reply_to: spell(spelling, replyTo).address }),
    ...(message.kind === "json" && { content_type: "application/json" }),
    ...(expiresAtMs !== undefined && { absolute_expiry_time: new Date(expiresAtMs) }),
  };
}

function applicationProperties(message: OutgoingMessage): Record<string, unknown> {
  const typed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(message.properties)) typed[name] = typedValue(value);
  typed[DUPLICATE_ID_PROPERTY] = message.id;
  return typed;
}

/** rhea would write positive numbers as unsigned, which JMS has not and selectors do not compare. */
function typedValue(value: PropertyValue): unknown {
  if (typeof value !== "number") return value;
  if (!Number.isSafeInteger(value)) return types.wrap_double(value);
  return value === (value | 0) ? types.wrap_int(value) : types.wrap_long(value);
}

/** What rhea decoded, in our terms. `subscribed` stands in where the message does not name its destination. */
export function decodeMessage(message: Message, spelling: Spelling, subscribed: Destination): ReceivedContent {
  const { [DUPLICATE_ID_PROPERTY]: duplicateId, ...others } = message.application_properties ?? {};
  const messageId = readId(message.message_id);
  const stableId = typeof duplicateId === "string" ? duplicateId : undefined;
  const notes = message.message_annotations ?? {};
  const address = typeof message.to === "string" && message.to !== "" ? message.to : undefined;
  return {
    ...readBody(message.body, message.content_type),
    id: stableId ?? messageId,
    // The sender's own id tells no two stored copies apart.
    brokerMessageId: messageId === stableId ? undefined : messageId,
    properties: readProperties(others),
    destination: address
      ? readAddress(spelling, address, kindOf(notes[JMS_DESTINATION]) ?? subscribed.kind)
      : `${subscribed.kind}://${subscribed.name}`,
    contentType: message.content_type ?? undefined,
    correlationId: readId(message.correlation_id),
    replyTo: message.reply_to ? readAddress(spelling, message.reply_to, kindOf(notes[JMS_REPLY_TO])) : undefined,
    priority: message.priority ?? undefined,
    expiresAtMs: readTime(message.absolute_expiry_time),
    persistent: message.durable === true,
  };
}

function kindOf(jmsKind: unknown): Destination["kind"] | undefined {
  return typeof jmsKind === "number" ? JMS_KINDS[jmsKind] : undefined;
}

/** A data or sequence section, as rhea decodes it. */
interface BodySection {
  readonly typecode: number;
  readonly content: unknown;
}

const DATA_SECTION = 0x75;

function isSection(body: unknown): body is BodySection {
  return typeof body === "object" && body !== null && "typecode" in body && "content" in body;
}

function readBody(body: unknown, contentType: unknown): Pick<ReceivedContent, "body" | "kind"> {
  if (body === undefined || body === null) return { kind: "text", body: Buffer.alloc(0) };
  if (typeof body === "string") return { kind: "text", body: Buffer.from(body) };
  if (Buffer.isBuffer(body)) return { kind: "bytes", body };
  if (!isSection(body)) return { kind: "text", body: Buffer.from(JSON.stringify(body)) };
  if (body.typecode !== DATA_SECTION) return { kind: "text", body: Buffer.from(JSON.stringify(body.content)) };
  const marked = typeof contentType === "string" && /^(text\/|application\/json\b)/.test(contentType);
  return { kind: marked ? "text" : "bytes", body: joined(body.content) };
}

function joined(content: unknown): Buffer {
  if (Buffer.isBuffer(content)) return content;
  return Buffer.concat(Array.isArray(content) ? content.filter((part) => Buffer.isBuffer(part)) : []);
}

function readProperties(found: Readonly<Record<string, unknown>>): Readonly<Record<string, PropertyValue>> {
  const read: Record<string, PropertyValue> = {};
  for (const [name, value] of Object.entries(found)) {
    if (value === null || value === undefined) continue;
    const kept = typeof value === "string" || typeof value === "boolean" || typeof value === "number";
    read[name] = kept ? value : stringOf(value);
  }
  return read;
}

/** What JavaScript has no type for: large longs and UUIDs reach us as bytes. */
function stringOf(value: unknown): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString();
  if (!Buffer.isBuffer(value)) return JSON.stringify(value) ?? String(value);
  if (value.length === 8) return String(value.readBigInt64BE());
  if (value.length === 16) return rhea.uuid_to_string(value);
  return value.toString("base64");
}

function readId(id: unknown): string | undefined {
  if (id === undefined || id === null) return undefined;
  if (typeof id === "string" || typeof id === "number") return String(id);
  if (Buffer.isBuffer(id) && id.length === 8) return String(id.readBigUInt64BE());
  return stringOf(id);
}

function readTime(time: unknown): number | undefined {
  const ms = time instanceof Date ? time.getTime() : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
