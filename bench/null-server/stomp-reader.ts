/**
 * Reads a client's STOMP frames as cheaply as possible: heads stay text, and bodies are skipped without being
 * collected.
 */

/** A frame's head: its command and its header lines, as one text. */
export interface Head {
  readonly command: string;
  /** `\nname:value` for each header, so that a name can be searched for. */
  readonly lines: string;
}

const LF = 0x0a;
const CR = 0x0d;
const HEAD_END = Buffer.from("\n\n");
/** Clients of the bench send no longer heads. */
const MAX_HEAD_BYTES = 64 * 1024;

/** Passes each head on when its frame is complete. */
export class StompReader {
  readonly #take: (head: Head) => void;
  /** The beginning of a head that has arrived in part. */
  #unread: Buffer = Buffer.alloc(0);
  #open: Head | undefined;
  /** How many bytes of the current frame's body to skip, including the NUL; -1 means up to the NUL. */
  #skip = 0;

  constructor(take: (head: Head) => void) {
    this.#take = take;
  }

  read(chunk: Buffer): void {
    const bytes = this.#unread.length > 0 ? Buffer.concat([this.#unread, chunk]) : chunk;
    let at = 0;
    while (at < bytes.length) {
      const next = this.#open ? this.#skipBody(bytes, at) : this.#readHead(bytes, at);
      if (next === undefined) break;
      at = next;
    }
    this.#unread = at < bytes.length ? bytes.subarray(at) : Buffer.alloc(0);
    if (this.#unread.length > MAX_HEAD_BYTES) throw new Error(`A head of more than ${MAX_HEAD_BYTES} bytes`);
  }

  #skipBody(bytes: Buffer, at: number): number {
    const end = this.#skip < 0 ? bytes.indexOf(0, at) + 1 || bytes.length + 1 : at + this.#skip;
    if (end > bytes.length) {
      if (this.#skip > 0) this.#skip -= bytes.length - at;
      return bytes.length;
    }
    const head = this.#open as Head;
    this.#open = undefined;
    this.#take(head);
    return end;
  }

  #readHead(bytes: Buffer, from: number): number | undefined {
    let at = from;
    // A heart-beat, or the line end that may follow a frame.
    while (bytes[at] === LF || bytes[at] === CR) at += 1;
    if (at === bytes.length) return at;
    const end = bytes.indexOf(HEAD_END, at);
    if (end < 0) return at > from ? at : undefined;
    const text = bytes.toString("latin1", at, end);
    const lineEnd = text.indexOf("\n");
    this.#open =
      lineEnd < 0 ? { command: text, lines: "" } : { command: text.slice(0, lineEnd), lines: text.slice(lineEnd) };
    const length = headerOf(this.#open, "content-length");
    this.#skip = length === undefined ? -1 : Number(length) + 1;
    return end + HEAD_END.length;
  }
}

/** The value as written, without unescaping. */
export function headerOf({ lines }: Head, name: string): string | undefined {
  const mark = `\n${name}:`;
  const at = lines.indexOf(mark);
  if (at < 0) return undefined;
  const start = at + mark.length;
  const end = lines.indexOf("\n", start);
  return end < 0 ? lines.slice(start) : lines.slice(start, end);
}
