/** A STOMP frame, and its bytes on the way out (STOMP 1.2, "Augmented BNF" and "Value Encoding"). */
import type { StompVersion } from "./stomp-version.ts";

export interface StompFrame {
  readonly command: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type FrameHeaders = Readonly<Record<string, string | number | undefined>>;

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\r": "\\r", "\n": "\\n", ":": "\\c" };
const END = Buffer.from("\0\n");
const NOTHING = Buffer.alloc(0);

export function encodeFrame(
  command: string,
  headers: FrameHeaders,
  { body = NOTHING, version }: { readonly body?: Buffer; readonly version: StompVersion },
): Buffer {
  const encode = ESCAPING[version];
  let head = `${command}\n`;
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) head += `${encode(name)}:${encode(String(value))}\n`;
  }
  head += "\n";
  if (body.length === 0) return Buffer.from(`${head}\0\n`);
  return Buffer.concat([Buffer.from(head), body, END]);
}

/** 1.0 has no escapes: a line break would begin another header, so it becomes a blank. 1.1 has none for a carriage return. */
const ESCAPING: Readonly<Record<StompVersion, (text: string) => string>> = {
  "1.0": (text) => text.replace(/[\r\n]+/g, " "),
  "1.1": (text) => (/[\\\n:]/.test(text) ? text.replace(/[\\\n:]/g, escapeCharacter) : text),
  "1.2": (text) => (/[\\\r\n:]/.test(text) ? text.replace(/[\\\r\n:]/g, escapeCharacter) : text),
};

function escapeCharacter(character: string): string {
  return ESCAPES[character] ?? character;
}
