/** A minimal AMQP 1.0 client without a library, for the bare poller: it logs in and sends one message. */

/** A described list's code, by the name the specification (parts 2, 3 and 5) gives it. */
export const PERFORMATIVE = {
  open: 0x10,
  begin: 0x11,
  attach: 0x12,
  flow: 0x13,
  transfer: 0x14,
  disposition: 0x15,
  saslInit: 0x41,
  saslOutcome: 0x44,
} as const;
export const ACCEPTED = 0x24;
export const SASL_HEADER = Buffer.from([...Buffer.from("AMQP"), 3, 1, 0, 0]);
export const AMQP_HEADER = Buffer.from([...Buffer.from("AMQP"), 0, 1, 0, 0]);

export const NULL = Buffer.from([0x40]);
export const TRUE = Buffer.from([0x41]);
export const FALSE = Buffer.from([0x42]);

/** A frame's performative: its code and its fields. {@link readField} decodes only the types it knows. */
export interface Frame {
  readonly code: number;
  readonly fields: readonly Field[];
}
/** A number, a boolean, the code of a described value, or undefined for everything else. */
export type Field = number | boolean | { readonly described: number } | undefined;

export function saslPlain(username: string, password: string): Buffer {
  const response = variable(0xa0, 0xb0, Buffer.from(`\0${username}\0${password}`));
  return frame(1, described(PERFORMATIVE.saslInit, [symbol("PLAIN"), response]));
}

/**
 * Returns open, begin and attach of one sending link for a single write, which the specification allows (part 2,
 * 2.4.1).
 */
export function openLink(container: string, address: string, capability: string | undefined): Buffer {
  const source = described(0x28, []);
  const capabilities = capability === undefined ? NULL : symbol(capability);
  const target = described(0x29, [string(address), NULL, NULL, NULL, NULL, NULL, capabilities]);
  const handle = uint(0);
  const unsettled = ubyte(0);
  const first = ubyte(0);
  const attach = [string("poll"), handle, FALSE, unsettled, first, source, target, NULL, NULL, uint(0)];
  return Buffer.concat([
    frame(0, described(PERFORMATIVE.open, [string(container), string("localhost"), uint(65_536)])),
    frame(0, described(PERFORMATIVE.begin, [NULL, uint(0), uint(2_048), uint(2_048)])),
    frame(0, described(PERFORMATIVE.attach, attach)),
  ]);
}

/** Returns one durable message, unsettled, with `body` as its data section. */
export function durableTransfer(body: Buffer): Buffer {
  const tag = variable(0xa0, 0xb0, Buffer.from("1"));
  const transfer = described(PERFORMATIVE.transfer, [uint(0), uint(0), tag, uint(0), FALSE]);
  const header = described(0x70, [TRUE]);
  const data = Buffer.concat([Buffer.from([0x00, 0x53, 0x75]), variable(0xa0, 0xb0, body)]);
  return frame(0, transfer, header, data);
}

/**
 * Removes whole frames from the front of `bytes`; returns them and the remaining bytes. Protocol headers are skipped.
 */
export function takeFrames(bytes: Buffer): { readonly frames: readonly Frame[]; readonly rest: Buffer } {
  const frames: Frame[] = [];
  let at = 0;
  while (bytes.length - at >= 8) {
    if (bytes.toString("latin1", at, at + 4) === "AMQP") {
      at += 8;
      continue;
    }
    const size = bytes.readUInt32BE(at);
    if (bytes.length - at < size) break;
    const body = bytes.subarray(at + 4 * bytes.readUInt8(at + 4), at + size);
    // An empty body is a heart-beat.
    if (body.length > 0) frames.push(readPerformative(body));
    at += size;
  }
  return { frames, rest: bytes.subarray(at) };
}

function readPerformative(body: Buffer): Frame {
  const { field, end } = readField(body, 0);
  const code = typeof field === "object" ? field.described : -1;
  const list = listAt(body, descriptorEnd(body, 0));
  const fields: Field[] = [];
  for (let at = list.start, left = list.count; left > 0 && at < end; left -= 1) {
    const item = readField(body, at);
    fields.push(item.field);
    at = item.end;
  }
  return { code, fields };
}

function listAt(bytes: Buffer, at: number): { readonly start: number; readonly count: number } {
  const formatCode = bytes.readUInt8(at);
  if (formatCode === 0xc0) return { start: at + 3, count: bytes.readUInt8(at + 2) };
  if (formatCode === 0xd0) return { start: at + 9, count: bytes.readUInt32BE(at + 5) };
  return { start: at + 1, count: 0 };
}

/** Skips any value: the upper half of its format code gives its length (part 1, 1.2). */
function readField(bytes: Buffer, at: number): { readonly field: Field; readonly end: number } {
  const formatCode = bytes.readUInt8(at);
  if (formatCode === 0x00) {
    const value = readField(bytes, descriptorEnd(bytes, at));
    const descriptor = readField(bytes, at + 1).field;
    return { field: { described: typeof descriptor === "number" ? descriptor : -1 }, end: value.end };
  }
  const width = [0, 1, 2, 4, 8, 16][(formatCode >> 4) - 4];
  if (width !== undefined) return { field: readFixed(bytes, at, formatCode), end: at + 1 + width };
  const isLong = ((formatCode >> 4) & 1) === 1;
  const size = isLong ? 4 + bytes.readUInt32BE(at + 1) : 1 + bytes.readUInt8(at + 1);
  return { field: undefined, end: at + 1 + size };
}

function descriptorEnd(bytes: Buffer, at: number): number {
  return readField(bytes, at + 1).end;
}

function readFixed(bytes: Buffer, at: number, formatCode: number): Field {
  if (formatCode === 0x41 || formatCode === 0x42) return formatCode === 0x41;
  if (formatCode === 0x43 || formatCode === 0x44) return 0;
  if (formatCode === 0x50 || formatCode === 0x52 || formatCode === 0x53) return bytes.readUInt8(at + 1);
  if (formatCode === 0x56) return bytes.readUInt8(at + 1) === 1;
  if (formatCode === 0x60) return bytes.readUInt16BE(at + 1);
  if (formatCode === 0x70) return bytes.readUInt32BE(at + 1);
  if (formatCode === 0x80) return Number(bytes.readBigUInt64BE(at + 1));
  return undefined;
}

export function frame(type: 0 | 1, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head.writeUInt8(2, 4);
  head.writeUInt8(type, 5);
  return Buffer.concat([head, body]);
}

export function described(code: number, fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat(fields);
  const head = Buffer.alloc(9);
  head.writeUInt8(0xd0, 0);
  head.writeUInt32BE(4 + body.length, 1);
  head.writeUInt32BE(fields.length, 5);
  return Buffer.concat([Buffer.from([0x00, 0x53, code]), head, body]);
}

export function variable(short: number, long: number, bytes: Buffer): Buffer {
  if (bytes.length < 256) return Buffer.concat([Buffer.from([short, bytes.length]), bytes]);
  const head = Buffer.alloc(5);
  head.writeUInt8(long, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export function string(text: string): Buffer {
  return variable(0xa1, 0xb1, Buffer.from(text));
}

export function symbol(text: string): Buffer {
  return variable(0xa3, 0xb3, Buffer.from(text, "latin1"));
}

export function uint(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(0x70, 0);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

export function ubyte(value: number): Buffer {
  return Buffer.from([0x50, value]);
}
