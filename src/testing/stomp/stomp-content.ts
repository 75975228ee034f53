/** Converts STOMP headers and body to a form that neither protocol owns. */
import { formatDestination, parseDestination } from "../../messaging/messages/destination.ts";
import type { MessageContent } from "../message-content.ts";
import type { StompContent } from "../store/stored-message.ts";

/** Headers that are fields of the message; the others are its properties (as in Classic's FrameTranslator). */
const FIELDS = new Set([
  ...["correlation-id", "reply-to", "content-type", "type", "timestamp"],
  ...["JMSXGroupID", "JMSXGroupSeq"],
]);

export function contentFromStomp({ headers, kind, body }: StompContent): MessageContent {
  const properties = Object.entries(headers).filter(([name]) => !FIELDS.has(name));
  return {
    kind,
    body,
    properties: Object.fromEntries(properties),
    correlationId: headers["correlation-id"],
    replyTo: addressFromStomp(headers["reply-to"]),
    contentType: headers["content-type"],
    subject: headers["type"],
    groupId: headers["JMSXGroupID"],
    groupSequence: sequenceFrom(headers["JMSXGroupSeq"]),
    messageId: undefined,
  };
}

export function sequenceFrom(text: string | undefined): number | undefined {
  const sequence = Number(text ?? Number.NaN);
  return Number.isInteger(sequence) ? sequence : undefined;
}

/** Returns `queue://NAME` for `/queue/NAME`, and anything else unchanged. */
function addressFromStomp(text: string | undefined): string | undefined {
  if (!text?.startsWith("/queue/") && !text?.startsWith("/topic/")) return text;
  return formatDestination(parseDestination(text));
}

/**
 * Returns `/queue/NAME` for `queue://NAME`, `/remote-temp-queue/NAME` for a temporary one, and anything else unchanged.
 */
export function addressForStomp(address: string): string {
  return address.replace(/^temp-queue:\/\//, "/remote-temp-queue/").replace(/^(queue|topic):\/\//, "/$1/");
}
