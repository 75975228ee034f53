/** The memory that a received message takes while it is in flight. */
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";

/** What a number or a boolean takes, roughly. */
const VALUE_BYTES = 8;

type Sized = Pick<
  ReceivedMessage,
  "bytes" | "properties" | "id" | "brokerMessageId" | "correlationId" | "replyTo" | "type" | "groupId"
>;

/** Returns the bytes of the body, and the characters of the properties and of the headers that a sender may make long. */
export function messageSize(message: Sized): number {
  const { id, brokerMessageId, correlationId, replyTo, type, groupId, properties } = message;
  let size = message.bytes().length;
  for (const text of [id, brokerMessageId, correlationId, replyTo, type, groupId]) size += text?.length ?? 0;
  for (const [name, value] of Object.entries(properties))
    size += name.length + (typeof value === "string" ? value.length : VALUE_BYTES);
  return size;
}
