/** How a delivery is settled over STOMP: the frame that says it, if any does, and the headers that name the delivery. */
import type { FrameHeaders } from "stompit";
import { UnsupportedError } from "../../errors.ts";
import type { Destination } from "../../messaging/destination.ts";
import type { Settlement } from "../../messaging/messaging-session.ts";
import { headerText } from "./message.ts";
import type { Peer } from "./wire.ts";

/** The headers of ACK or NACK for a MESSAGE frame. */
export function settlingHeaders(headers: FrameHeaders, { version }: Peer): Record<string, string> {
  return version === "1.2" ? ackHeaders12(headers) : ackHeaders11(headers);
}

/** STOMP 1.2: the id alone, which keeps the frame short. Classic stops for good when 64 KiB of ACKs wait unread. */
function ackHeaders12(headers: FrameHeaders): Record<string, string> {
  return { id: headerText(headers, "ack") ?? headerText(headers, "message-id") ?? "" };
}

function ackHeaders11(headers: FrameHeaders): Record<string, string> {
  return {
    subscription: headerText(headers, "subscription") ?? "",
    "message-id": headerText(headers, "message-id") ?? "",
  };
}

/** @throws UnsupportedError where STOMP or this broker has nothing that means the same. */
export function meaningOf(
  settlement: Settlement,
  destination: Destination,
  { broker, dialect }: Peer,
): "ACK" | "NACK" | "give-back" {
  switch (settlement.kind) {
    case "accepted":
      return "ACK";
    case "rejected":
      if (dialect.nack === "dead-letter") return "NACK";
      throw new UnsupportedError(
        `reject() is not possible over STOMP on ${broker.product}, which discards a rejected message instead of making it a dead letter: use AMQP, or send the message where it belongs and accept() it`,
      );
    case "released":
      return giveBack("release()", destination);
    case "modified":
      if (settlement.undeliverableHere || (settlement.deliveryFailed && !dialect.givingBackCounts)) {
        throw new UnsupportedError(
          `modify() is not possible over STOMP on ${broker.product}: use release(), reject() or accept()`,
        );
      }
      return giveBack("modify()", destination);
  }
}

function giveBack(call: string, { kind, name }: Destination): "give-back" {
  if (kind === "queue") return "give-back";
  throw new UnsupportedError(
    `${call} is not possible over STOMP on topic://${name}: a topic keeps nothing that it could deliver again`,
  );
}
