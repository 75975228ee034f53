/** The headers of a received frame, kept as text: most of them are never asked for, so none becomes an object. */
import { unescapeHeader } from "./header-text.ts";

export class HeaderBlock {
  /**
   * The header lines, with a line end before each and after the last. Escapes are kept as received; they are valid for
   * the version.
   */
  readonly #lines: string;

  constructor(lines: string) {
    this.#lines = lines;
  }

  /** Returns the first header of this name, as STOMP 1.2 defines for repeated ones. `name` must not need escapes. */
  get(name: string): string | undefined {
    const raw = this.raw(name);
    return raw === undefined ? undefined : unescapeHeader(raw);
  }

  /** Returns the last header of this name as received, with escapes. */
  lastRaw(name: string): string | undefined {
    const key = keyOf(name);
    const at = this.#lines.lastIndexOf(key);
    if (at < 0) return undefined;
    const from = at + key.length;
    return this.#lines.slice(from, this.#lines.indexOf("\n", from));
  }

  /** Like get(), but as received, with escapes. */
  raw(name: string): string | undefined {
    const key = keyOf(name);
    const at = this.#lines.indexOf(key);
    if (at < 0) return undefined;
    const from = at + key.length;
    return this.#lines.slice(from, this.#lines.indexOf("\n", from));
  }

  has(name: string): boolean {
    return this.#lines.includes(keyOf(name));
  }

  /** Whether any header name begins with this prefix. */
  hasPrefix(prefix: string): boolean {
    return this.#lines.includes(`\n${prefix}`);
  }

  /** Decoded names and values of all headers, repeated ones included. */
  *entries(): Generator<[name: string, value: string]> {
    const lines = this.#lines;
    for (let from = 1; from < lines.length; ) {
      const end = lines.indexOf("\n", from);
      const colon = lines.indexOf(":", from);
      yield [unescapeHeader(lines.slice(from, colon)), unescapeHeader(lines.slice(colon + 1, end))];
      from = end + 1;
    }
  }
}

/** One entry for each requested name; only our own code asks, so there are a few dozen. */
const keys = new Map<string, string>();

function keyOf(name: string): string {
  let key = keys.get(name);
  if (key === undefined) {
    key = `\n${name}:`;
    keys.set(name, key);
  }
  return key;
}
