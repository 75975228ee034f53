/** The content of a message, whichever protocol it came by. */

/** A message without its body. It was decoded when the message was accepted, so decoding it again cannot fail. */
export interface MessageHead {
  readonly properties: Readonly<Record<string, string | number | boolean>>;
  readonly correlationId: string | undefined;
  /** `queue://NAME`, `topic://NAME` or `temp-queue://NAME`. */
  readonly replyTo: string | undefined;
  readonly contentType: string | undefined;
  /** AMQP's subject, STOMP's type. */
  readonly subject: string | undefined;
  readonly groupId: string | undefined;
  readonly groupSequence: number | undefined;
  /** The sender's own message id; over STOMP there is none. */
  readonly messageId: string | undefined;
}

export interface MessageContent extends MessageHead {
  readonly kind: "text" | "bytes";
  readonly body: Buffer;
}
