/** Messages that are not delivered: those that cannot be read, and those larger than `maxMessageBytes`. */
import { type EndpointAddress, formatAddress } from "../../../errors/errors.ts";
import { printableLine } from "../../../errors/printable.ts";
import { type Destination, formatDestination } from "../../../messaging/messages/destination.ts";
import type { ConnectionWarning } from "../../../messaging/port/adapter-settings.ts";
import { findMessageId } from "../messages/full-decoder.ts";

export interface UnreadMessage {
  readonly code: "UNREADABLE_MESSAGE" | "MESSAGE_TOO_LARGE";
  /** The known bytes of the message: all, or the first ones. */
  readonly bytes: unknown;
  readonly reason: string;
}

export function unreadable(bytes: unknown, error: unknown): UnreadMessage {
  const said = error instanceof Error ? error.message : String(error);
  return { code: "UNREADABLE_MESSAGE", bytes, reason: `It cannot be read: ${printableLine(said)}` };
}

export function tooLarge(head: unknown, size: number, maxMessageBytes: number): UnreadMessage {
  const reason = `It has ${size} bytes, and maxMessageBytes is ${maxMessageBytes}`;
  return { code: "MESSAGE_TOO_LARGE", bytes: head, reason };
}

/** `done` says what happened to the message, such as "rejected". */
export function unreadWarning(
  { code, bytes, reason }: UnreadMessage,
  done: string,
  destination: Destination,
  endpoint: EndpointAddress,
): ConnectionWarning {
  const id = Buffer.isBuffer(bytes) ? findMessageId(bytes) : undefined;
  const which = id === undefined ? "A message without an id" : `Message ${printableLine(id)}`;
  const where = `${formatDestination(destination)} on ${formatAddress(endpoint)}`;
  return { code, message: `${which} from ${where} was ${done}, not delivered. ${reason}`, endpoint };
}
