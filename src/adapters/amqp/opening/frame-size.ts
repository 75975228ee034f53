/**
 * Checks that an attach frame is small enough: it cannot be split, and a peer ends the connection if it is too large.
 */
import { formatAddress, InvalidArgumentError } from "../../../errors/errors.ts";
import { printableLine } from "../../../errors/printable.ts";
import { MAX_FRAME_SIZE } from "../rhea/peer-limits.ts";
import type { SessionDeps } from "./session-deps.ts";

/** Bytes for all parts of an attach frame that do not come from the user. */
const OTHER_FIELDS = 1024;
/** Bytes that the frame needs for each name beside the name itself. */
const NAME_HEAD = 8;

/**
 * @throws InvalidArgumentError if `names`, which one attach frame carries, do not fit into a frame that the peer
 * accepts.
 */
export function checkFrameFits(
  { connection, endpoint }: Pick<SessionDeps, "connection" | "endpoint">,
  what: string,
  ...names: readonly (string | undefined)[]
): void {
  const peers = connection.max_frame_size || MAX_FRAME_SIZE;
  const room = Math.max(0, Math.min(peers, MAX_FRAME_SIZE) - Math.min(OTHER_FIELDS, peers / 2));
  const needed = names.reduce((sum, name = "") => sum + Buffer.byteLength(name) + NAME_HEAD, 0);
  if (needed <= room) return;
  throw new InvalidArgumentError(
    `${what} has ${needed} bytes, and a frame to ${formatAddress(endpoint)} has room for ${room}: use a shorter name`,
  );
}

/** The start of a text of any length, for an error. */
export function describeStart(text: string): string {
  return printableLine(text.slice(0, 200)) + (text.length > 200 ? "…" : "");
}
