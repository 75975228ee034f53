/** Lets stompit have the answer to CONNECT and no more: what follows CONNECTED is for our own reader. */

/** A longer answer goes to stompit as it comes, with whatever follows. */
const MAX_ANSWER_BYTES = 16 * 1024;

/**
 * How many bytes at the end of what has come to hold back (EndpointSocketOptions.holdBack): all of it until the first
 * frame is whole, and what follows that.
 */
export function firstFrameGate(): (bytes: Buffer) => number {
  let passed = false;
  let overlong = false;
  return (bytes) => {
    if (overlong) return 0;
    if (passed) return bytes.length;
    const end = firstFrameEnd(bytes);
    if (end !== undefined) {
      passed = true;
      return bytes.length - end;
    }
    overlong = bytes.length > MAX_ANSWER_BYTES;
    return overlong ? 0 : bytes.length;
  };
}

/** Undefined while it has not come whole. */
function firstFrameEnd(bytes: Buffer): number | undefined {
  const text = bytes.toString("latin1", 0, MAX_ANSWER_BYTES);
  const blank = /\n\r?\n/.exec(text);
  if (blank === null) return undefined;
  const bodyAt = blank.index + blank[0].length;
  const length = /\ncontent-length: *(\d+)/.exec(text.slice(0, bodyAt))?.[1];
  const nul = bytes.indexOf(0, bodyAt + Number(length ?? 0));
  return nul < 0 ? undefined : nul + 1;
}
