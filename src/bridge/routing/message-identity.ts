/** Identifies the stored message of a delivery, and makes its id at the target. */
import { createHash } from "node:crypto";
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";

/** The protocol of a group. */
export type Protocol = "stomp" | "amqp";

export interface Hop {
  /** The name of the source group. */
  readonly group: string;
  readonly link: string;
  /** The destination in the source group. */
  readonly source: string;
}

/**
 * The sender's `_AMQ_DUPL_ID`, otherwise the broker's own message id if the protocol shows it, otherwise a message-id
 * made by a JMS client (`ID:…`). undefined if there is none: a message-id chosen by a sender may be used for many
 * messages.
 */
export function identityOf(
  { id, brokerMessageId }: Pick<ReceivedMessage, "id" | "brokerMessageId">,
  protocol: Protocol,
): string | undefined {
  if (id === undefined) return undefined;
  if (id !== brokerMessageId) return id;
  // Without a duplicate id, this is the message-id: the broker's over STOMP, the sender's over AMQP.
  return protocol === "stomp" || id.startsWith("ID:") ? id : undefined;
}

/**
 * The id at the target, new at every hop. With its previous id, a message that returns, goes round a ring or is moved
 * again would be taken for a duplicate by the target, and be lost (measured on Artemis).
 */
export function idAtTarget({ group, link, source }: Hop, identity: string): string {
  return createHash("sha256")
    .update(JSON.stringify([group, link, source, identity]))
    .digest("base64url")
    .slice(0, 32);
}
