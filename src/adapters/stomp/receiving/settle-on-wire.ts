/** Writes a settlement, and waits for the broker if that is requested or needed. */

import { formatAddress, SendRejectedError, UnsupportedError } from "../../../errors/errors.ts";
import { formatDestination } from "../../../messaging/messages/destination.ts";
import type { Settlement, SettlementTerms, SubscriptionRequest } from "../../../messaging/port/messaging-session.ts";
import type { ReceiptWaiter } from "../sending/receipt-waiters.ts";
import type { StorageBarrier } from "../sending/storage-barrier.ts";
import type { Wire } from "../sending/wire.ts";
import { StompTransaction } from "../transactions/transaction.ts";
import { deadLetterId, deadLetterOf, type Rejection } from "./dead-letter.ts";
import type { SettlementMeans } from "./settlement.ts";
import type { StompDelivery } from "./stomp-delivery.ts";

type Settled = "settled" | "stale";
export type SettleResult = Settled | Promise<Settled>;

/** One delivery that is to be settled. */
interface Unsettled {
  readonly delivery: StompDelivery;
  readonly settlement: Settlement;
  readonly terms: SettlementTerms;
  readonly request: SubscriptionRequest;
  readonly barrier: StorageBarrier;
  /** Marks the delivery as settled; returns false if it has become stale. */
  take(): boolean;
  /** Gives back all unsettled deliveries. */
  giveBack(): void;
  /** Gives back the deliveries that were accepted in a transaction which was rolled back. */
  giveBackAccepted(): void;
}

/** Acknowledges a delivery without waiting for an answer, which is how nearly all of them are settled. */
export function acknowledge(wire: Wire, { settling }: StompDelivery): void {
  wire.write("ACK", settling);
}

/** @throws UnsupportedError if this broker cannot do it; then the delivery stays unsettled. */
export function settleOnWire(wire: Wire, means: SettlementMeans, unsettled: Unsettled): SettleResult {
  const { terms, delivery } = unsettled;
  if (means === "dead-letter") return sendDeadLetter(wire, unsettled);
  if (means === "ACK" && terms.transaction) return acceptIn(wire, terms.transaction, unsettled);
  unsettled.take();
  if (means === "give-back") unsettled.giveBack();
  else if (terms.confirmed) return confirmed(wire, means, delivery.settling);
  else wire.write(means, delivery.settling);
  return "settled";
}

/**
 * The broker's answer as the result. A refused ACK names a delivery that the broker does not know, or no longer knows.
 */
function confirmed(wire: Wire, command: string, headers: string): Promise<Settled> {
  return new Promise((resolve) => {
    const stale = () => resolve("stale");
    const waiter: ReceiptWaiter = { onReceipt: () => resolve("settled"), onRefused: stale, onSessionEnd: stale };
    wire.request(command, headers, waiter);
  });
}

function acceptIn(wire: Wire, transaction: unknown, { delivery, take, giveBackAccepted }: Unsettled): SettleResult {
  if (!wire.peer.dialect.transactionalAcks) {
    throw new UnsupportedError(
      "accept() in a transaction is not possible over STOMP on Artemis, which applies an acknowledgement at once and does not undo it: accept after the commit, or use AMQP",
    );
  }
  // The transaction belongs to another session or is over: an ACK in it would take effect at once.
  if (!(transaction instanceof StompTransaction && transaction.isOf(wire))) return "stale";
  take();
  return transaction.accept({ lines: delivery.settling, giveBack: giveBackAccepted });
}

/**
 * Sends the copy first: if the session ends between the two steps, the message comes again, and Artemis drops the
 * second copy by its id. The message is acknowledged once the copy is certainly stored.
 */
function sendDeadLetter(wire: Wire, unsettled: Unsettled): Promise<Settled> {
  const { peer } = wire;
  const { delivery, settlement, request, barrier, take } = unsettled;
  const { message } = delivery;
  const rejection: Rejection = {
    message,
    reason: settlement.kind === "rejected" ? settlement.reason : undefined,
    from: nameOf(message.destination) ?? request.destination.name,
    subscription: request.subscription?.name ?? request.destination.name,
  };
  const target = peer.deadLetterDestination;
  const letter = wire.encoder.encodeCopy(target, deadLetterOf(rejection));
  return new Promise((resolve, reject) => {
    const waiter: ReceiptWaiter = {
      bodyBytes: letter.body.length,
      onReceipt: () =>
        barrier.after({
          destinations: [target],
          onStored: () => {
            if (!wire.open || !take()) return resolve("stale");
            wire.write("ACK", delivery.settling);
            resolve("settled");
          },
          // The session ends: the message comes again, and its second copy is dropped.
          onFull: () => resolve("stale"),
          onSessionEnd: () => resolve("stale"),
        }),
      onRefused: ({ text, cause }) => {
        const { endpoint } = peer;
        const what = `the dead letter of message ${message.id ?? "(no id)"} to ${formatDestination(target)}`;
        const why = `${formatAddress(endpoint)} refused ${what}, so the message is not rejected: ${text}`;
        reject(new SendRejectedError(why, { id: deadLetterId(rejection), endpoint, cause }));
      },
      onSessionEnd: () => resolve("stale"),
    };
    wire.request("SEND", letter.lines, waiter, letter.body);
  });
}

function nameOf(destination: string | undefined): string | undefined {
  return destination?.slice(destination.indexOf("://") + 3);
}
