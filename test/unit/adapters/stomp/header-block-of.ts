/** The headers of a received frame, from an object. */
import { HeaderBlock } from "../../../../src/adapters/stomp/frames/header-block.ts";
import { headerLines } from "../../../../src/adapters/stomp/frames/header-text.ts";

export function headerBlock(headers: Readonly<Record<string, unknown>>): HeaderBlock {
  const texts = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return new HeaderBlock(`\n${headerLines(Object.fromEntries(texts), "1.2")}`);
}
