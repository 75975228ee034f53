/** Bounds what one frame or message may unfold to: rhea makes an object of every value, and an array of four thousand million nulls is twelve bytes. */
import type { RheaConnection, RheaReader } from "./rhea-internals.ts";
import { rheaTypes } from "./rhea-internals.ts";

/** The most values in the lists, maps and arrays of one frame, nested ones included: at some hundred bytes each they take about as much memory as the largest message. */
export const MAX_VALUES = 1_000_000;

/** rhea's reader, with a bound: throws where rhea's own would unfold more than it has bytes for, or read past the end of a list. */
class LimitedReader extends rheaTypes.Reader {
  #valuesRead = 0;

  override read_n(count: number): unknown[] {
    // Each item has at least the byte of its type.
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

  /** rhea goes by the count alone, and takes for the next value what another reader would not. */
  #checkEnd(end: number, value: unknown): unknown {
    if (this.position !== end) throw new Error("A list whose items are not as long as it says");
    return value;
  }
}

type ReaderClass = new (buffer: Buffer) => RheaReader;

/** Every reader that rhea makes from here on is of this class. Returns the class that was in force. */
function useReader(reader: ReaderClass): ReaderClass {
  const before = rheaTypes.Reader;
  rheaTypes.Reader = reader;
  return before;
}

/**
 * Bounds what the connection's frames unfold to: a breach ends the connection. In force only while the connection reads a
 * frame, and lifted while whoever handles the frame runs, for that may be a user with a rhea connection of their own.
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
