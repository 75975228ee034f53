/** Decodes messages of every shape; the fast decoder handles the usual ones. */
import type { Destination } from "../../../messaging/messages/destination.ts";
import { DUPLICATE_ID_PROPERTY, type PropertyValue } from "../../../messaging/messages/outgoing-message.ts";
import type { ReceivedContent } from "../../../messaging/messages/received-message.ts";
import { readAddress, type Spelling } from "./destination.ts";
import { expiryOf, JMS_DESTINATION, JMS_REPLY_TO, kindOf, marksText } from "./message.ts";
import { type AmqpValue, type ListItem, ValueReader } from "./value-reader.ts";

export interface DecodedMessage {
  readonly content: ReceivedContent;
  /** Number of earlier deliveries. */
  readonly deliveryCount: number;
  /** The encoded id that a reply must repeat as its correlation-id, if it is no string. */
  readonly replyCorrelation?: Buffer | undefined;
}

const [HEADER, ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES] = [0x70, 0x72, 0x73, 0x74];
const [DATA, SEQUENCE, VALUE] = [0x75, 0x76, 0x77];
/** The sections from header to footer, by code and by name (AMQP 1.0, 3.2). */
const SECTIONS: ReadonlyMap<AmqpValue, number> = new Map<AmqpValue, number>([
  ...[HEADER, 0x71, ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES, DATA, SEQUENCE, VALUE, 0x78].map(
    (code) => [code, code] as const,
  ),
  ["amqp:header:list", HEADER],
  ["amqp:delivery-annotations:map", 0x71],
  ["amqp:message-annotations:map", ANNOTATIONS],
  ["amqp:properties:list", PROPERTIES],
  ["amqp:application-properties:map", APPLICATION_PROPERTIES],
  ["amqp:data:binary", DATA],
  ["amqp:amqp-sequence:list", SEQUENCE],
  ["amqp:amqp-value:*", VALUE],
  // The specification says amqp:amqp-value:*; rhea sends this shorter name.
  ["amqp:value:*", VALUE],
  ["amqp:footer:map", 0x78],
]);

type AmqpMap = Readonly<Record<string, AmqpValue>>;

interface BodySection {
  readonly section: number;
  readonly value: AmqpValue;
  /** The bytes of a string as received: invalid UTF-8 is not replaced, so that text() can report it. */
  readonly string?: Buffer | undefined;
}

/** The decoded sections. */
interface Sections {
  header: readonly ListItem[];
  annotations: AmqpMap;
  properties: readonly ListItem[];
  applicationProperties: AmqpMap;
  readonly body: BodySection[];
}

/** @throws Error that says why the bytes are no message of AMQP 1.0. */
export function decodeMessage(bytes: Buffer, spelling: Spelling, subscribed: Destination): DecodedMessage {
  const sections = noSections();
  readSections(bytes, sections);
  const [durable, priority, ttl, , deliveryCount] = sections.header.map(({ value }) => value);
  const content = contentOf(sections, spelling, subscribed);
  return {
    content: {
      ...content,
      priority: numberOf(priority),
      expiresAtMs: expiryOf(content.expiresAtMs, numberOf(ttl)),
      persistent: durable === true,
    },
    deliveryCount: numberOf(deliveryCount) ?? 0,
    replyCorrelation: replyCorrelationOf(sections.properties, bytes),
  };
}

/** A message in a format other than AMQP's own (2.7.5): its bytes become the body. */
export function foreignMessage(bytes: Buffer, spelling: Spelling, subscribed: Destination): DecodedMessage {
  const sections: Sections = { ...noSections(), body: [{ section: DATA, value: bytes }] };
  const content = contentOf(sections, spelling, subscribed);
  return { content: { ...content, priority: undefined, persistent: false }, deliveryCount: 0 };
}

/** The id of a message that cannot be read, or of which only the first bytes are known; undefined if it has none. */
export function findMessageId(bytes: Buffer): string | undefined {
  const sections = noSections();
  try {
    readSections(bytes, sections);
  } catch {
    // The sections before the broken one may contain the id.
  }
  return duplicateIdOf(sections) ?? idText(sections.properties[0]?.value);
}

function noSections(): Sections {
  return { header: [], annotations: {}, properties: [], applicationProperties: {}, body: [] };
}

function readSections(bytes: Buffer, sections: Sections): void {
  const reader = new ValueReader(bytes);
  while (!reader.atEnd) {
    const section = SECTIONS.get(reader.descriptor());
    if (section === undefined) throw new Error("A message with a section that AMQP 1.0 does not have");
    if (section === HEADER) sections.header = reader.list();
    else if (section === PROPERTIES) sections.properties = reader.list();
    else {
      const start = reader.at;
      const value = reader.read();
      if (section === ANNOTATIONS) sections.annotations = mapOf(value);
      else if (section === APPLICATION_PROPERTIES) sections.applicationProperties = mapOf(value);
      else if (section >= DATA && section <= VALUE)
        addBody(sections, {
          section,
          value,
          string: section === VALUE ? stringBytes(bytes.subarray(start, reader.at)) : undefined,
        });
    }
  }
}

/** Body sections of one kind are joined; of different kinds, and of several values, the last one counts. */
function addBody({ body }: Sections, found: BodySection): void {
  const { section } = found;
  if (section === VALUE || (body[0] && body[0].section !== section)) body.length = 0;
  body.push(found);
}

/** The bytes of a string behind its type code and length; undefined for any other value. */
function stringBytes(encoded: Buffer): Buffer | undefined {
  if (encoded[0] === 0xa1) return Buffer.from(encoded.subarray(2));
  return encoded[0] === 0xb1 ? Buffer.from(encoded.subarray(5)) : undefined;
}

function contentOf(
  sections: Sections,
  spelling: Spelling,
  subscribed: Destination,
): Omit<ReceivedContent, "priority" | "persistent"> {
  const { annotations, properties, applicationProperties } = sections;
  const values = properties.map(({ value }) => value);
  const [messageIdValue, , to, subject, replyTo, correlationId, contentTypeFound, , expiry, created] = values;
  // Classic turns the content-type of a STOMP sender into a property.
  const contentType = textOf(contentTypeFound) ?? textOf(applicationProperties["content-type"]);
  const messageId = idText(messageIdValue);
  const stableId = duplicateIdOf(sections);
  const groupSequence = values[11];
  return {
    ...readBody(sections.body, contentType),
    id: stableId ?? messageId,
    // The sender's own id would not distinguish two stored copies.
    brokerMessageId: messageId === stableId ? undefined : messageId,
    properties: readProperties(applicationProperties),
    // `subscribed` is used if the message does not name its destination.
    destination: textOf(to)
      ? readAddress(spelling, String(to), kindOf(annotations[JMS_DESTINATION]) ?? subscribed.kind)
      : `${subscribed.kind}://${subscribed.name}`,
    contentType,
    correlationId: idText(correlationId),
    replyTo: textOf(replyTo) ? readAddress(spelling, String(replyTo), kindOf(annotations[JMS_REPLY_TO])) : undefined,
    type: textOf(subject),
    groupId: textOf(values[10]),
    groupSequence: typeof groupSequence === "number" ? groupSequence | 0 : undefined,
    sentAtMs: timeOf(created),
    expiresAtMs: timeOf(expiry),
  };
}

/** The encoded value that a reply's correlation-id repeats, if it is no string: ulong, uuid or binary (3.2.11). */
function replyCorrelationOf(properties: readonly ListItem[], bytes: Buffer): Buffer | undefined {
  const correlationId = properties[5];
  const said = correlationId && correlationId.value !== null ? correlationId : properties[0];
  if (!said || said.value === null || STRINGS.has(bytes[said.start])) return undefined;
  return Buffer.from(bytes.subarray(said.start, said.end));
}

const STRINGS: ReadonlySet<number | undefined> = new Set([0xa1, 0xb1]);

function duplicateIdOf({ applicationProperties }: Sections): string | undefined {
  return textOf(applicationProperties[DUPLICATE_ID_PROPERTY]);
}

function readBody(body: Sections["body"], contentType: unknown): Pick<ReceivedContent, "body" | "kind"> {
  const values = body.map(({ value }) => value);
  if (body[0]?.section === DATA) {
    const bytes = Buffer.concat(values.map(binaryOf));
    return { kind: marksText(contentType) ? "text" : "bytes", body: bytes };
  }
  const value = values.length > 1 ? values : values[0];
  if (value === undefined || value === null) return { kind: "text", body: Buffer.alloc(0) };
  if (Buffer.isBuffer(value)) return { kind: "bytes", body: value };
  return { kind: "text", body: body[0]?.string ?? Buffer.from(typeof value === "string" ? value : jsonOf(value)) };
}

/** Returns JSON in which a number that JSON does not have is a string: "NaN", "Infinity", "-Infinity". */
function jsonOf(value: AmqpValue): string {
  if (typeof value === "number") return String(value);
  return JSON.stringify(value, (_, inner) =>
    typeof inner === "number" && !Number.isFinite(inner) ? String(inner) : inner,
  );
}

function binaryOf(value: AmqpValue): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (value === null) return Buffer.alloc(0);
  throw new Error("A message with a data section that is not binary");
}

function readProperties(found: AmqpMap): Readonly<Record<string, PropertyValue>> {
  const read: [name: string, value: PropertyValue][] = [];
  for (const [name, value] of Object.entries(found)) {
    if (value === null || name === DUPLICATE_ID_PROPERTY || name === "content-type") continue;
    if (value instanceof Date) read.push([name, value.toISOString()]);
    else read.push([name, typeof value === "object" ? jsonOf(value) : value]);
  }
  // Object.fromEntries() makes an own property even of the name "__proto__".
  return Object.fromEntries(read);
}

/** A message-id or correlation-id as text: the digits of a ulong, the usual form of a uuid, base64 of binary. */
function idText(id: AmqpValue | undefined): string | undefined {
  if (typeof id === "string" || typeof id === "number") return String(id);
  return Buffer.isBuffer(id) ? id.toString("base64") : undefined;
}

function mapOf(value: AmqpValue): AmqpMap {
  const isMap = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
  if (!isMap && value !== null) throw new Error("A message with a section that is no map");
  return (value ?? {}) as AmqpMap;
}

function textOf(value: AmqpValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: AmqpValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function timeOf(value: AmqpValue | undefined): number | undefined {
  return value instanceof Date ? value.getTime() : undefined;
}
