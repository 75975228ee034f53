/** Messages that are not delivered: those larger than `maxMessageBytes`, and those whose frames cannot be read. */
import { type EndpointAddress, formatAddress, SubscriptionRefusedError } from "../../../errors/errors.ts";
import { printableLine } from "../../../errors/printable.ts";
import { formatDestination } from "../../../messaging/messages/destination.ts";
import { DUPLICATE_ID_PROPERTY } from "../../../messaging/messages/outgoing-message.ts";
import type { SubscriptionRequest } from "../../../messaging/port/messaging-session.ts";
import type { HeaderBlock } from "../frames/header-block.ts";
import type { Peer } from "../opening/peer.ts";
import { peerText } from "../opening/peer-text.ts";
import { whyUnacknowledgeable } from "./unacknowledgeable.ts";

/**
 * After this many sessions ended because of one message its consumer is ended, and the connection goes on without it.
 */
const MAX_BROKEN_SESSIONS = 2;

/**
 * The frame that answers a message that is too large, and what happens to the message; undefined if no answer is
 * possible.
 */
export interface TooLargeAnswer {
  readonly command: "NACK" | "ACK" | undefined;
  readonly done: string;
}

/**
 * How to answer a message of which nothing was kept. Undefined if the broker would lose it (Artemis discards rejected
 * messages, and a dead letter needs the body) or accepts no answer.
 */
export function answerTooLarge(
  headers: HeaderBlock,
  { browse, autoSettled }: SubscriptionRequest,
  peer: Peer,
): TooLargeAnswer | undefined {
  if (autoSettled) return { command: undefined, done: "dropped" };
  if (browse) return { command: headers.has("ack") ? "ACK" : undefined, done: "left in its queue" };
  if (peer.dialect.nack !== "dead-letter" || whyUnacknowledgeable(headers, peer)) return undefined;
  return { command: "NACK", done: "rejected" };
}

/** Names the message, its origin, and why it was not delivered. */
export function tooLargeText(headers: HeaderBlock, bytes: number, request: SubscriptionRequest, peer: Peer): string {
  const where = `${formatDestination(request.destination)} on ${formatAddress(peer.endpoint)}`;
  return `Message ${shownId(headers, peer)} from ${where} has ${bytes} bytes, and maxMessageBytes is ${peer.maxMessageBytes}`;
}

/** The error of a consumer that can neither read the message nor answer it. */
export function unanswerable(text: string, { broker, endpoint }: Peer): SubscriptionRefusedError {
  const advice = `${broker.product} would lose it over STOMP if it were rejected, so its consumer ends. Raise maxMessageBytes, or consume its queue over AMQP`;
  return new SubscriptionRefusedError(`${text}: ${advice}`, { endpoint });
}

/** Where the unreadable frame comes from, for the error of the session. */
export function placeOfBroken(headers: HeaderBlock, { destination }: SubscriptionRequest, peer: Peer): string {
  return `in message ${shownId(headers, peer)} from ${formatDestination(destination)}`;
}

/**
 * Notes a session that ends because of a message. Returns why its consumer is ended, once the message has ended too
 * many sessions.
 */
export function refuseBroken(
  headers: HeaderBlock,
  request: SubscriptionRequest,
  peer: Peer,
  how: string,
): SubscriptionRefusedError | undefined {
  const { memory, broker } = peer;
  const endpoint: EndpointAddress = peer.endpoint;
  const sessions = memory.broken.add(request.destination, headers.get("message-id"));
  if (sessions < MAX_BROKEN_SESSIONS) return undefined;
  const what = `${sessions} sessions with ${formatAddress(endpoint)} ended over one frame that cannot be read, ${placeOfBroken(headers, request, peer)}: ${how}`;
  const why = `A property of its sender stands in place of a header that ${broker.product} leaves out, such as content-length`;
  const advice = `Take the message out of the queue, or consume the queue over AMQP`;
  return new SubscriptionRefusedError(`${what}. ${why}. ${advice}`, { endpoint });
}

function shownId(headers: HeaderBlock, { redact }: Peer): string {
  const id = headers.get(DUPLICATE_ID_PROPERTY) ?? headers.get("message-id");
  return id === undefined ? "(no id)" : printableLine(peerText(id, redact, 200));
}
