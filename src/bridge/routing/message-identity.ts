/** Which stored message a delivery is, and the id that it gets at the target. */
import { createHash } from "node:crypto";
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";

/** What a group speaks. */
export type Protocol = "stomp" | "amqp";

export interface Hop {
  /** The name of the source group. */
  readonly group: string;
  readonly link: string;
  /** The destination in the source group. */
  readonly source: string;
}

/**
 * The sender's `_AMQ_DUPL_ID`, else the broker's own message id where the protocol shows it, else a message-id that a JMS
 * client made (`ID:…`). undefined when there is none: a message-id that a sender chose may stand for many messages.
 */
export function identityOf(
  { id, brokerMessageId }: Pick<ReceivedMessage, "id" | "brokerMessageId">,
  protocol: Protocol,
): string | undefined {
  if (id === undefined) return undefined;
  if (id !== brokerMessageId) return id;
  // Without a duplicate id it is the message-id: of STOMP's broker, or of AMQP's sender.
  return protocol === "stomp" || id.startsWith("ID:") ? id : undefined;
}

/**
 * The id at the target, made anew at every hop. With the id that it came with, a message that returns, goes round a ring
 * or is moved again would meet itself in the target's cache of ids, and be accepted and gone (NETWORK-FACTS.md, 6).
 */
export function idAtTarget({ group, link, source }: Hop, identity: string): string {
  return createHash("sha256")
    .update(JSON.stringify([group, link, source, identity]))
    .digest("base64url")
    .slice(0, 32);
}
