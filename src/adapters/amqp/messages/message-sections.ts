/** Checks that bytes are a message of AMQP 1.0: rhea tells the console of sections it does not know, and reads past an end that is cut off. */

/** Header to footer, by code and by name (AMQP 1.0, 3.2). */
const CODES: ReadonlySet<number> = new Set([0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78]);
const NAMES: ReadonlySet<string> = new Set([
  "amqp:header:list",
  "amqp:delivery-annotations:map",
  "amqp:message-annotations:map",
  "amqp:properties:list",
  "amqp:application-properties:map",
  "amqp:data:binary",
  "amqp:amqp-sequence:list",
  "amqp:value:*",
  "amqp:footer:map",
]);

const [DESCRIBED, SMALL_ULONG, ULONG, SYMBOL8, SYMBOL32] = [0x00, 0x53, 0x80, 0xa3, 0xb3];
/** Bytes of a value behind its type, by the type's first digit (1.2.1); undefined: the next 1 or 4 bytes say so. */
const FIXED_WIDTHS: Readonly<Record<number, number>> = { 4: 0, 5: 1, 6: 2, 7: 4, 8: 8, 9: 16 };
const SIZE_BYTES: Readonly<Record<number, number>> = { 10: 1, 11: 4, 12: 1, 13: 4, 14: 1, 15: 4 };

/** Looks at the beginning of each section, not into it. @throws Error that says what is wrong. */
export function checkSections(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== DESCRIBED) throw new Error(`A message with a section of the type 0x${bytes[at]?.toString(16)}`);
    const value = endOfValue(bytes, at + 1);
    if (!isSection(bytes, at + 1, value)) throw new Error("A message with a section that AMQP 1.0 does not have");
    at = endOfValue(bytes, value);
  }
}

function isSection(bytes: Buffer, at: number, end: number): boolean {
  switch (bytes[at]) {
    case SMALL_ULONG:
      return CODES.has(bytes.readUInt8(at + 1));
    case ULONG:
      return bytes.readUInt32BE(at + 1) === 0 && CODES.has(bytes.readUInt32BE(at + 5));
    case SYMBOL8:
      return NAMES.has(bytes.toString("latin1", at + 2, end));
    case SYMBOL32:
      return NAMES.has(bytes.toString("latin1", at + 5, end));
    default:
      return false;
  }
}

/** Where the value ends whose type is at `at`. */
function endOfValue(bytes: Buffer, at: number): number {
  const kind = (bytes[at] ?? 0) >> 4;
  const width = FIXED_WIDTHS[kind];
  const sizeBytes = SIZE_BYTES[kind] ?? 0;
  if (width === undefined && sizeBytes === 0)
    throw new Error(`A message with a value of the type 0x${kind.toString(16)}0`);
  const body = at + 1 + sizeBytes;
  if (body > bytes.length) throw new Error("A message that is cut off");
  const end = body + (width ?? bytes.readUIntBE(at + 1, sizeBytes));
  if (end > bytes.length) throw new Error("A message that is cut off");
  return end;
}
