/** A STOMP frame, and its bytes on the way out (STOMP 1.2, "Augmented BNF" and "Value Encoding"). */
import { escapeHeader } from "../../adapters/stomp/frames/header-text.ts";
import type { StompVersion } from "./stomp-version.ts";

export interface StompFrame {
  readonly command: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type FrameHeaders = Readonly<Record<string, string | number | undefined>>;

const END = Buffer.from("\0\n");
const NOTHING = Buffer.alloc(0);

export function encodeFrame(
  command: string,
  headers: FrameHeaders,
  { body = NOTHING, version }: { readonly body?: Buffer | undefined; readonly version: StompVersion },
): Buffer {
  let head = `${command}\n`;
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) head += `${escaped(name, version)}:${escaped(String(value), version)}\n`;
  }
  head += "\n";
  if (body.length === 0) return Buffer.from(`${head}\0\n`);
  return Buffer.concat([Buffer.from(head), body, END]);
}

/** STOMP 1.0 has no escapes: a line break would begin another header, so it becomes a blank. */
function escaped(text: string, version: StompVersion): string {
  return version === "1.0" ? text.replace(/[\r\n]+/g, " ") : escapeHeader(text, version);
}
