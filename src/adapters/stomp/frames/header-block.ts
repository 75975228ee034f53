/** The headers of a received frame, kept as their text: most of them nobody ever asks for, and none becomes an object. */
import { unescapeHeader } from "./header-text.ts";

export class HeaderBlock {
  /** A line end before each line, and one after the last. Escapes as received, and only such as the version has. */
  readonly #lines: string;

  constructor(lines: string) {
    this.#lines = lines;
  }

  /** The first header of this name, as STOMP 1.2 has it of repeated ones. `name` has nothing to escape. */
  get(name: string): string | undefined {
    const raw = this.raw(name);
    return raw === undefined ? undefined : unescapeHeader(raw);
  }

  /** The last header of this name as it was received, escapes and all. */
  lastRaw(name: string): string | undefined {
    const key = keyOf(name);
    const at = this.#lines.lastIndexOf(key);
    if (at < 0) return undefined;
    const from = at + key.length;
    return this.#lines.slice(from, this.#lines.indexOf("\n", from));
  }

  /** The same as get() as it was received, escapes and all. */
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

  /** Whether any name begins so. */
  hasPrefix(prefix: string): boolean {
    return this.#lines.includes(`\n${prefix}`);
  }

  /** Name and value of each, as meant; repeated ones too. */
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

/** Made once for each name: only our own code asks, so there are a few dozen. */
const keys = new Map<string, string>();

function keyOf(name: string): string {
  let key = keys.get(name);
  if (key === undefined) {
    key = `\n${name}:`;
    keys.set(name, key);
  }
  return key;
}
