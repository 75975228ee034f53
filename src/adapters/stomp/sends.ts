/** Sends: one SEND frame with a receipt each, and the broker's answer as the outcome. */
import {
  formatAddress,
  InvalidArgumentError,
  MasterSlaveError,
  MessageTooLargeError,
  SendRejectedError,
} from "../../errors.ts";
import { formatDestination } from "../../messaging/destination.ts";
import type { OutgoingSend } from "../../messaging/messaging-session.ts";
import { type BrokerRefusal, saysTooLarge } from "./failures.ts";
import { findUnsendable } from "./header-limits.ts";
import { type EncodedMessage, encodeMessage, scheduleHeaders } from "./message.ts";
import type { Peer, Wire } from "./wire.ts";

/** What a send belongs to, told of its outcome before the send itself is. */
export interface SendTerms {
  /** The id of a transaction. */
  readonly transaction?: string;
  onConfirmed(): void;
  onFailed?(error: MasterSlaveError): void;
  /** The session ended first. */
  onSessionEnd?(): void;
}

/** Writes the send at once; the outcome comes with its receipt. Says whether it will be told of one. */
export function writeSend(wire: Wire, send: OutgoingSend, terms: SendTerms): boolean {
  if (send.abandoned || !wire.open) return false;
  const fail = (error: MasterSlaveError) => {
    terms.onFailed?.(error);
    send.onOutcome({ kind: "failed", error });
  };
  const encoded = encodedFor(wire, send);
  if (encoded instanceof MasterSlaveError) {
    // In a turn of its own: the caller is not through with its call yet.
    queueMicrotask(() => wire.guard(() => fail(encoded)));
    return true;
  }
  const waiter = {
    bodyBytes: encoded.body.length,
    onReceipt: () => {
      terms.onConfirmed();
      send.onOutcome({ kind: "confirmed" });
    },
    onRefused: (refusal: BrokerRefusal) => fail(refusedSend(send, refusal, wire.peer)),
    onSessionEnd: () => terms.onSessionEnd?.(),
  };
  const { transaction } = terms;
  const headers = {
    ...encoded.headers,
    ...scheduleHeaders(send.message, wire.peer.dialect),
    ...(transaction !== undefined && { transaction }),
  };
  wire.request("SEND", headers, waiter, encoded.body);
  send.onWritten();
  return true;
}

/** What was written the first time, unless that was for a broker of another kind. */
export function encodedFor(wire: Wire, send: OutgoingSend): EncodedMessage | MasterSlaveError {
  const { dialect, endpoint } = wire.peer;
  const kept = send.encoded as EncodedMessage | undefined;
  if (kept?.dialect === dialect) return kept;
  try {
    const encoded = encodeMessage(send.destination, send.message, dialect);
    const unsendable = findUnsendable(encoded.headers, wire.peer);
    if (unsendable) return new InvalidArgumentError(`The message cannot be sent over STOMP: it has ${unsendable}`);
    send.encoded = encoded;
    return encoded;
  } catch (cause) {
    return MasterSlaveError.from(cause, endpoint);
  }
}

/**
 * How the brokers say that there is no room: Classic "Persistent store is Full, 100% of …" and "Usage Manager Memory
 * Limit reached". Artemis says nothing but AMQ339011, "Error sending message", which a full address is the usual cause of.
 */
const NO_ROOM = /\b(store|memory|temp\w*|usage manager)\b.*\b(full|limit)\b|ResourceAllocationException|AMQ339011/i;

/** Why the broker refused a SEND. */
export function refusedSend(
  { message, destination }: Pick<OutgoingSend, "message" | "destination">,
  { text, cause }: BrokerRefusal,
  { endpoint }: Peer,
): MasterSlaveError {
  const { id, body } = message;
  const what = `message ${id} to ${formatDestination(destination)}`;
  if (saysTooLarge(text)) {
    const why = `${formatAddress(endpoint)} takes no message as large as ${what}, of ${body.length} bytes: ${text}. Raise the broker's limit, or send less`;
    return new MessageTooLargeError(why, { id, endpoint, cause });
  }
  const noRoom = NO_ROOM.test(text);
  const hint = noRoom ? ". There is no room for it at the moment" : "";
  const why = `${formatAddress(endpoint)} refused ${what}: ${text}${hint}`;
  return new SendRejectedError(why, { id, endpoint, cause, retryable: noRoom });
}
