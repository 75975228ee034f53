/** Writes a settlement as its AMQP outcome, in a way that rhea cannot mix it up with its neighbour's. */
import type { Delivery, Session } from "rhea";
import type { Settlement } from "../../../messaging/port/messaging-session.ts";
import { writeDispositions } from "../rhea/incoming-transfers.ts";
import { acceptedIn } from "../rhea/transactional-state.ts";

/** Our condition name for a rejection by the application; AMQP has none. */
const REJECTED = "masterslave-transport:rejected";

/**
 * A disposition is one frame: a reason longer than a frame, such as an error that quotes the message, would make the
 * broker close.
 */
const MAX_REASON_CHARS = 1_000;

/**
 * rhea joins neighbouring deliveries that are settled in one turn into one disposition, and gives the second the
 * outcome of the first (write_dispositions in its session.js). So only `accepted` may wait to be joined.
 */
export function dispose(delivery: Delivery, settlement: Settlement, amqpSession: Session): void {
  if (settlement.kind === "accepted") {
    delivery.accept();
    return;
  }
  writeDispositions(amqpSession);
  if (settlement.kind === "released") delivery.release();
  else if (settlement.kind === "rejected") {
    const description = settlement.reason?.slice(0, MAX_REASON_CHARS);
    delivery.reject(description === undefined ? undefined : { condition: REJECTED, description });
  } else {
    const { deliveryFailed, undeliverableHere } = settlement;
    delivery.modified({ delivery_failed: deliveryFailed, undeliverable_here: undeliverableHere });
  }
  writeDispositions(amqpSession);
}

/**
 * The delivery is accepted when the transaction commits. Written in a frame of its own, like every outcome other than
 * plain `accepted`.
 */
export function settleInTransaction(delivery: Delivery, txnId: Buffer, amqpSession: Session): void {
  writeDispositions(amqpSession);
  delivery.update(true, acceptedIn(txnId));
  writeDispositions(amqpSession);
}
