/** Checks before writing what a header cannot carry: a broker answers most of it by closing the connection. */
import type { Peer } from "../opening/peer.ts";

/**
 * Returns what is wrong with the first header that cannot be sent to this peer; undefined if all can. `beside` is the
 * number of further headers of the frame.
 */
export function findUnsendable(
  headers: Readonly<Record<string, string>>,
  { version, dialect }: Peer,
  beside = 0,
): string | undefined {
  const { maxHeaderBytes, maxHeaders } = dialect;
  const entries = Object.entries(headers);
  const count = entries.length + beside;
  if (count >= maxHeaders) return `${count} headers, of which this broker takes ${maxHeaders}`;
  for (const [name, value] of entries) {
    if (name.includes("\0") || value.includes("\0"))
      return `a NUL in the header "${shown(name)}", which ends a STOMP frame`;
    if (version === "1.1" && /\r/.test(name + value)) {
      return `a carriage return in the header "${shown(name)}", which STOMP 1.1 cannot carry`;
    }
    // One unit of a string's length has at most three bytes, escaped or not.
    if ((name.length + value.length) * 3 < maxHeaderBytes) continue;
    const bytes = Buffer.byteLength(`${name}:${value}`.replace(/[\\\r\n:]/g, "\\$&"));
    if (bytes > maxHeaderBytes) {
      return `${bytes} bytes in the header "${shown(name)}", of which this broker takes ${maxHeaderBytes}`;
    }
  }
  return undefined;
}

function shown(name: string): string {
  return name.slice(0, 100);
}
