/**
 * Finds out for how long a peer has acknowledged nothing. Node does not offer TCP_INFO, but Linux lists every socket's
 * retransmissions in /proc.
 */
import { open } from "node:fs/promises";
import type { Socket } from "node:net";
import { addressKey } from "./address-key.ts";

/** A connection whose bytes remain unacknowledged. */
export interface Stall {
  /** Milliseconds since the oldest unacknowledged byte was first sent. */
  readonly forMs: number;
  /** How often it was sent again. */
  readonly retransmissions: number;
}

export interface SocketTable {
  /**
   * Returns undefined while acknowledgements come, or when nothing is known. `maxAgeMs` is how old the answer may be.
   * Never rejects.
   */
  stallOf(socket: Socket, maxAgeMs: number): Promise<Stall | undefined>;
}

/** A larger table is not read: this is enough for 28,000 sockets, including those in TIME-WAIT. */
const MAX_TABLE_BYTES = 4 * 1024 * 1024;
/** How long to wait before trying again when a table cannot be read or is too large. */
const REST_MS = 60_000;
/** The unit of times in the table (USER_HZ, the same on every Linux). */
const TICK_MS = 10;

/**
 * Matches a line of an established socket (01) whose retransmission timer (01) runs after at least one retransmission.
 * It captures both addresses, when the timer fires, how many retransmissions there were, and the timer's length. Timer
 * 04, a closed window, does not match: a peer that only does not read acknowledges every probe.
 */
const RETRANSMITTING =
  /^ *\d+: ([0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:[0-9A-F]{4}) 01 [0-9A-F]{8}:[0-9A-F]{8} 01:([0-9A-F]{8}) (?!0{8})([0-9A-F]{8}) +\d+ +\d+ \d+ \d+ \S+ (\d+) /gm;

type Stalls = ReadonlyMap<string, Stall>;
const NONE: Stalls = new Map();

/**
 * Returns the stalled connections of a table as printed by /proc/net/tcp and tcp6 (Linux, net/ipv4/tcp_ipv4.c,
 * get_tcp4_sock).
 */
export function readRetransmissions(table: string): Stalls {
  const stalls = new Map<string, Stall>();
  for (const [, key = "", fires = "", retransmissions = "", timeout = ""] of table.matchAll(RETRANSMITTING)) {
    stalls.set(key, stallOf(Number.parseInt(fires, 16), Number.parseInt(retransmissions, 16), Number(timeout)));
  }
  return stalls;
}

/**
 * Each retransmission doubles the timer (RFC 6298, 5.5), so its length and the time it has run show when the first one
 * was sent.
 */
function stallOf(firesInTicks: number, retransmissions: number, timeoutTicks: number): Stall {
  const firstTicks = timeoutTicks / 2 ** retransmissions;
  const runTicks = Math.max(0, timeoutTicks - firesInTicks);
  return { forMs: Math.round((timeoutTicks - firstTicks + runTicks) * TICK_MS), retransmissions };
}

/** One of the system's tables, read once for all who ask at about the same time. */
class TableFile {
  readonly #path: string;
  #stalls: Stalls = NONE;
  #readAt = Number.NEGATIVE_INFINITY;
  #restUntil = Number.NEGATIVE_INFINITY;
  #reading: Promise<Stalls> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async stalls(maxAgeMs: number): Promise<Stalls> {
    const now = performance.now();
    if (now < this.#restUntil) return NONE;
    if (now - this.#readAt <= maxAgeMs) return this.#stalls;
    this.#reading ??= this.#read(now).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(now: number): Promise<Stalls> {
    const text = await readAtMost(this.#path, MAX_TABLE_BYTES).catch(() => undefined);
    if (text === undefined) this.#restUntil = now + REST_MS;
    this.#stalls = text === undefined ? NONE : readRetransmissions(text);
    this.#readAt = now;
    return this.#stalls;
  }
}

/** Returns undefined for a file with more than `maxBytes`. */
async function readAtMost(path: string, maxBytes: number): Promise<string | undefined> {
  const file = await open(path);
  try {
    const chunks: Buffer[] = [];
    for (let bytes = 0; bytes <= maxBytes; ) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(16 * 1024));
      if (bytesRead === 0) return Buffer.concat(chunks).toString("latin1");
      chunks.push(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
    return undefined;
  } finally {
    await file.close();
  }
}

/** The tables of this network namespace. */
export function systemTable(directory = "/proc/self/net"): SocketTable {
  const files = { 4: new TableFile(`${directory}/tcp`), 6: new TableFile(`${directory}/tcp6`) };
  return {
    async stallOf(socket, maxAgeMs) {
      const key = addressKey(socket);
      return key && (await files[key.family].stalls(maxAgeMs)).get(key.text);
    },
  };
}

/** Shared by all sockets of the process; undefined if the system has no such tables. */
export const SYSTEM_TABLE: SocketTable | undefined = process.platform === "linux" ? systemTable() : undefined;
