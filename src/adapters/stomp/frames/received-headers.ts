/** The headers of a received frame, whoever has read it: stompit during the handshake, our own reader from then on. */
import type { FrameHeaders } from "stompit";
import { HeaderBlock } from "./header-block.ts";

export type ReceivedHeaders = FrameHeaders | HeaderBlock;

/** A header as text; stompit has made a number of content-length. */
export function headerText(headers: ReceivedHeaders, name: string): string | undefined {
  if (headers instanceof HeaderBlock) return headers.get(name);
  const value = headers[name];
  return value === undefined ? undefined : String(value);
}

/** Whether any name begins so. */
export function hasPrefix(headers: ReceivedHeaders, prefix: string): boolean {
  if (headers instanceof HeaderBlock) return headers.hasPrefix(prefix);
  for (const name in headers) if (name.startsWith(prefix)) return true;
  return false;
}

/** Name and value of each, repeated ones too. */
export function headerEntries(headers: ReceivedHeaders): Iterable<readonly [name: string, value: unknown]> {
  return headers instanceof HeaderBlock ? headers.entries() : Object.entries(headers);
}
