/** A message, whichever protocol it came by. */

export interface MessageContent {
  readonly kind: "text" | "bytes";
  readonly body: Buffer;
  readonly properties: Readonly<Record<string, string | number | boolean>>;
  readonly correlationId: string | undefined;
  /** `queue://NAME`, `topic://NAME` or `temp-queue://NAME`. */
  readonly replyTo: string | undefined;
  readonly contentType: string | undefined;
  /** AMQP's subject, STOMP's type. */
  readonly subject: string | undefined;
  readonly groupId: string | undefined;
  readonly groupSequence: number | undefined;
  /** As the sender gave it; STOMP's cannot. */
  readonly messageId: string | undefined;
}
