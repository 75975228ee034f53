/**
 * A message as the embedded group stores it: in the bytes of the protocol it came by, so that nothing is lost when it
 * is sent on.
 */
import type { Destination } from "../../messaging/messages/destination.ts";

/** The content from a STOMP client: its headers without those for the broker. */
export interface StompContent {
  readonly protocol: "stomp";
  readonly headers: Readonly<Record<string, string>>;
  readonly kind: "text" | "bytes";
  readonly body: Buffer;
}

/** The content from an AMQP client: every section, as encoded by it. */
export interface AmqpContent {
  readonly protocol: "amqp";
  readonly body: Buffer;
}

/** JMSXGroupID, AMQP's group-id: the messages of a group go to one consumer at a time. */
export interface MessageGroup {
  readonly id: string;
  /** The group ends with this message (JMSXGroupSeq -1, as on Classic): the next one may go to another consumer. */
  readonly closes: boolean;
}

export interface MessageDraft {
  readonly destination: Destination;
  readonly persistent: boolean;
  readonly priority: number;
  /** `Date.now()` at which it expires. */
  readonly expiresAtMs: number | undefined;
  /** The property `_AMQ_DUPL_ID`. */
  readonly duplicateId: string | undefined;
  readonly group?: MessageGroup | undefined;
  /** `Date.now()` before which it is not delivered. */
  readonly deliverAtMs?: number | undefined;
  /** The key of the durable subscription that this copy is for. */
  readonly subscription?: string | undefined;
  readonly content: StompContent | AmqpContent;
}

export interface StoredMessage extends MessageDraft {
  /** Its position in the order of the store; unique within the group. */
  readonly sequence: number;
}

/** A durable subscription to topics: it collects messages without a listener, and outlives members. */
export interface DurableSubscription {
  /** STOMP's client-id, AMQP's container-id. */
  readonly clientId: string;
  /** AMQP's link name. */
  readonly name: string;
  readonly destination: Destination;
  /** The subscription collects only messages that this selects. */
  readonly selector?: SelectorText | undefined;
}

/** A selector as a client gave it. */
export interface SelectorText {
  readonly text: string;
  /** Set over STOMP: as on Classic, a text is converted to the type of the value that it is compared with. */
  readonly convertTexts: boolean;
}

/** The key of a durable subscription. */
export function subscriptionKey({ clientId, name }: Pick<DurableSubscription, "clientId" | "name">): string {
  return JSON.stringify([clientId, name]);
}
