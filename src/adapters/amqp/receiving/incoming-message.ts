/** A transfer as a delivery of ours, decoded here and not by rhea: what cannot be read fails by itself, not the connection. */
import rhea, { type Delivery, type Message } from "rhea";
import type { Linkable } from "../../../async/linked-set.ts";
import { MasterSlaveError } from "../../../errors/errors.ts";
import type { Destination } from "../../../messaging/messages/destination.ts";
import { type ReceivedContent, ReceivedMessage } from "../../../messaging/messages/received-message.ts";
import type { IncomingDelivery } from "../../../messaging/port/messaging-session.ts";
import type { Spelling } from "../messages/destination.ts";
import { decodeFast } from "../messages/fast-decoder.ts";
import { decodeMessage } from "../messages/message.ts";
import { checkSections } from "../messages/message-sections.ts";
import { withDecodeLimits } from "../rhea/decode-limits.ts";
import { STILL_ENCODED } from "../rhea/incoming-transfers.ts";

/** A delivery with what it came as. */
export class AmqpDelivery implements IncomingDelivery, Linkable<AmqpDelivery> {
  readonly message: ReceivedMessage;
  readonly deliveryCount: number;
  readonly wire: Delivery;
  /** Its place among the unsettled. */
  set: object | undefined;
  previous: AmqpDelivery | undefined;
  next: AmqpDelivery | undefined;

  constructor(content: ReceivedContent, deliveryCount: number, wire: Delivery) {
    this.message = new ReceivedMessage(content);
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

/** @throws Error, or whatever rhea throws of bytes that are no message. */
export function readDelivery(
  bytes: unknown,
  delivery: Delivery,
  spelling: Spelling,
  subscribed: Destination,
): AmqpDelivery {
  if (!Buffer.isBuffer(bytes)) throw new MasterSlaveError("INTERNAL", "rhea has decoded what it was told not to");
  const plain = delivery.format === STILL_ENCODED ? decodeFast(bytes, spelling, subscribed) : undefined;
  if (plain) return new AmqpDelivery(plain.content, plain.deliveryCount, delivery);
  // rhea's typings of a decoded message know only its methods.
  const decoded = delivery.format === STILL_ENCODED ? decode(bytes) : { body: bytes };
  const message = decoded as unknown as Message;
  return new AmqpDelivery(decodeMessage(message, spelling, subscribed), message.delivery_count ?? 0, delivery);
}

function decode(bytes: Buffer): object {
  checkSections(bytes);
  return withDecodeLimits(() => rhea.message.decode(bytes));
}
