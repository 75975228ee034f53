/** A rejected message as the dead letter that is sent in its place where the broker would discard it (Artemis). */
import { type Destination, parseDestination } from "../../../messaging/messages/destination.ts";
import type { ReceivedMessage } from "../../../messaging/messages/received-message.ts";
import type { MessageCopy } from "../messages/encoded-send.ts";
import { insteadOf } from "../messages/header-names.ts";

/** As ActiveMQ names the reason of a dead letter, for its tools. */
export const REASON_PROPERTY = "dlqDeliveryFailureCause";
/** As Artemis marks the dead letters that it makes itself. */
const ORIGINAL_ADDRESS_PROPERTY = "_AMQ_ORIG_ADDRESS";
const ORIGINAL_QUEUE_PROPERTY = "_AMQ_ORIG_QUEUE";
/** A stack trace would otherwise make a header that other clients cannot read. */
const MAX_REASON_LENGTH = 1000;

export interface Rejection {
  readonly message: ReceivedMessage;
  readonly reason: string | undefined;
  /** Where it was received from, by name. */
  readonly from: string;
  /** What the copies of one message in several subscriptions differ in. */
  readonly subscription: string;
}

/** The id of the copy: the same for every rejection of one stored message, so that Artemis stores it once. */
export function deadLetterId({ message, subscription }: Rejection): string {
  return `${message.id ?? ""}:rejected:${message.brokerMessageId ?? ""}:${subscription}`;
}

/** The same body, headers and properties, and why and where it was rejected. Persistent, and without an end of life. */
export function deadLetterOf(rejection: Rejection): MessageCopy {
  const { message, reason, from } = rejection;
  const { priority, correlationId, type, groupId, groupSequence, kind, contentType } = message;
  const body = message.bytes();
  return {
    contentType,
    message: {
      id: deadLetterId(rejection),
      idGiven: true,
      body,
      bodyBytes: body.length,
      kind,
      priority,
      correlationId,
      correlation: undefined,
      type,
      groupId,
      groupSequence,
      properties: {
        ...sendable(message.properties),
        [ORIGINAL_ADDRESS_PROPERTY]: from,
        [ORIGINAL_QUEUE_PROPERTY]: from,
        ...(reason !== undefined && { [REASON_PROPERTY]: printable(reason) }),
      },
      replyTo: readable(message.replyTo),
      ttlMs: undefined,
      expiresAtMs: undefined,
      delayMs: undefined,
      deliverAtMs: undefined,
      madeAtMs: 0,
      persistent: true,
    },
  };
}

/** Without the properties that STOMP cannot send: their names mean something in a SEND frame. */
function sendable(properties: ReceivedMessage["properties"]): ReceivedMessage["properties"] {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => insteadOf(name) === undefined));
}

function printable(reason: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL ends a frame, and STOMP 1.1 carries no carriage return.
  return reason.slice(0, MAX_REASON_LENGTH).replace(/[\u0000\r]/g, " ");
}

/** A reply-to of a spelling that only its sender knows is left out. */
function readable(replyTo: string | undefined): Destination | undefined {
  if (replyTo === undefined) return undefined;
  try {
    return parseDestination(replyTo);
  } catch {
    return undefined;
  }
}
