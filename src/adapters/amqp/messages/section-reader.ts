/** Splits an encoded AMQP 1.0 message into the sections that are passed on unchanged (3.2), without decoding values. */
import type { EncodedSections } from "../../../messaging/messages/encoded-sections.ts";

const [ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES, DATA, SEQUENCE, VALUE] = [0x72, 0x73, 0x74, 0x75, 0x76, 0x77];
const JMS_MESSAGE_TYPE = "x-opt-jms-msg-type";
const SERIALIZED = "application/x-java-serialized-object";
const CONTENT_TYPE = 6;
/** The number of bytes behind a type code, by its first digit (1.2.1); undefined if the next 1 or 4 bytes say so. */
const FIXED_WIDTHS: Readonly<Record<number, number>> = { 4: 0, 5: 1, 6: 2, 7: 4, 8: 8, 9: 16 };
const SIZE_BYTES: Readonly<Record<number, number>> = { 10: 1, 11: 4, 12: 1, 13: 4, 14: 1, 15: 4 };

/** @throws Error for bytes that are no message. */
export function readSections(bytes: Buffer): EncodedSections {
  let [messageType, bodyAt]: [Buffer | undefined, number] = [undefined, bytes.length];
  let properties: readonly Buffer[] = [];
  let pairs: (readonly [string, Buffer])[] = [];
  let body: { readonly code: number; readonly at: number } | undefined;
  for (let at = 0; at < bytes.length; ) {
    const { code, value } = descriptor(bytes, at);
    if (code >= DATA) {
      body ??= code > VALUE ? undefined : { code, at: value };
      bodyAt = Math.min(bodyAt, at);
    } else if (code === PROPERTIES) properties = items(bytes, value);
    else if (code === ANNOTATIONS) messageType = pairsOf(bytes, value).find(([name]) => name === JMS_MESSAGE_TYPE)?.[2];
    else if (code === APPLICATION_PROPERTIES)
      pairs = pairsOf(bytes, value).map(([name, pair]) => [name, pair] as const);
    at = endOf(bytes, value);
  }
  const serialized = textOf(properties[CONTENT_TYPE]) === SERIALIZED;
  const kind = serialized ? "other" : kindOf(bytes, body);
  return { messageType, properties, applicationProperties: pairs, body: bytes.subarray(bodyAt), kind };
}

function kindOf(
  bytes: Buffer,
  body: { readonly code: number; readonly at: number } | undefined,
): EncodedSections["kind"] {
  if (!body) return "empty";
  if (body.code === DATA) return "bytes";
  if (body.code === SEQUENCE) return "other";
  const type = bytes[body.at] ?? 0;
  if (type === 0xa1 || type === 0xb1 || type === 0x40) return "text";
  return type === 0xa0 || type === 0xb0 ? "bytes" : "other";
}

/** Reads the code of the section at `at`, and where its value begins. */
function descriptor(bytes: Buffer, at: number): { readonly code: number; readonly value: number } {
  if (bytes[at] !== 0x00) throw new Error("The message has a section without a descriptor");
  if (bytes[at + 1] === 0x53) return { code: bytes.readUInt8(at + 2), value: at + 3 };
  if (bytes[at + 1] === 0x80) return { code: Number(bytes.readBigUInt64BE(at + 2)), value: at + 10 };
  throw new Error("The message has a section that is named and not numbered");
}

/** The encoded values of a list or map. */
function items(bytes: Buffer, at: number): Buffer[] {
  const type = bytes[at] ?? 0;
  if (type === 0x45) return [];
  const wide = type === 0xd0 || type === 0xd1;
  if (!wide && type !== 0xc0 && type !== 0xc1)
    throw new Error("The message has a section of another type than its own");
  let next = at + (wide ? 9 : 3);
  const end = endOf(bytes, at);
  const found: Buffer[] = [];
  while (next < end) {
    const after = endOf(bytes, next);
    found.push(bytes.subarray(next, after));
    next = after;
  }
  return found;
}

/** The name, the whole pair and the value of each entry of a map with text keys. */
function pairsOf(bytes: Buffer, at: number): (readonly [name: string, pair: Buffer, value: Buffer])[] {
  const found = items(bytes, at);
  const pairs: (readonly [string, Buffer, Buffer])[] = [];
  for (let index = 0; index + 1 < found.length; index += 2) {
    const [key, value] = [found[index], found[index + 1]];
    const name = textOf(key);
    if (key && value && name !== undefined) pairs.push([name, Buffer.concat([key, value]), value]);
  }
  return pairs;
}

/** The text of a string or symbol; undefined for any other value. */
function textOf(value: Buffer | undefined): string | undefined {
  const type = value?.[0];
  if (value && (type === 0xa1 || type === 0xa3)) return value.toString("utf8", 2);
  return value && (type === 0xb1 || type === 0xb3) ? value.toString("utf8", 5) : undefined;
}

/** Where the value ends whose type code is at `at`. A described value is its descriptor and its value. */
function endOf(bytes: Buffer, at: number): number {
  let from = at;
  // Each iteration skips one descriptor: no recursion that a peer could deepen.
  while (bytes[from] === 0x00) from = plainEnd(bytes, from + 1);
  return plainEnd(bytes, from);
}

function plainEnd(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) >> 4;
  const width = FIXED_WIDTHS[digit];
  const sizeBytes = SIZE_BYTES[digit] ?? 0;
  if (width === undefined && sizeBytes === 0) throw new Error("The message has a value of an unknown type");
  const end = at + 1 + sizeBytes + (width ?? bytes.readUIntBE(at + 1, sizeBytes));
  if (end > bytes.length) throw new Error("The message is cut off");
  return end;
}
