/**
 * Reads a client's AMQP frames as cheaply as possible: finds where each field of a performative is, and decodes a field
 * only when asked.
 */

/** One frame, as a view into the buffer of one read: take what you need of it at once. */
export interface RawFrame {
  readonly channel: number;
  /** The performative's code, as in AMQP 1.0, part 2.7; -1 for a heart-beat. */
  readonly code: number;
  readonly bytes: Buffer;
  /** Where its fields begin, and how many there are. */
  readonly at: number;
  readonly count: number;
}

const HEADER_BYTES = 8;
/** The limit in our open frame. */
export const MAX_FRAME_BYTES = 65_536;

export class AmqpReader {
  readonly #takeHeader: (protocol: number) => void;
  readonly #takeFrame: (frame: RawFrame) => void;
  #unread: Buffer = Buffer.alloc(0);

  /** `protocol` is 3 for SASL, 0 for AMQP. */
  constructor(takeHeader: (protocol: number) => void, takeFrame: (frame: RawFrame) => void) {
    this.#takeHeader = takeHeader;
    this.#takeFrame = takeFrame;
  }

  read(chunk: Buffer): void {
    const bytes = this.#unread.length > 0 ? Buffer.concat([this.#unread, chunk]) : chunk;
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      // Read as a size, "AMQP" would be about a thousand million bytes.
      const size = bytes.readUInt32BE(at);
      if (size === 0x414d5150) {
        this.#takeHeader(bytes.readUInt8(at + 4));
        at += HEADER_BYTES;
        continue;
      }
      if (size > MAX_FRAME_BYTES || size < HEADER_BYTES) throw new Error(`A frame of ${size} bytes`);
      if (bytes.length - at < size) break;
      this.#takeFrame(openFrame(bytes, at, size));
      at += size;
    }
    this.#unread = bytes.subarray(at);
  }
}

function openFrame(bytes: Buffer, start: number, size: number): RawFrame {
  const channel = bytes.readUInt16BE(start + 6);
  const body = start + 4 * bytes.readUInt8(start + 4);
  if (body >= start + size) return { channel, code: -1, bytes, at: body, count: 0 };
  // A described list with a small code: clients write nothing else.
  if (bytes[body] !== 0 || bytes[body + 1] !== 0x53) throw new Error("A performative with an unusual descriptor");
  const code = bytes.readUInt8(body + 2);
  const list = body + 3;
  const format = bytes[list];
  if (format === 0xc0) return { channel, code, bytes, at: list + 3, count: bytes.readUInt8(list + 2) };
  if (format === 0xd0) return { channel, code, bytes, at: list + 9, count: bytes.readUInt32BE(list + 5) };
  return { channel, code, bytes, at: list + 1, count: 0 };
}

/** Returns where field `index` of the frame begins; undefined if the list is shorter. */
export function fieldAt({ bytes, at, count }: RawFrame, index: number): number | undefined {
  if (index >= count) return undefined;
  let found = at;
  for (let left = index; left > 0; left -= 1) found = endOf(bytes, found);
  return found;
}

/** Returns the field's bytes, for sending them back; null if the field is missing. */
export function fieldBytes(frame: RawFrame, index: number): Buffer {
  const at = fieldAt(frame, index);
  return at === undefined ? Buffer.from([0x40]) : Buffer.from(frame.bytes.subarray(at, endOf(frame.bytes, at)));
}

/** Reads a uint; undefined for null or a missing field. */
export function uintField(frame: RawFrame, index: number): number | undefined {
  const at = fieldAt(frame, index);
  if (at === undefined) return undefined;
  const format = frame.bytes[at];
  if (format === 0x43) return 0;
  if (format === 0x52) return frame.bytes.readUInt8(at + 1);
  return format === 0x70 ? frame.bytes.readUInt32BE(at + 1) : undefined;
}

export function isTrue(frame: RawFrame, index: number): boolean {
  const at = fieldAt(frame, index);
  return at !== undefined && (frame.bytes[at] === 0x41 || (frame.bytes[at] === 0x56 && frame.bytes[at + 1] === 1));
}

/** The upper half of a value's format code gives its length (AMQP 1.0, 1.2). */
function endOf(bytes: Buffer, at: number): number {
  const format = bytes.readUInt8(at);
  if (format === 0) return endOf(bytes, endOf(bytes, at + 1));
  const kind = format >> 4;
  if (kind === 4) return at + 1;
  if (kind < 10) return at + 1 + (1 << (kind - 5));
  return kind % 2 === 0 ? at + 2 + bytes.readUInt8(at + 1) : at + 5 + bytes.readUInt32BE(at + 1);
}
