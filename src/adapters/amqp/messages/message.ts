/** A message as AMQP 1.0 bytes and back, in the form JMS and Proton clients expect (AMQP JMS mapping, section 3). */
import rhea, { type Message } from "rhea";
import type { Destination } from "../../../messaging/messages/destination.ts";
import {
  DUPLICATE_ID_PROPERTY,
  type OutgoingMessage,
  type PropertyValue,
} from "../../../messaging/messages/outgoing-message.ts";
import type { ReceivedContent } from "../../../messaging/messages/received-message.ts";
import { readAddress, type Spelling, spell } from "./destination.ts";
import { WireWriter } from "./wire-writer.ts";

/** `x-opt-jms-msg-type` and the values of it that are written here. */
const JMS_MESSAGE_TYPE = "x-opt-jms-msg-type";
const JMS_BYTES = 3;
const JMS_TEXT = 5;
/** `x-opt-jms-dest` and `x-opt-jms-reply-to`: the index in JMS_KINDS. */
export const JMS_DESTINATION = "x-opt-jms-dest";
export const JMS_REPLY_TO = "x-opt-jms-reply-to";
/** When the broker is to hand it out, as milliseconds since 1970; both brokers read it, as Qpid JMS writes it. */
const DELIVERY_TIME = "x-opt-delivery-time";
const JMS_KINDS = ["queue", "topic", "temp-queue", "temp-topic"] as const;

const MAX_UINT = 0xffff_ffff;
const LIST32 = 0xd0;
const MAP32 = 0xd1;

/** The bytes of a message, kept for a resend; only the time to live in them is written anew. */
export interface EncodedMessage {
  readonly bytes: Buffer;
  /** Destinations inside are spelled for this broker. */
  readonly spelling: Spelling;
  /** Where the header's ttl stands, for a message that expires. */
  readonly ttlAt: number | undefined;
}

/** One for all: a message is written in one go. */
const writer = new WireWriter();

export function encodeMessage(message: OutgoingMessage, destination: Destination, spelling: Spelling): EncodedMessage {
  writer.begin();
  writeHeader(message);
  const ttlAt = message.expiresAtMs === undefined ? undefined : writer.length - 4;
  writeAnnotations(message, destination);
  writeProperties(message, destination, spelling);
  writeApplicationProperties(message);
  // A data section, or a string as the value: the body itself is not gone through.
  if (message.kind === "bytes") writer.bodySection(0x75, 0xa0, 0xb0, message.body.length);
  else writer.bodySection(0x77, 0xa1, 0xb1, message.body.length);
  return { bytes: writer.take(message.body), spelling, ttlAt };
}

/** Writes what is left of the time to live into the bytes; only before they are handed to a session. */
export function refreshTtl({ bytes, ttlAt }: EncodedMessage, remainingMs: number): void {
  if (ttlAt !== undefined) bytes.writeUInt32BE(Math.min(MAX_UINT, Math.max(1, Math.ceil(remainingMs))), ttlAt);
}

/** Header (AMQP 1.0, 3.2.1), the ttl last, for refreshTtl. */
function writeHeader({ persistent, priority, expiresAtMs }: OutgoingMessage): void {
  writer.section(0x70, LIST32);
  writer.compound(() => {
    writer.boolean(persistent);
    if (priority === undefined) writer.null();
    else writer.bytes(0x50, priority);
    if (expiresAtMs === undefined) writer.null();
    else writer.uint(0);
    return 3;
  });
}

function writeAnnotations({ kind, replyTo, deliverAtMs }: OutgoingMessage, destination: Destination): void {
  writer.section(0x72, MAP32);
  writer.compound(() => {
    let items = 4;
    writeNote(JMS_MESSAGE_TYPE, kind === "bytes" ? JMS_BYTES : JMS_TEXT);
    writeNote(JMS_DESTINATION, JMS_KINDS.indexOf(destination.kind));
    if (replyTo) {
      writeNote(JMS_REPLY_TO, JMS_KINDS.indexOf(replyTo.kind));
      items += 2;
    }
    if (deliverAtMs !== undefined) {
      writer.symbol(DELIVERY_TIME);
      writer.long(Math.round(deliverAtMs));
      items += 2;
    }
    return items;
  });
}

function writeNote(name: string, value: number): void {
  writer.symbol(name);
  writer.bytes(0x51, value);
}

/** Properties (AMQP 1.0, 3.2.4), in the order of the specification. */
function writeProperties(message: OutgoingMessage, destination: Destination, spelling: Spelling): void {
  const { correlationId, replyTo, expiresAtMs, groupId, groupSequence } = message;
  const string = (text: string | undefined) => (text === undefined ? writer.null() : writer.string(text));
  writer.section(0x73, LIST32);
  writer.compound(() => {
    string(spelling.messageIds ? message.id : undefined);
    writer.null(); // user-id: the broker knows who is logged in
    writer.string(spell(spelling, destination).address);
    string(message.type);
    string(replyTo && spell(spelling, replyTo).address);
    string(correlationId);
    if (message.kind === "json") writer.symbol("application/json");
    else writer.null();
    writer.null(); // content-encoding
    if (expiresAtMs === undefined) writer.null();
    else writer.timestamp(Math.round(expiresAtMs));
    writer.timestamp(Date.now());
    if (groupId === undefined) return 10;
    writer.string(groupId);
    // Unsigned in AMQP, signed in JMS: the brokers turn the bits back, and -1 closes a group.
    if (groupSequence === undefined) writer.null();
    else writer.uint(groupSequence >>> 0);
    return 12;
  });
}

function writeApplicationProperties({ id, properties }: OutgoingMessage): void {
  writer.section(0x74, MAP32);
  writer.compound(() => {
    writer.string(DUPLICATE_ID_PROPERTY);
    writer.string(id);
    let items = 2;
    for (const name of Object.keys(properties)) {
      const value = properties[name];
      if (value === undefined || name === DUPLICATE_ID_PROPERTY) continue;
      writer.string(name);
      writeValue(value);
      items += 2;
    }
    return items;
  });
}

/** Never unsigned, as rhea would: JMS has no such numbers and selectors do not compare them. */
function writeValue(value: PropertyValue): void {
  if (typeof value === "string") writer.string(value);
  else if (typeof value === "boolean") writer.boolean(value);
  else if (Number.isSafeInteger(value) && !Object.is(value, -0)) writer.integer(value);
  else writer.double(value);
}

/** What rhea decoded, in our terms. `subscribed` stands in where the message does not name its destination. */
export function decodeMessage(message: Message, spelling: Spelling, subscribed: Destination): ReceivedContent {
  // Classic makes a property of the content-type that a STOMP sender gave.
  const {
    [DUPLICATE_ID_PROPERTY]: duplicateId,
    "content-type": named,
    ...others
  } = message.application_properties ?? {};
  const contentType = message.content_type ?? (typeof named === "string" ? named : undefined);
  const messageId = readId(message.message_id);
  const stableId = typeof duplicateId === "string" ? duplicateId : undefined;
  const notes = message.message_annotations ?? {};
  const address = typeof message.to === "string" && message.to !== "" ? message.to : undefined;
  return {
    ...readBody(message.body, contentType),
    id: stableId ?? messageId,
    // The sender's own id tells no two stored copies apart.
    brokerMessageId: messageId === stableId ? undefined : messageId,
    properties: readProperties(others),
    destination: address
      ? readAddress(spelling, address, kindOf(notes[JMS_DESTINATION]) ?? subscribed.kind)
      : `${subscribed.kind}://${subscribed.name}`,
    contentType,
    correlationId: readId(message.correlation_id),
    replyTo: message.reply_to ? readAddress(spelling, message.reply_to, kindOf(notes[JMS_REPLY_TO])) : undefined,
    type: message.subject ?? undefined,
    groupId: message.group_id ?? undefined,
    groupSequence: typeof message.group_sequence === "number" ? message.group_sequence | 0 : undefined,
    sentAtMs: readTime(message.creation_time),
    priority: message.priority ?? undefined,
    expiresAtMs: readTime(message.absolute_expiry_time),
    persistent: message.durable === true,
  };
}

export function kindOf(jmsKind: unknown): Destination["kind"] | undefined {
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
  return { kind: marksText(contentType) ? "text" : "bytes", body: joined(body.content) };
}

/** Whether a content type says that bytes are text. */
export function marksText(contentType: unknown): boolean {
  return typeof contentType === "string" && /^(text\/|application\/json\b)/.test(contentType);
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
