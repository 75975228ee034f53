/** Converts a message's content between the protocols. */
import { contentFromAmqp } from "./amqp/amqp-content.ts";
import type { MessageContent } from "./message-content.ts";
import { contentFromStomp } from "./stomp/stomp-content.ts";
import type { StoredMessage } from "./store/stored-message.ts";

export function contentOf({ content }: Pick<StoredMessage, "content">): MessageContent {
  return content.protocol === "stomp" ? contentFromStomp(content) : contentFromAmqp(content);
}
