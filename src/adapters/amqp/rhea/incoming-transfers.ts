/** The transfers and dispositions of a session that receives: their bytes are kept encoded, their outcomes written at will. */
import type { Delivery, Receiver, Session } from "rhea";
import { linkInternalsOf, sessionInternalsOf } from "./rhea-internals.ts";

/** A message format of nobody's: rhea hands over the bytes of any format but AMQP's own, 0. */
export const STILL_ENCODED = 0xffff_ffff;

/** `onTransfer` is told before each transfer whether it takes its delivery back (AMQP 1.0, 2.7.5). */
export function keepTransfersEncoded(session: Session, onTransfer: (aborted: boolean) => void): void {
  const internals = sessionInternalsOf(session);
  const receive = internals.on_transfer.bind(internals);
  internals.on_transfer = (frame) => {
    const { performative } = frame;
    if (!performative.message_format) performative.message_format = STILL_ENCODED;
    onTransfer(performative.aborted === true);
    receive(frame);
    // rhea opens the session's window further when it is called for something else, of which a message in parts has nothing.
    if (performative.more) internals.connection._register();
  };
}

/** Writes the dispositions of what was settled so far, in frames of their own. */
export function writeDispositions(session: Session): void {
  const internals = sessionInternalsOf(session);
  internals.incoming.process(internals);
}

/** Settles a delivery that the peer has taken back: the peer has settled it, and rhea would answer. */
export function forgetAborted(delivery: Delivery): void {
  Object.assign(delivery, { remote_settled: true });
  delivery.update(true);
}

/** What the peer has left of the credit that a receiver granted. */
export function creditLeft(receiver: Receiver): number {
  return linkInternalsOf(receiver).credit;
}
