/**
 * Reads any AMQP 1.0 value (Part 1) by its type code, exactly: integers that a JavaScript number cannot hold, uuids,
 * chars and decimals become text. rhea rounds longs from 2^53 on, and does not distinguish a uuid from bytes.
 */
import { MAX_VALUES } from "../rhea/decode-limits.ts";
import { decimalText } from "./decimal.ts";

/** Binary is a Buffer at the top level, and base64 within a list, map or array, as in JSON. */
export type AmqpValue =
  | null
  | boolean
  | number
  | string
  | Buffer
  | Date
  | readonly AmqpValue[]
  | { readonly [key: string]: AmqpValue };

/** An item of a list, with the position of its bytes. */
export interface ListItem {
  readonly value: AmqpValue;
  readonly start: number;
  readonly end: number;
}

const DESCRIBED = 0x00;
const NULL = 0x40;
/** Deeper nesting could overflow the stack. */
const MAX_DEPTH = 256;
/** The latest time that a Date can hold. */
const MAX_TIME_MS = 8_640_000_000_000_000n;

export class ValueReader {
  readonly #bytes: Buffer;
  #at = 0;
  #depth = 0;
  #values = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** How many bytes have been read. */
  get at(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Reads the next value, without its descriptor if it has one. @throws Error for bytes that are no AMQP 1.0. */
  read(): AmqpValue {
    return this.#value(this.#typeCode());
  }

  /** Reads the descriptor of the next described value; `read` then reads the value itself. */
  descriptor(): AmqpValue {
    const code = this.#byte();
    if (code !== DESCRIBED) throw new Error(`A message with a section of the type 0x${code.toString(16)}`);
    return this.read();
  }

  /** Reads the next value, which must be a list. */
  list(): ListItem[] {
    const code = this.#typeCode();
    const items: ListItem[] = [];
    if (code === 0x45) return items;
    if (code !== 0xc0 && code !== 0xd0) throw new Error(`A list of the type 0x${code.toString(16)}`);
    this.#compound(code, (count) => {
      for (let n = 0; n < count; n++) {
        const start = this.#at;
        items.push({ value: this.read(), start, end: this.#at });
      }
    });
    return items;
  }

  #typeCode(): number {
    let code = this.#byte();
    for (let descriptors = 0; code === DESCRIBED; code = this.#byte()) {
      if (++descriptors > MAX_DEPTH) throw new Error("A value with too many descriptors");
      this.#within(() => this.read());
    }
    return code;
  }

  #value(code: number): AmqpValue {
    switch (code >> 4) {
      case 0x4:
        return emptyValue(code);
      case 0xa:
      case 0xb:
        return this.#variable(code);
      case 0xc:
      case 0xd:
        return this.#compound(code, (count) => ((code & 1) === 1 ? this.#map(count) : this.#items(count)));
      case 0xe:
      case 0xf:
        return this.#compound(code, (count) => {
          const itemCode = this.#typeCode();
          return Array.from({ length: count }, () => this.#value(itemCode));
        });
      default:
        return this.#fixed(code);
    }
  }

  #items(count: number): AmqpValue[] {
    return Array.from({ length: count }, () => this.read());
  }

  #map(count: number): AmqpValue {
    // No prototype, because a key may be "__proto__".
    const map: Record<string, AmqpValue> = Object.create(null);
    for (let n = 0; n < count; n += 2) {
      const key = this.read();
      map[typeof key === "object" && key !== null ? JSON.stringify(key) : String(key)] = this.read();
    }
    return map;
  }

  #compound<T>(code: number, readItems: (count: number) => T): T {
    const width = code < 0xd0 || code >> 4 === 0xe ? 1 : 4;
    const size = this.#uint(width);
    const end = this.#at + size;
    if (end > this.#bytes.length) throw new Error("A message that is cut off");
    const count = this.#uint(width);
    this.#values += count;
    if (code < 0xe0 && count > size) throw new Error(`A list of ${count} items in ${size} bytes`);
    if (this.#values > MAX_VALUES) throw new Error(`More than ${MAX_VALUES} values in one frame or message`);
    if ((code & 0xf) === 1 && count % 2 !== 0) throw new Error("A map with a key that has no value");
    const read = this.#within(() => readItems(count));
    if (this.#at !== end) throw new Error("A list whose items are not as long as it says");
    return read;
  }

  #within<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new Error(`A value within more than ${MAX_DEPTH} others`);
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #variable(code: number): AmqpValue {
    const bytes = this.#take(this.#uint(code < 0xb0 ? 1 : 4));
    switch (code & 0xf) {
      case 0x0:
        return this.#binary(bytes);
      case 0x1:
        return bytes.toString("utf8");
      case 0x3:
        return bytes.toString("ascii");
      default:
        throw unknownType(code);
    }
  }

  #fixed(code: number): AmqpValue {
    const read = FIXED[code];
    if (!read) throw unknownType(code);
    const [width, convert] = read;
    return convert(this.#take(width));
  }

  #binary(bytes: Buffer): AmqpValue {
    return this.#depth > 0 ? bytes.toString("base64") : bytes;
  }

  #byte(): number {
    return this.#uint(1);
  }

  #uint(width: 1 | 4): number {
    return this.#take(width).readUIntBE(0, width);
  }

  #take(length: number): Buffer {
    const start = this.#at;
    if (start + length > this.#bytes.length) throw new Error("A message that is cut off");
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }
}

function emptyValue(code: number): AmqpValue {
  switch (code) {
    case NULL:
      return null;
    case 0x41:
    case 0x42:
      return code === 0x41;
    case 0x43:
    case 0x44:
      return 0;
    case 0x45:
      return [];
    default:
      throw unknownType(code);
  }
}

/** Width and reader of each fixed-width type. */
const FIXED: Readonly<Record<number, readonly [width: number, convert: (bytes: Buffer) => AmqpValue]>> = {
  80: [1, (bytes) => bytes.readUInt8()],
  81: [1, (bytes) => bytes.readInt8()],
  82: [1, (bytes) => bytes.readUInt8()],
  83: [1, (bytes) => bytes.readUInt8()],
  84: [1, (bytes) => bytes.readInt8()],
  85: [1, (bytes) => bytes.readInt8()],
  86: [1, (bytes) => bytes.readUInt8() !== 0],
  96: [2, (bytes) => bytes.readUInt16BE()],
  97: [2, (bytes) => bytes.readInt16BE()],
  112: [4, (bytes) => bytes.readUInt32BE()],
  113: [4, (bytes) => bytes.readInt32BE()],
  114: [4, (bytes) => bytes.readFloatBE()],
  115: [4, charText],
  116: [4, decimalText],
  128: [8, (bytes) => exact(bytes.readBigUInt64BE())],
  129: [8, (bytes) => exact(bytes.readBigInt64BE())],
  130: [8, (bytes) => bytes.readDoubleBE()],
  131: [8, (bytes) => timeOf(bytes.readBigInt64BE())],
  132: [8, decimalText],
  148: [16, decimalText],
  152: [16, uuidText],
};

/** A number if it can hold the integer exactly, otherwise its digits. */
function exact(integer: bigint): number | string {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer.toString();
}

/** A time outside the range of Date becomes the digits of its milliseconds. */
function timeOf(ms: bigint): Date | string {
  return ms > MAX_TIME_MS || ms < -MAX_TIME_MS ? ms.toString() : new Date(Number(ms));
}

function charText(bytes: Buffer): string {
  const point = bytes.readUInt32BE();
  if (point > 0x10_ffff) throw new Error(`A char of 0x${point.toString(16)}, which is no Unicode character`);
  return String.fromCodePoint(point);
}

function uuidText(bytes: Buffer): string {
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function unknownType(code: number): Error {
  return new Error(`A message with a value of the type 0x${code.toString(16)}`);
}
