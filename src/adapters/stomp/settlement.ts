/** How a delivery is settled over STOMP: the frame that says it, if any does, and the headers that name the delivery. */
import { UnsupportedError } from "../../errors.ts";
import { formatDestination } from "../../messaging/destination.ts";
import type { Settlement, SubscriptionRequest } from "../../messaging/messaging-session.ts";
import { headerText, type ReceivedHeaders } from "./received-headers.ts";
import type { Peer } from "./wire.ts";

/** The headers of ACK or NACK for a MESSAGE frame. */
export function settlingHeaders(headers: ReceivedHeaders, { version }: Peer): Record<string, string> {
  return version === "1.2" ? ackHeaders12(headers) : ackHeaders11(headers);
}

/** STOMP 1.2: the id alone, which keeps the frame short. Classic stops for good when 64 KiB of ACKs wait unread. */
function ackHeaders12(headers: ReceivedHeaders): Record<string, string> {
  return { id: headerText(headers, "ack") ?? headerText(headers, "message-id") ?? "" };
}

function ackHeaders11(headers: ReceivedHeaders): Record<string, string> {
  return {
    subscription: headerText(headers, "subscription") ?? "",
    "message-id": headerText(headers, "message-id") ?? "",
  };
}

/**
 * What a settlement is on this broker; `dead-letter`: a confirmed copy, then ACK.
 * @throws UnsupportedError where STOMP or this broker has nothing that means the same.
 */
export function meaningOf(
  settlement: Settlement,
  request: SubscriptionRequest,
  { broker, dialect }: Peer,
): "ACK" | "NACK" | "dead-letter" | "give-back" {
  switch (settlement.kind) {
    case "accepted":
      return "ACK";
    case "rejected":
      return dialect.nack === "dead-letter" ? "NACK" : "dead-letter";
    case "released":
      return giveBack("release()", request);
    case "modified": {
      // Classic flags what comes back from a queue, not from a durable subscription: measured.
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

/** Whether what is given back comes again: a topic keeps nothing for a subscription without a name. */
export function keeps({ destination, subscription }: SubscriptionRequest): boolean {
  return destination.kind !== "topic" || subscription !== undefined;
}

function giveBack(call: string, request: SubscriptionRequest): "give-back" {
  if (keeps(request)) return "give-back";
  throw new UnsupportedError(
    `${call} is not possible over STOMP on ${formatDestination(request.destination)}: a topic keeps nothing that it could deliver again`,
  );
}
