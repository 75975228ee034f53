/**
 * Warns about a prefetch so large that Classic stops for good: it leaves 64 KiB of acknowledgements unread while it
 * writes.
 */
import { formatAddress } from "../../../errors/errors.ts";
import type { Peer } from "../opening/peer.ts";

/** How much Classic's socket takes while its writer holds the lock that both directions share (measured). */
const MAX_UNREAD_BYTES = 64 * 1024;

export class PrefetchWarning {
  readonly #prefetch: number;
  #checked = false;

  constructor(prefetch: number) {
    this.#prefetch = prefetch;
  }

  /** Checks at the first delivery, when the size of an ACK frame is known. */
  check(settling: string, { dialect, endpoint, onWarning }: Peer): void {
    if (this.#checked) return;
    this.#checked = true;
    if (dialect.subscriptions !== "activemq") return;
    const bytes = frameBytes(settling);
    if (bytes * this.#prefetch <= MAX_UNREAD_BYTES) return;
    const most = Math.floor(MAX_UNREAD_BYTES / bytes);
    onWarning({
      code: "PREFETCH_TOO_LARGE",
      message: `A prefetch of ${this.#prefetch} acknowledgements of ${bytes} bytes can stop ${formatAddress(endpoint)} for good: keep it at or below ${most}`,
      endpoint,
    });
  }
}

function frameBytes(lines: string): number {
  return Buffer.byteLength(`ACK\n${lines}\n\0\n`);
}
