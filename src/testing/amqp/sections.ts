/** Finds the sections of an encoded AMQP message without decoding them (AMQP 1.0 sections 1.2 and 3.2). */

import { Refusal } from "../destinations/refusal.ts";
import { CODE, codeOfDescriptor } from "./descriptors.ts";

/** The number of bytes of a value, by the upper half of its constructor; other values carry their length. */
const FIXED_WIDTH: Readonly<Record<number, number>> = { 4: 0, 5: 1, 6: 2, 7: 4, 8: 8, 9: 16 };

export interface Sections {
  /** Where the header ends; 0 without a header. */
  readonly headerEnd: number;
  /** Where the body begins. */
  readonly bodyAt: number;
}

/** @throws Refusal if the bytes are no AMQP message. */
export function findSections(encoded: Buffer): Sections {
  let offset = 0;
  let headerEnd = 0;
  while (offset < encoded.length) {
    const { code, valueAt } = readDescriptor(encoded, offset);
    if (code >= CODE.data) break;
    offset = valueAt + sizeOfValue(encoded, valueAt);
    if (code === CODE.header) headerEnd = offset;
  }
  return { headerEnd, bodyAt: offset };
}

/**
 * Returns the message with numeric section descriptors, because rhea 3.0.5 does not know the symbol of a value body.
 * Returns the bytes themselves if they contain no symbolic ones. Throws a Refusal if they are no AMQP message.
 */
export function withNumericDescriptors(encoded: Buffer): Buffer {
  const parts: Buffer[] = [];
  let symbolic = false;
  for (let offset = 0; offset < encoded.length; ) {
    const { code, valueAt } = readDescriptor(encoded, offset);
    symbolic ||= isSymbol(encoded[offset + 1]);
    // A body that is one value may itself be described, without a size of its own; at most a footer follows it.
    const end = code === CODE.amqpValue ? encoded.length : valueAt + sizeOfValue(encoded, valueAt);
    parts.push(Buffer.of(0x00, 0x53, code), encoded.subarray(valueAt, end));
    offset = end;
  }
  return symbolic ? Buffer.concat(parts) : encoded;
}

export function readDescriptor(encoded: Buffer, offset: number): { readonly code: number; readonly valueAt: number } {
  if (byteAt(encoded, offset) !== 0x00) throw notAMessage();
  const width = byteAt(encoded, offset + 1);
  if (width === 0x53) return { code: byteAt(encoded, offset + 2), valueAt: offset + 3 };
  if (width === 0x80) return { code: byteAt(encoded, offset + 9), valueAt: offset + 10 };
  return readSymbol(encoded, offset + 1);
}

/** Reads a symbolic descriptor: sym8 or sym32, ASCII (AMQP 1.0 section 1.6.21). */
function readSymbol(encoded: Buffer, offset: number): { readonly code: number; readonly valueAt: number } {
  const format = byteAt(encoded, offset);
  if (!isSymbol(format)) throw notAMessage();
  const textAt = offset + (format === 0xa3 ? 2 : 5);
  const valueAt = offset + sizeOfValue(encoded, offset);
  // The longest known symbol has 31 characters.
  const code = valueAt - textAt > 64 ? undefined : codeOfDescriptor(encoded.toString("latin1", textAt, valueAt));
  if (code === undefined) throw notAMessage();
  return { code, valueAt };
}

function isSymbol(format: number | undefined): boolean {
  return format === 0xa3 || format === 0xb3;
}

function sizeOfValue(encoded: Buffer, offset: number): number {
  const kind = byteAt(encoded, offset) >> 4;
  const fixed = FIXED_WIDTH[kind];
  if (fixed !== undefined) return 1 + fixed;
  // 0xa., 0xc. and 0xe. have a length of one byte, 0xb., 0xd. and 0xf. of four bytes.
  if (kind % 2 === 0) return 2 + byteAt(encoded, offset + 1);
  if (offset + 5 > encoded.length) throw notAMessage();
  return 5 + encoded.readUInt32BE(offset + 1);
}

function byteAt(encoded: Buffer, offset: number): number {
  const byte = encoded[offset];
  if (byte === undefined) throw notAMessage();
  return byte;
}

function notAMessage(): Refusal {
  return new Refusal("amqp:decode-error", "The transfer is no AMQP message");
}

export interface Header {
  readonly durable: boolean;
  readonly priority: number;
  readonly ttlMs: number | undefined;
  readonly deliveryCount: number;
}

/** An encoded header section (AMQP 1.0 section 3.2.1). */
export function encodeHeader({ durable, priority, ttlMs, deliveryCount }: Header): Buffer {
  const fields = [
    Buffer.of(durable ? 0x41 : 0x42),
    Buffer.of(0x50, priority),
    ttlMs === undefined ? Buffer.of(0x40) : uint(ttlMs),
    // first-acquirer
    Buffer.of(deliveryCount === 0 ? 0x41 : 0x42),
    uint(deliveryCount),
  ];
  const list = Buffer.concat(fields);
  return Buffer.concat([Buffer.of(0x00, 0x53, CODE.header, 0xc0, list.length + 1, fields.length), list]);
}

function uint(value: number): Buffer {
  const bytes = Buffer.of(0x70, 0, 0, 0, 0);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}
