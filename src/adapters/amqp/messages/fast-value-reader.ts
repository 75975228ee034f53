/**
 * Reads the AMQP 1.0 values (Part 1) of usual messages without an object for each; for anything else it throws UNUSUAL.
 */

/**
 * Thrown for values that the full decoder must handle, rare or malformed ones. One shared error, because a new stack
 * trace each time would cost more than the fast path saves.
 */
export const UNUSUAL = new Error("A value that is not read here");

const [NULL, TRUE, FALSE] = [0x40, 0x41, 0x42];
const TWO_32 = 2 ** 32;
/** The limit of the high half of a long that a JavaScript number holds exactly. */
const MAX_HIGH = 2 ** 21;
/** Longer lists and maps are left to value-reader.ts, which counts them. */
const MAX_ITEMS = 10_000;
/** The latest time that a Date can hold. */
const MAX_TIME_MS = 8.64e15;

export class FastValueReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** The end of the list or map that is open. */
  #end = 0;
  #left = 0;

  begin(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#at = 0;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Reads the short descriptor of the next section (3.2). */
  section(): number {
    if (this.#byte() !== 0x00 || this.#byte() !== 0x53) throw UNUSUAL;
    return this.#byte();
  }

  /** Opens a list. Until {@link close} every item is optional: past the last one the readers return undefined. */
  openList(): void {
    const code = this.#byte();
    if (code === 0x45) {
      this.#left = 0;
      this.#end = this.#at;
    } else this.#open(code, 0xc0, 0xd0);
  }

  openMap(): void {
    this.#open(this.#byte(), 0xc1, 0xd1);
    if (this.#left % 2 !== 0) throw UNUSUAL;
  }

  get hasMore(): boolean {
    return this.#left > 0;
  }

  close(): void {
    if (this.#left !== 0 || this.#at !== this.#end) throw UNUSUAL;
  }

  boolean(): boolean | undefined {
    const code = this.#item();
    if (code === NULL) return undefined;
    if (code !== TRUE && code !== FALSE) throw UNUSUAL;
    return code === TRUE;
  }

  ubyte(): number | undefined {
    const code = this.#item();
    if (code === NULL) return undefined;
    if (code !== 0x50) throw UNUSUAL;
    return this.#byte();
  }

  uint(): number | undefined {
    const code = this.#item();
    if (code === NULL) return undefined;
    if (code === 0x43) return 0;
    if (code === 0x52) return this.#byte();
    if (code !== 0x70) throw UNUSUAL;
    return this.#uint32();
  }

  string(): string | undefined {
    const code = this.#item();
    if (code === NULL) return undefined;
    if (code !== 0xa1 && code !== 0xb1) throw UNUSUAL;
    return this.#text(code, "utf8");
  }

  symbol(): string | undefined {
    const code = this.#item();
    if (code === NULL) return undefined;
    if (code !== 0xa3 && code !== 0xb3) throw UNUSUAL;
    return this.#text(code, "ascii");
  }

  binary(): Buffer | undefined {
    const code = this.#item();
    if (code === NULL) return undefined;
    if (code !== 0xa0 && code !== 0xb0) throw UNUSUAL;
    return this.#slice(code);
  }

  /** Milliseconds, as Date.now(). */
  timestamp(): number | undefined {
    const code = this.#item();
    if (code === NULL) return undefined;
    if (code !== 0x83) throw UNUSUAL;
    const ms = this.#int64();
    if (Math.abs(ms) > MAX_TIME_MS) throw UNUSUAL;
    return ms;
  }

  /** Reads the value of a property or annotation. */
  scalar(): string | number | boolean | undefined {
    const code = this.#item();
    switch (code) {
      case NULL:
        return undefined;
      case TRUE:
        return true;
      case FALSE:
        return false;
      case 0xa1:
      case 0xb1:
        return this.#text(code, "utf8");
      case 0xa3:
      case 0xb3:
        return this.#text(code, "ascii");
      default:
        return this.#number(code);
    }
  }

  /**
   * Reads a body that is a string (`text`) or binary, without copying. Whether a string is valid UTF-8 is not checked.
   */
  body(): { readonly text: boolean; readonly bytes: Buffer } {
    const code = this.#byte();
    if (code !== 0xa0 && code !== 0xb0 && code !== 0xa1 && code !== 0xb1) throw UNUSUAL;
    return { text: (code & 1) === 1, bytes: this.#slice(code) };
  }

  #number(code: number): number {
    const at = this.#at;
    switch (code) {
      case 0x51:
      case 0x54:
        return (this.#byte() << 24) >> 24;
      case 0x61:
        return this.#skip(2).readInt16BE(at);
      case 0x71:
        return this.#uint32() | 0;
      case 0x55:
        return (this.#byte() << 24) >> 24;
      case 0x81:
        return this.#int64();
      case 0x72:
        return this.#skip(4).readFloatBE(at);
      case 0x82:
        return this.#skip(8).readDoubleBE(at);
      default:
        throw UNUSUAL;
    }
  }

  #open(code: number, short: number, long: number): void {
    if (code === short) {
      const size = this.#byte();
      this.#end = this.#at + size;
      this.#left = this.#byte();
    } else if (code === long) {
      const size = this.#uint32();
      this.#end = this.#at + size;
      this.#left = this.#uint32();
    } else throw UNUSUAL;
    if (this.#left > MAX_ITEMS) throw UNUSUAL;
  }

  /** The type code of the next item, or that of null past the last one. */
  #item(): number {
    if (this.#left === 0) return NULL;
    this.#left -= 1;
    return this.#byte();
  }

  #text(code: number, encoding: "utf8" | "ascii"): string {
    const length = code < 0xb0 ? this.#byte() : this.#uint32();
    const at = this.#at;
    return this.#skip(length).toString(encoding, at, at + length);
  }

  #slice(code: number): Buffer {
    const length = code < 0xb0 ? this.#byte() : this.#uint32();
    const at = this.#at;
    return this.#skip(length).subarray(at, at + length);
  }

  #byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw UNUSUAL;
    this.#at += 1;
    return value;
  }

  #uint32(): number {
    const at = this.#at;
    return this.#skip(4).readUInt32BE(at);
  }

  #int64(): number {
    const at = this.#at;
    const bytes = this.#skip(8);
    const high = bytes.readInt32BE(at);
    const low = bytes.readUInt32BE(at + 4);
    // -2^53 is the only number with such a high half that is not safe.
    if (high >= MAX_HIGH || high < -MAX_HIGH || (high === -MAX_HIGH && low === 0)) throw UNUSUAL;
    return high * TWO_32 + low;
  }

  #skip(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw UNUSUAL;
    this.#at += length;
    return this.#bytes;
  }
}
