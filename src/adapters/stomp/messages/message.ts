/** Makes headers of a SEND from a message's optional fields, and a message from a MESSAGE frame. */
import { InvalidArgumentError, UnsupportedError } from "../../../errors/errors.ts";
import type { Destination } from "../../../messaging/messages/destination.ts";
import { delayLeftMs, type OutgoingMessage } from "../../../messaging/messages/outgoing-message.ts";
import { ReceivedMessage } from "../../../messaging/messages/received-message.ts";
import type { HeaderBlock } from "../frames/header-block.ts";
import type { Dialect } from "../opening/broker.ts";
import { spellReplyTo } from "./destination.ts";
import { insteadOf } from "./header-names.ts";
import { ReceivedContent } from "./received-content.ts";

export const CONTENT_TYPES = {
  text: "text/plain;charset=utf-8",
  json: "application/json",
  bytes: "application/octet-stream",
} as const satisfies Record<OutgoingMessage["kind"], string>;

/**
 * Returns the headers that few messages need: those for anything beyond a destination, a body, an id and persistence.
 * @throws InvalidArgumentError for a property that STOMP cannot carry, UnsupportedError for what this broker cannot do.
 */
export function optionalHeaders(message: OutgoingMessage, dialect: Dialect): Record<string, string> {
  const { priority, expiresAtMs, correlationId, replyTo, type, groupId, groupSequence } = message;
  if (message.deliverAtMs !== undefined && !dialect.schedule) {
    throw new UnsupportedError(
      "delayMs is not possible over STOMP on this broker: it has no header for it that we know",
    );
  }
  const headers: Record<string, string> = {
    ...(priority !== undefined && { priority: String(priority) }),
    ...(expiresAtMs !== undefined && { expires: String(Math.ceil(expiresAtMs)) }),
    ...(correlationId !== undefined && { "correlation-id": correlationId }),
    ...(replyTo !== undefined && { "reply-to": spellReplyTo(replyTo, dialect) }),
    ...(type !== undefined && { type }),
    ...(groupId !== undefined && { JMSXGroupID: groupId }),
    ...(groupSequence !== undefined && { [dialect.groupSequence]: String(groupSequence) }),
  };
  for (const [name, value] of Object.entries(message.properties)) {
    const instead = insteadOf(name);
    if (instead !== undefined) {
      throw new InvalidArgumentError(
        `The property "${name}" cannot be sent over STOMP, where that header has a meaning of its own: ${instead}`,
      );
    }
    headers[name] = String(value);
  }
  return headers;
}

/** The remaining delay of the message, written again at every resend: both brokers count from the arrival. */
export function scheduleHeaders(message: OutgoingMessage, { schedule }: Dialect): Record<string, string> {
  const delayMs = Math.ceil(delayLeftMs(message) ?? 0);
  return delayMs <= 0 || schedule === undefined ? {} : { [schedule]: String(delayMs) };
}

/**
 * Whether a SEND states the length of its body. Text must stay text: on both brokers a content-length alone would turn
 * it into bytes, and without one a NUL would end it.
 */
export function isMeasured(kind: OutgoingMessage["kind"], body: Buffer, { lengthMeansBytes }: Dialect): boolean {
  return kind === "bytes" || !lengthMeansBytes || body.includes(0);
}

/** A MESSAGE frame without the fields of the subscription. */
export function decodeMessage(
  headers: HeaderBlock,
  body: Buffer,
  dialect: Dialect,
  subscribed: Destination,
): ReceivedMessage {
  return new ReceivedMessage(new ReceivedContent(headers, body, dialect, subscribed));
}
