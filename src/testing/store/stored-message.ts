/** A message as the embedded group keeps it: in the bytes of the protocol it came by, so that nothing is lost on the way out. */
import type { Destination } from "../../messaging/destination.ts";

/** What a STOMP client sent: its headers without those that were meant for the broker. */
export interface StompContent {
  readonly protocol: "stomp";
  readonly headers: Readonly<Record<string, string>>;
  readonly kind: "text" | "bytes";
  readonly body: Buffer;
}

/** What an AMQP client sent: every section, as encoded by it. */
export interface AmqpContent {
  readonly protocol: "amqp";
  readonly body: Buffer;
}

export interface MessageDraft {
  readonly destination: Destination;
  readonly persistent: boolean;
  readonly priority: number;
  /** `Date.now()` at which it expires. */
  readonly expiresAtMs: number | undefined;
  /** The property `_AMQ_DUPL_ID`. */
  readonly duplicateId: string | undefined;
  readonly content: StompContent | AmqpContent;
}

export interface StoredMessage extends MessageDraft {
  /** Its place in the order of the store; no two messages of a group share it. */
  readonly sequence: number;
}
