/** Makes the dead letter for a rejected message on a broker that would discard it (Artemis). */
import { type Destination, parseDestination } from "../../../messaging/messages/destination.ts";
import type { ReceivedMessage } from "../../../messaging/messages/received-message.ts";
import type { MessageCopy } from "../messages/encoded-send.ts";
import { insteadOf } from "../messages/header-names.ts";

/** ActiveMQ's name for the reason of a dead letter, so that its tools show it. */
export const REASON_PROPERTY = "dlqDeliveryFailureCause";
/** Artemis sets this property on the dead letters that it makes itself. */
const ORIGINAL_ADDRESS_PROPERTY = "_AMQ_ORIG_ADDRESS";
const ORIGINAL_QUEUE_PROPERTY = "_AMQ_ORIG_QUEUE";
/** A stack trace would make a header that other clients cannot read. */
const MAX_REASON_LENGTH = 1000;

export interface Rejection {
  readonly message: ReceivedMessage;
  readonly reason: string | undefined;
  /** The destination it was received from. */
  readonly from: string;
  /** Distinguishes the copies of one message in several subscriptions. */
  readonly subscription: string;
}

/** The id of the copy: the same for every rejection of one stored message, so that Artemis stores it once. */
export function deadLetterId({ message, subscription }: Rejection): string {
  return `${message.id ?? ""}:rejected:${message.brokerMessageId ?? ""}:${subscription}`;
}

/**
 * The same body, headers and properties, with the reason and the place of the rejection. Persistent, and without
 * expiry.
 */
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

/** Leaves out properties that STOMP cannot send, because their names mean something in a SEND frame. */
function sendable(properties: ReceivedMessage["properties"]): ReceivedMessage["properties"] {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => insteadOf(name) === undefined));
}

function printable(reason: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL ends a frame, and STOMP 1.1 carries no carriage return.
  return reason.slice(0, MAX_REASON_LENGTH).replace(/[\u0000\r]/g, " ");
}

/** A reply-to in a spelling that we cannot read is left out. */
function readable(replyTo: string | undefined): Destination | undefined {
  if (replyTo === undefined) return undefined;
  try {
    return parseDestination(replyTo);
  } catch {
    return undefined;
  }
}
