/** How a delivery is settled over STOMP: the frame to write, if any, and the headers that name the delivery. */
import { UnsupportedError } from "../../../errors/errors.ts";
import { formatDestination } from "../../../messaging/messages/destination.ts";
import type { Settlement, SubscriptionRequest } from "../../../messaging/port/messaging-session.ts";
import type { HeaderBlock } from "../frames/header-block.ts";
import { escapeHeader, type StompVersion, unescapeHeader } from "../frames/header-text.ts";
import type { Peer } from "../opening/peer.ts";

export type SettlementMeans = "ACK" | "NACK" | "dead-letter" | "give-back";

/**
 * The headers of ACK or NACK for a MESSAGE frame, as they are written. In STOMP 1.2 only the id, which keeps the frame
 * short: Classic stops for good when 64 KiB of ACKs wait unread.
 */
export function settlingLines(headers: HeaderBlock, { version, dialect }: Peer): string {
  const ack = dialect.ownAckIsLast ? headers.lastRaw("ack") : headers.raw("ack");
  if (version === "1.2") return `id:${writable(ack ?? headers.raw("message-id"), version)}\n`;
  const subscription = writable(headers.raw("subscription"), version);
  return `subscription:${subscription}\nmessage-id:${writable(headers.raw("message-id"), version)}\n`;
}

/** A value is written back as received, unless its sender did not escape colons. */
function writable(raw: string | undefined, version: StompVersion): string {
  if (raw === undefined) return "";
  return raw.includes(":") ? escapeHeader(unescapeHeader(raw), version) : raw;
}

/**
 * How a settlement is expressed on this broker; `dead-letter` means a confirmed copy, then ACK. @throws
 * UnsupportedError if STOMP or this broker has no equivalent.
 */
export function meaningOf(
  settlement: Settlement,
  request: SubscriptionRequest,
  { broker, dialect }: Peer,
): SettlementMeans {
  switch (settlement.kind) {
    case "accepted":
      return "ACK";
    case "rejected":
      return dialect.nack === "dead-letter" ? "NACK" : "dead-letter";
    case "released":
      return giveBack("release()", request);
    case "modified": {
      // Classic sets the redelivered flag on messages from a queue, but not on those of a durable subscription
      // (measured).
      const counts = dialect.givingBackCounts && request.subscription === undefined;
      if (settlement.undeliverableHere || (settlement.deliveryFailed && !counts)) {
        throw new UnsupportedError(
          `modify() is not possible over STOMP on ${broker.product}: use release(), reject() or accept()`,
        );
      }
      return giveBack("modify()", request);
    }
  }
}

/** Whether a released message comes again: a topic keeps nothing for a subscription without a name. */
export function keeps({ destination, subscription }: SubscriptionRequest): boolean {
  return destination.kind !== "topic" || subscription !== undefined;
}

function giveBack(call: string, request: SubscriptionRequest): "give-back" {
  if (keeps(request)) return "give-back";
  throw new UnsupportedError(
    `${call} is not possible over STOMP on ${formatDestination(request.destination)}: a topic keeps nothing that it could deliver again`,
  );
}
