/** What a header cannot carry, found before it is written: a broker answers most of it by closing the connection. */
import type { Peer } from "../opening/peer.ts";

/** What is wrong with the first header that cannot go to this peer; undefined when all can. `beside`: how many others its frame has. */
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
    // No character is more than three bytes for each unit of its length, escaped or not.
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
