/**
 * Decodes messages of the usual shapes at a tenth of the cost of an object per value; it leaves the others to the full
 * decoder.
 */
import { isUtf8 } from "node:buffer";
import type { Destination } from "../../../messaging/messages/destination.ts";
import { DUPLICATE_ID_PROPERTY, type PropertyValue } from "../../../messaging/messages/outgoing-message.ts";
import type { ReceivedContent } from "../../../messaging/messages/received-message.ts";
import { readAddress, type Spelling } from "./destination.ts";
import { FastValueReader, UNUSUAL } from "./fast-value-reader.ts";
import type { DecodedMessage } from "./full-decoder.ts";
import { expiryOf, JMS_DESTINATION, JMS_REPLY_TO, kindOf, marksText } from "./message.ts";

/** The decoded fields, in the order of the specification. */
interface Found {
  durable: boolean | undefined;
  priority: number | undefined;
  deliveryCount: number | undefined;
  destinationKind: unknown;
  replyToKind: unknown;
  messageId: string | undefined;
  to: string | undefined;
  subject: string | undefined;
  replyTo: string | undefined;
  correlationId: string | undefined;
  contentType: string | undefined;
  ttlMs: number | undefined;
  expiresAtMs: number | undefined;
  sentAtMs: number | undefined;
  groupId: string | undefined;
  groupSequence: number | undefined;
  duplicateId: unknown;
  namedContentType: unknown;
  readonly properties: Record<string, PropertyValue>;
  /** Whether the body is a string, or there is none. */
  text: boolean;
  data: boolean;
  body: Buffer | undefined;
}

/** All messages share this reader, which saves an object for each: decoding is synchronous, so two never use it at once. */
const reader = new FastValueReader();
const NOTHING = Buffer.alloc(0);
const [HEADER, ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES, DATA, VALUE] = [0x70, 0x72, 0x73, 0x74, 0x75, 0x77];

/**
 * Decodes a message as decodeMessage() of full-decoder.ts does. Returns undefined for an unusual or broken message: the
 * full decoder handles those.
 */
export function decodeFast(bytes: Buffer, spelling: Spelling, subscribed: Destination): DecodedMessage | undefined {
  try {
    const found = readSections(bytes);
    return { content: contentOf(found, spelling, subscribed), deliveryCount: found.deliveryCount ?? 0 };
  } catch (reason) {
    if (reason === UNUSUAL) return undefined;
    throw reason;
  }
}

function readSections(bytes: Buffer): Found {
  const found = nothingYet();
  reader.begin(bytes);
  let last = 0;
  while (!reader.atEnd) {
    const section = reader.section();
    // Each section occurs at most once, in this order (3.2).
    if (section <= last || (last >= DATA && section >= DATA)) throw UNUSUAL;
    last = section;
    if (section === HEADER) readHeader(found);
    else if (section === ANNOTATIONS) readAnnotations(found);
    else if (section === PROPERTIES) readProperties(found);
    else if (section === APPLICATION_PROPERTIES) readApplicationProperties(found);
    else readBody(found, section);
  }
  return found;
}

function nothingYet(): Found {
  return {
    durable: undefined,
    priority: undefined,
    deliveryCount: undefined,
    destinationKind: undefined,
    replyToKind: undefined,
    messageId: undefined,
    to: undefined,
    subject: undefined,
    replyTo: undefined,
    correlationId: undefined,
    contentType: undefined,
    ttlMs: undefined,
    expiresAtMs: undefined,
    sentAtMs: undefined,
    groupId: undefined,
    groupSequence: undefined,
    duplicateId: undefined,
    namedContentType: undefined,
    properties: {},
    text: true,
    data: false,
    body: undefined,
  };
}

function readHeader(found: Found): void {
  reader.openList();
  found.durable = reader.boolean();
  found.priority = reader.ubyte();
  found.ttlMs = reader.uint();
  reader.boolean(); // first-acquirer
  found.deliveryCount = reader.uint();
  reader.close();
}

function readAnnotations(found: Found): void {
  reader.openMap();
  while (reader.hasMore) {
    const name = reader.symbol();
    const value = reader.scalar();
    if (name === JMS_DESTINATION) found.destinationKind = value;
    else if (name === JMS_REPLY_TO) found.replyToKind = value;
  }
  reader.close();
}

function readProperties(found: Found): void {
  reader.openList();
  found.messageId = reader.string();
  reader.binary(); // user-id
  found.to = reader.string();
  found.subject = reader.string();
  found.replyTo = reader.string();
  found.correlationId = reader.string();
  found.contentType = reader.symbol();
  reader.symbol(); // content-encoding
  found.expiresAtMs = reader.timestamp();
  found.sentAtMs = reader.timestamp();
  found.groupId = reader.string();
  found.groupSequence = reader.uint();
  reader.string(); // reply-to-group-id
  reader.close();
}

function readApplicationProperties(found: Found): void {
  reader.openMap();
  while (reader.hasMore) {
    const name = reader.string();
    const value = reader.scalar();
    if (name === undefined || name === "__proto__") throw UNUSUAL;
    if (name === DUPLICATE_ID_PROPERTY) found.duplicateId = value;
    // Classic turns the content-type of a STOMP sender into a property.
    else if (name === "content-type") found.namedContentType = value;
    // Artemis gives messages from STOMP a JMSXDeliveryCount of null.
    else if (value !== undefined) found.properties[name] = value;
  }
  reader.close();
}

function readBody(found: Found, section: number): void {
  if (section !== DATA && section !== VALUE) throw UNUSUAL;
  const { text, bytes } = reader.body();
  // A data section is binary; the full decoder reports strings that are not UTF-8.
  if (text && (section === DATA || !isUtf8(bytes))) throw UNUSUAL;
  found.text = text;
  found.body = bytes;
  found.data = section === DATA;
}

function contentOf(found: Found, spelling: Spelling, { kind, name }: Destination): ReceivedContent {
  const { duplicateId, namedContentType, messageId, to, replyTo } = found;
  const stableId = typeof duplicateId === "string" ? duplicateId : undefined;
  const contentType = found.contentType ?? (typeof namedContentType === "string" ? namedContentType : undefined);
  return {
    body: found.body ?? NOTHING,
    kind: found.text || (found.data && marksText(contentType)) ? "text" : "bytes",
    id: stableId ?? messageId,
    brokerMessageId: messageId === stableId ? undefined : messageId,
    properties: found.properties,
    destination: to ? readAddress(spelling, to, kindOf(found.destinationKind) ?? kind) : `${kind}://${name}`,
    contentType,
    correlationId: found.correlationId,
    replyTo: replyTo ? readAddress(spelling, replyTo, kindOf(found.replyToKind)) : undefined,
    type: found.subject,
    groupId: found.groupId,
    groupSequence: found.groupSequence === undefined ? undefined : found.groupSequence | 0,
    sentAtMs: found.sentAtMs,
    priority: found.priority,
    expiresAtMs: expiryOf(found.expiresAtMs, found.ttlMs),
    persistent: found.durable === true,
  };
}
