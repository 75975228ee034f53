/**
 * Finds the end of a frame's command and headers, within limits, and continues where it stopped when more bytes have
 * come.
 */

/** stompit's own limit (1024 bytes) is less than both brokers deliver: such a message would come again for ever. */
export const MAX_LINE_BYTES = 1024 * 1024;
/** The most headers of a frame, repeated ones included. */
export const MAX_HEADERS = 1024;
/** The most bytes of a frame's headers, because a string is made of them. */
const MAX_HEAD_BYTES = 64 * 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;

export class HeaderScanner {
  /** What is wrong with the headers; set by find(). */
  broken: string | undefined;
  /** The position, counted from the start of the headers. */
  #at = 0;
  #lineAt = 0;
  #lines = 0;
  #colon = false;
  /** All bytes combined by OR: shows whether any is outside ASCII. */
  #bits = 0;
  #end = 0;

  /** Returns where the body begins, for headers that begin at `start`; undefined while their end has not come. */
  find(bytes: Buffer, start: number): number | undefined {
    let colon = this.#colon;
    let bits = this.#bits;
    const { length } = bytes;
    for (let at = start + this.#at; at < length; at++) {
      const byte = bytes[at] as number;
      bits |= byte;
      if (byte === COLON) colon = true;
      else if (byte === LF) {
        this.#bits = bits;
        if (this.#isBlank(bytes, start, at)) return this.#found(at);
        if (this.#endLine(start, at, colon)) return undefined;
        colon = false;
      }
    }
    this.#at = length - start;
    this.#colon = colon;
    this.#bits = bits;
    this.#checkBytes();
    return undefined;
  }

  /** Returns the lines of the headers just found, each with a line end. */
  text(bytes: Buffer, start: number): string {
    const end = start + this.#end;
    const text = bytes.toString(this.#bits < 0x80 ? "latin1" : "utf8", start, end);
    this.#bits = 0;
    return text.includes("\r") ? text.replaceAll("\r\n", "\n") : text;
  }

  #isBlank(bytes: Buffer, start: number, at: number): boolean {
    const length = at - start - this.#lineAt;
    return length === 0 || (length === 1 && bytes[at - 1] === CR);
  }

  #found(at: number): number {
    this.#end = this.#lineAt;
    this.#at = 0;
    this.#lineAt = 0;
    this.#lines = 0;
    this.#colon = false;
    return at + 1;
  }

  /** Returns whether the line is broken. */
  #endLine(start: number, at: number, colon: boolean): boolean {
    if (this.#lines > 0 && !colon) this.broken = "a header without a colon";
    else if (this.#lines > MAX_HEADERS) this.broken = "too many headers";
    this.#lines += 1;
    this.#at = at + 1 - start;
    this.#checkBytes();
    this.#lineAt = this.#at;
    return this.broken !== undefined;
  }

  #checkBytes(): void {
    if (this.#at - this.#lineAt > MAX_LINE_BYTES) this.broken ??= `a header line of more than ${MAX_LINE_BYTES} bytes`;
    if (this.#at > MAX_HEAD_BYTES) this.broken ??= `headers of more than ${MAX_HEAD_BYTES} bytes`;
  }
}
