/** Takes a frame's body at once: stompit reads no further frame, not even a receipt, before the body is consumed. */
import type { IncomingFrame } from "stompit";

/**
 * `done` is called once: at the end of the body, or with `complete` false as soon as it is longer than `maxBytes`, of
 * which it then gets the first; the rest is read and dropped. Never called when the session ends within the body.
 */
export function readBody(
  frame: IncomingFrame,
  maxBytes: number,
  done: (body: Buffer, complete: boolean) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let over = false;
  const finish = (complete: boolean) => {
    if (over) return;
    over = true;
    // Copied even when it is one chunk: that is a piece of a socket read, which it would keep in memory.
    done(Buffer.concat(chunks, Math.min(bytes, maxBytes)), complete);
    chunks.length = 0;
  };
  frame.on("data", (chunk: Buffer) => {
    if (over) return;
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) finish(false);
  });
  frame.on("end", () => finish(true));
}
