/**
 * Where a chunk of STOMP may be cut. stompit decodes each chunk by itself, so a character or CR LF split between two
 * chunks would arrive corrupted. Such bytes are kept back until the next chunk; a whole frame never ends in them.
 */

const CR = 0x0d;

/** How many bytes at the end of `chunk` wait for the next one: an unfinished UTF-8 sequence (at most 3) or a CR. */
export function unfinishedTail(chunk: Buffer): number {
  if (chunk.at(-1) === CR) return 1;
  for (let taken = 1; taken <= 3; taken++) {
    const byte = chunk.at(-taken);
    if (byte === undefined || byte < 0x80) return 0;
    if (byte >= 0xc0) return sequenceLength(byte) > taken ? taken : 0;
  }
  return 0;
}

/** The length of the UTF-8 sequence that starts with `lead`; 0 if it starts none. */
function sequenceLength(lead: number): number {
  if (lead >= 0xf8) return 0;
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}
