/** Bounds what one frame or message may unfold to: rhea makes an object of every value, and an array of four thousand million nulls is twelve bytes. */
import rhea from "rhea";

/** What is touched of rhea beyond its typings; decode-limits.test.ts pins it. */
interface UncheckedReader {
  readonly buffer: Buffer;
  readonly position: number;
  /** Ours: how many values it has been asked for. */
  valuesRead?: number;
  remaining(): number;
  read_n(count: number): unknown[];
  read_array_items(count: number, type: { readonly width: number }): unknown[];
  read_compound(type: { readonly width: number }): unknown;
  read_array(type: { readonly width: number }): unknown;
}

/** Of lists, maps and arrays together, nested ones too: at some hundred bytes each they are about as much memory as the largest message. */
export const MAX_VALUES = 1_000_000;

let limited = false;

/**
 * Once for the process, as readers are made deep within rhea. A breach is thrown while a frame is read, and ends its
 * connection, or while a message is decoded.
 */
export function limitDecoding(): void {
  if (limited) return;
  limited = true;
  // Its typings do not have it.
  const { Reader } = rhea.types as unknown as { readonly Reader: { readonly prototype: UncheckedReader } };
  const reader = Reader.prototype;
  const { read_n, read_array_items, read_compound, read_array } = reader;
  Object.assign(reader, {
    read_n(this: UncheckedReader, count: number) {
      // Each item has at least the byte of its type.
      claim(this, count, count);
      return read_n.call(this, count);
    },
    read_array_items(this: UncheckedReader, count: number, type: { readonly width: number }) {
      claim(this, count, count * type.width);
      return read_array_items.call(this, count, type);
    },
    read_compound: withinSize(read_compound),
    read_array: withinSize(read_array),
  });
}

/** rhea goes by the count alone, and takes for the next value what another reader would not. */
function withinSize(read: UncheckedReader["read_compound"]): UncheckedReader["read_compound"] {
  return function (this: UncheckedReader, type) {
    const { buffer, position } = this;
    const end = position + type.width + buffer.readUIntBE(position, type.width);
    const value = read.call(this, type);
    if (this.position !== end) throw new Error("A list whose items are not as long as it says");
    return value;
  };
}

function claim(reader: UncheckedReader, count: number, leastBytes: number): void {
  reader.valuesRead = (reader.valuesRead ?? 0) + count;
  if (leastBytes > reader.remaining()) throw new Error(`A list of ${count} items in ${reader.remaining()} bytes`);
  if (reader.valuesRead > MAX_VALUES) throw new Error(`More than ${MAX_VALUES} values in one frame or message`);
}
