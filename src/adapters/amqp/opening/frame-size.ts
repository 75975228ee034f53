/** The room in an attach frame: an attach cannot be cut into frames, and a peer ends the connection over one that is too large. */
import { formatAddress, InvalidArgumentError } from "../../../errors/errors.ts";
import { printableLine } from "../../../errors/printable.ts";
import { MAX_FRAME_SIZE } from "../rhea/peer-limits.ts";
import type { SessionDeps } from "./session-deps.ts";

/** For everything in an attach frame that is not named by the user. */
const OTHER_FIELDS = 1024;
/** Bytes of the frame that each name is written with, beside its own. */
const NAME_HEAD = 8;

/** @throws InvalidArgumentError where `names`, which one attach frame carries, fit into no frame that the peer takes. */
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

/** The start of a text that may be as long as it likes, for an error. */
export function describeStart(text: string): string {
  return printableLine(text.slice(0, 200)) + (text.length > 200 ? "…" : "");
}
