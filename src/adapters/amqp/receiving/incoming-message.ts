/**
 * Makes our delivery from a transfer. We decode it, not rhea, so that an unreadable message fails by itself and not the
 * connection.
 */
import type { Delivery } from "rhea";
import type { Linkable } from "../../../async/linked-set.ts";
import type { Destination } from "../../../messaging/messages/destination.ts";
import { noteReceivedBytes } from "../../../messaging/messages/encoded-sections.ts";
import { ReceivedMessage } from "../../../messaging/messages/received-message.ts";
import { keepCorrelation } from "../../../messaging/messages/reply-correlation.ts";
import type { IncomingDelivery } from "../../../messaging/port/messaging-session.ts";
import type { Spelling } from "../messages/destination.ts";
import { decodeFast } from "../messages/fast-decoder.ts";
import { type DecodedMessage, decodeMessage, foreignMessage } from "../messages/full-decoder.ts";
import { STILL_ENCODED } from "../rhea/incoming-transfers.ts";

/** A delivery with the rhea delivery that it came as. */
export class AmqpDelivery implements IncomingDelivery, Linkable<AmqpDelivery> {
  readonly message: ReceivedMessage;
  readonly deliveryCount: number;
  readonly wire: Delivery;
  /** The set of unsettled deliveries that it is in. */
  set: object | undefined;
  previous: AmqpDelivery | undefined;
  next: AmqpDelivery | undefined;

  constructor({ content, deliveryCount, replyCorrelation }: DecodedMessage, wire: Delivery) {
    this.message = new ReceivedMessage(content);
    if (replyCorrelation) keepCorrelation(this.message, replyCorrelation);
    this.deliveryCount = deliveryCount;
    this.wire = wire;
    this.set = undefined;
    this.previous = undefined;
    this.next = undefined;
  }

  get redelivered(): boolean {
    return this.deliveryCount > 0;
  }
}

/** @throws Error that says why the bytes are no message. */
export function readDelivery(
  bytes: unknown,
  delivery: Delivery,
  spelling: Spelling,
  subscribed: Destination,
): AmqpDelivery {
  if (!Buffer.isBuffer(bytes)) throw new Error("A message without a single byte");
  if (delivery.format !== STILL_ENCODED) {
    return new AmqpDelivery(foreignMessage(bytes, spelling, subscribed), delivery);
  }
  const decoded = decodeFast(bytes, spelling, subscribed) ?? decodeMessage(bytes, spelling, subscribed);
  const received = new AmqpDelivery(decoded, delivery);
  noteReceivedBytes(received.message, bytes);
  return received;
}
