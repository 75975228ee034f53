/**
 * Checks where a reply goes: the reply-to of a request comes from a stranger, so only one plain destination is
 * accepted.
 */
import { InvalidArgumentError } from "../../errors/errors.ts";
import { formatDestination, parseDestination } from "../messages/destination.ts";

/** Decides which reply-to addresses a responder answers; anything but true refuses. */
export type AllowReplyTo = (destination: string) => boolean;

/**
 * Returns the reply-to as send() takes it. Throws InvalidArgumentError for one that is no destination, or that a broker
 * would read as more than a name: Classic sends to every member of a list, and takes what follows `?` for options.
 */
export function replyDestination(replyTo: string): string {
  const destination = parseDestination(replyTo);
  if (destination.name.includes(","))
    throw new InvalidArgumentError("the reply-to is a list of destinations, and a reply goes to one");
  if (destination.name.includes("?"))
    throw new InvalidArgumentError("the reply-to has options behind a question mark, and a reply goes to a plain name");
  return formatDestination(destination);
}
