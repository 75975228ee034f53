/** A STOMP frame, and its bytes on the way out (STOMP 1.2, "Augmented BNF" and "Value Encoding"). */

export interface StompFrame {
  readonly command: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type FrameHeaders = Readonly<Record<string, string | number | undefined>>;

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\r": "\\r", "\n": "\\n", ":": "\\c" };
const END = Buffer.from("\0\n");
const NOTHING = Buffer.alloc(0);

export function encodeFrame(command: string, headers: FrameHeaders, body: Buffer = NOTHING): Buffer {
  let head = `${command}\n`;
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) head += `${escapeText(name)}:${escapeText(String(value))}\n`;
  }
  head += "\n";
  if (body.length === 0) return Buffer.from(`${head}\0\n`);
  return Buffer.concat([Buffer.from(head), body, END]);
}

function escapeText(text: string): string {
  return /[\\\r\n:]/.test(text) ? text.replace(/[\\\r\n:]/g, (character) => ESCAPES[character] ?? character) : text;
}
