/**
 * Encodes a message as AMQP 1.0 bytes, in the form that JMS and Proton clients expect (AMQP JMS mapping, section 3).
 */
import type { Destination } from "../../../messaging/messages/destination.ts";
import { checkBodyKept } from "../../../messaging/messages/message-body.ts";
import {
  DUPLICATE_ID_PROPERTY,
  delayLeftMs,
  type OutgoingMessage,
  type PropertyValue,
  timeLeftMs,
} from "../../../messaging/messages/outgoing-message.ts";
import { type Spelling, saysKind, spell } from "./destination.ts";
import { WireWriter } from "./wire-writer.ts";

/** The annotation `x-opt-jms-msg-type`, and the values that we write. */
const JMS_MESSAGE_TYPE = "x-opt-jms-msg-type";
const JMS_BYTES = 3;
const JMS_TEXT = 5;
/** `x-opt-jms-dest` and `x-opt-jms-reply-to`: their value is the index in JMS_KINDS. */
export const JMS_DESTINATION = "x-opt-jms-dest";
export const JMS_REPLY_TO = "x-opt-jms-reply-to";
/**
 * Milliseconds from the arrival at the broker until it delivers the message. Both brokers read it, and it does not
 * depend on our clock.
 */
const DELIVERY_DELAY = "x-opt-delivery-delay";
const JMS_KINDS = ["queue", "topic", "temp-queue", "temp-topic"] as const;

const MAX_UINT = 0xffff_ffff;
const LIST32 = 0xd0;
const MAP32 = 0xd1;

/** The bytes of a message, kept for a resend; only the times in them are rewritten. */
export interface EncodedMessage {
  readonly bytes: Buffer;
  /** The spelling of the destinations inside. */
  readonly spelling: Spelling;
  /** The position of the header's ttl, if the message expires. */
  readonly ttlAt: number | undefined;
  /** The position of the delay, if the message is delayed. */
  readonly delayAt: number | undefined;
}

/** All messages share this writer, which saves a buffer for each: encoding is synchronous, so two never use it at once. */
const writer = new WireWriter();

export function encodeMessage(message: OutgoingMessage, destination: Destination, spelling: Spelling): EncodedMessage {
  writer.begin();
  writeHeader(message);
  const ttlAt = message.ttlMs === undefined ? undefined : writer.length - 4;
  writeAnnotations(message, destination, spelling);
  const delayAt = message.delayMs === undefined ? undefined : writer.length - 8;
  writeProperties(message, destination, spelling);
  writeApplicationProperties(message);
  checkBodyKept(message.body, message.bodyBytes);
  // A data section, or a string value: the body itself is not copied piece by piece. A forwarded message brings its own
  // sections.
  if (message.sections) return { bytes: writer.take(message.body), spelling, ttlAt, delayAt };
  if (message.kind === "bytes") writer.bodySection(0x75, 0xa0, 0xb0, message.body.length);
  else writer.bodySection(0x77, 0xa1, 0xb1, message.body.length);
  return { bytes: writer.take(message.body), spelling, ttlAt, delayAt };
}

/** Writes the remaining time to live and delay into the bytes; only before they are given to a session. */
export function refreshTimes({ bytes, ttlAt, delayAt }: EncodedMessage, message: OutgoingMessage): void {
  const ttlMs = timeLeftMs(message);
  if (ttlAt !== undefined && ttlMs !== undefined)
    bytes.writeUInt32BE(Math.min(MAX_UINT, Math.max(1, Math.ceil(ttlMs))), ttlAt);
  const delayMs = delayLeftMs(message);
  if (delayAt !== undefined && delayMs !== undefined) bytes.writeBigInt64BE(BigInt(Math.ceil(delayMs)), delayAt);
}

/** Header (AMQP 1.0, 3.2.1); the ttl is last, for refreshTimes. */
function writeHeader({ persistent, priority, ttlMs }: OutgoingMessage): void {
  writer.section(0x70, LIST32);
  writer.compound(() => {
    writer.boolean(persistent);
    if (priority === undefined) writer.null();
    else writer.bytes(0x50, priority);
    if (ttlMs === undefined) writer.null();
    else writer.uint(Math.min(MAX_UINT, Math.ceil(ttlMs)));
    return 3;
  });
}

/** Message annotations (AMQP 1.0, 3.2.3); the delay is last, for refreshTimes. */
function writeAnnotations(message: OutgoingMessage, destination: Destination, spelling: Spelling): void {
  const { kind, replyTo, delayMs, sections } = message;
  writer.section(0x72, MAP32);
  writer.compound(() => {
    let items = 0;
    if (!sections || sections.messageType) {
      writer.symbol(JMS_MESSAGE_TYPE);
      if (sections?.messageType) writer.raw(sections.messageType);
      else writer.bytes(0x51, kind === "bytes" ? JMS_BYTES : JMS_TEXT);
      items += 2;
    }
    if (saysKind(spelling, destination)) {
      writeNote(JMS_DESTINATION, JMS_KINDS.indexOf(destination.kind));
      items += 2;
    }
    if (replyTo) {
      writeNote(JMS_REPLY_TO, JMS_KINDS.indexOf(replyTo.kind));
      items += 2;
    }
    if (delayMs !== undefined) {
      writer.symbol(DELIVERY_DELAY);
      writer.long(Math.ceil(delayMs));
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
  const { correlationId, correlation, replyTo, groupId, groupSequence, sections } = message;
  // A forwarded message keeps its sender's types: an id may be a number, and a time or content type may be set.
  const passed = (place: number) => {
    const value = sections?.properties[place];
    if (value) writer.raw(value);
    return value !== undefined;
  };
  const string = (text: string | undefined) => (text === undefined ? writer.null() : writer.string(text));
  writer.section(0x73, LIST32);
  writer.compound(() => {
    string(spelling.messageIds ? message.id : undefined);
    writer.null(); // user-id: the broker knows who is logged in
    writer.string(spell(spelling, destination).address);
    string(message.type);
    string(replyTo && spell(spelling, replyTo).address);
    // The reply to a request repeats the request's id, with its type.
    if (correlation) writer.raw(correlation);
    else if (!passed(5)) string(correlationId);
    if (message.kind === "json") writer.symbol("application/json");
    else if (!passed(6)) writer.null();
    if (!passed(7)) writer.null(); // content-encoding
    writer.null(); // absolute-expiry-time: brokers believe it more than the ttl, and our clock may be wrong
    if (!passed(9)) writer.timestamp(Date.now());
    if (groupId === undefined) return 10;
    writer.string(groupId);
    // Unsigned in AMQP, signed in JMS: the brokers convert the bits, and -1 closes a group.
    if (groupSequence === undefined) writer.null();
    else writer.uint(groupSequence >>> 0);
    return 12;
  });
}

function writeApplicationProperties({ id, properties, sections }: OutgoingMessage): void {
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
    for (const [name, pair] of sections?.applicationProperties ?? []) {
      if (Object.hasOwn(properties, name) || name === DUPLICATE_ID_PROPERTY) continue;
      writer.raw(pair);
      items += 2;
    }
    return items;
  });
}

/** Never unsigned, as rhea would write: JMS has no unsigned numbers, and selectors do not compare them. */
function writeValue(value: PropertyValue): void {
  if (typeof value === "string") writer.string(value);
  else if (typeof value === "boolean") writer.boolean(value);
  else if (Number.isSafeInteger(value) && !Object.is(value, -0)) writer.integer(value);
  else writer.double(value);
}

export function kindOf(jmsKind: unknown): Destination["kind"] | undefined {
  return typeof jmsKind === "number" ? JMS_KINDS[jmsKind] : undefined;
}

/** Whether a content type says that bytes are text. */
export function marksText(contentType: unknown): boolean {
  return typeof contentType === "string" && /^(text\/|application\/json\b)/.test(contentType);
}

/**
 * The value of `Date.now()` at which a message expires. A ttl alone counts from its arrival (AMQP 1.0, 3.2.1); a ttl of
 * 0 means none.
 */
export function expiryOf(expiresAtMs: number | undefined, ttlMs: number | undefined): number | undefined {
  return expiresAtMs ?? (ttlMs ? Date.now() + ttlMs : undefined);
}
