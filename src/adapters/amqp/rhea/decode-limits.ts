/**
 * Limits how much one frame or message may expand to: rhea makes an object of every value, and an array of four billion
 * nulls has twelve bytes.
 */
import type { RheaConnection, RheaReader } from "./rhea-internals.ts";
import { rheaTypes } from "./rhea-internals.ts";

/**
 * The most values in the lists, maps and arrays of one frame, nested ones included. At some hundred bytes each they
 * take about as much memory as the largest message.
 */
export const MAX_VALUES = 1_000_000;

/**
 * rhea's reader with a limit: throws if a frame has more values than bytes for them, or is read past the end of a list.
 */
class LimitedReader extends rheaTypes.Reader {
  #valuesRead = 0;

  override read_n(count: number): unknown[] {
    // Each item has at least one byte, its type code.
    this.#claim(count, count);
    return super.read_n(count);
  }

  override read_array_items(count: number, type: { readonly width: number }): unknown[] {
    this.#claim(count, count * type.width);
    return super.read_array_items(count, type);
  }

  override read_compound(type: { readonly width: number }): unknown {
    const end = this.#endOf(type);
    return this.#checkEnd(end, super.read_compound(type));
  }

  override read_array(type: { readonly width: number }): unknown {
    const end = this.#endOf(type);
    return this.#checkEnd(end, super.read_array(type));
  }

  #claim(count: number, leastBytes: number): void {
    this.#valuesRead += count;
    if (leastBytes > this.remaining()) throw new Error(`A list of ${count} items in ${this.remaining()} bytes`);
    if (this.#valuesRead > MAX_VALUES) throw new Error(`More than ${MAX_VALUES} values in one frame or message`);
  }

  #endOf({ width }: { readonly width: number }): number {
    return this.position + width + this.buffer.readUIntBE(this.position, width);
  }

  /** rhea uses only the count, and may read on where another reader stops. */
  #checkEnd(end: number, value: unknown): unknown {
    if (this.position !== end) throw new Error("A list whose items are not as long as it says");
    return value;
  }
}

type ReaderClass = new (buffer: Buffer) => RheaReader;

/** Makes rhea create readers of this class from now on. Returns the previous class. */
function useReader(reader: ReaderClass): ReaderClass {
  const before = rheaTypes.Reader;
  rheaTypes.Reader = reader;
  return before;
}

/**
 * Limits what the connection's frames expand to; a breach ends the connection. The limit applies only while the
 * connection reads a frame. It is lifted while handlers of the frame run, because the user may have rhea connections of
 * their own.
 */
export function limitedInput(connection: RheaConnection, performatives: readonly string[]): Partial<RheaConnection> {
  const { input } = connection;
  let outside: ReaderClass = rheaTypes.Reader;
  const replaced: Partial<RheaConnection> = {
    input(bytes) {
      outside = useReader(LimitedReader);
      try {
        input.call(connection, bytes);
      } finally {
        useReader(outside);
      }
    },
  };
  for (const name of performatives) {
    const handle = connection[`on_${name}`];
    if (!handle) continue;
    replaced[`on_${name}`] = (frame) => {
      const before = useReader(outside);
      try {
        handle.call(connection, frame);
      } finally {
        useReader(before);
      }
    };
  }
  return replaced;
}
