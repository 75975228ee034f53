/** Converts a message's content between the protocols. */
import { contentFromAmqp, headFromAmqp } from "./amqp/amqp-content.ts";
import type { MessageContent, MessageHead } from "./message-content.ts";
import { contentFromStomp } from "./stomp/stomp-content.ts";
import type { StoredMessage } from "./store/stored-message.ts";

export function contentOf({ content }: Pick<StoredMessage, "content">): MessageContent {
  return content.protocol === "stomp" ? contentFromStomp(content) : contentFromAmqp(content);
}

/** Returns everything but the body. Selectors need no more, and do not pay for decoding it. */
export function headOf({ content }: Pick<StoredMessage, "content">): MessageHead {
  return content.protocol === "stomp" ? contentFromStomp(content) : headFromAmqp(content);
}
