/** Resolves a host name to its addresses, in the order to try them. */
import { lookup as lookupName } from "node:dns/promises";
import { isIP } from "node:net";

/** One address of a name. */
export interface ResolvedAddress {
  /** The IP address as text. */
  readonly address: string;
  /** 4 or 6. */
  readonly family: number;
}

/**
 * Resolves a host name to all its addresses, the preferred one first; rejects as `dns.lookup` does. Called on every
 * attempt.
 */
export type Lookup = (host: string) => Promise<readonly ResolvedAddress[]>;

/** Number of addresses tried in one attempt: a name may have any number. */
const MAX_ADDRESSES = 16;

/**
 * The addresses of a host in the resolver's order, with the families taking turns (RFC 8305, 4): on a network without
 * IPv6 this costs one failed address, not all of them. An address stands for itself.
 */
export async function resolveHost(host: string, lookup: Lookup = lookupOnce): Promise<readonly string[]> {
  if (isIP(host)) return [host];
  const found = await lookup(host);
  if (found.length === 0) throw Object.assign(new Error(`${host} has no address`), { code: "ENODATA" });
  return takingTurns(found).slice(0, MAX_ADDRESSES);
}

function takingTurns(found: readonly ResolvedAddress[]): readonly string[] {
  const [preferred] = found;
  const first = found.filter(({ family }) => family === preferred?.family);
  const second = found.filter(({ family }) => family !== preferred?.family);
  const inTurn = first.flatMap((entry, index) => [entry, second[index]]);
  const all = [...inTurn, ...second.slice(first.length)];
  return [...new Set(all.flatMap((entry) => (entry ? [entry.address] : [])))];
}

/** Look-ups under way, by host. */
const asked = new Map<string, Promise<readonly ResolvedAddress[]>>();

/**
 * Asks the system's resolver for a name once at a time: each look-up takes one of libuv's four threads until it is
 * answered, and the program's file operations need them too.
 */
function lookupOnce(host: string): Promise<readonly ResolvedAddress[]> {
  const earlier = asked.get(host);
  if (earlier) return earlier;
  const answer = lookupName(host, { all: true, verbatim: true }).finally(() => asked.delete(host));
  asked.set(host, answer);
  return answer;
}
